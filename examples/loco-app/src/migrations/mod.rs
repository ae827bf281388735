//! Every change of the schema, oldest first; each has a way back.
//!
//! SQLite's migrations run without a transaction around them unless they ask for one (`use_transaction`): those that
//! change rows ask; those that only make or drop one table need none.

mod m20260105_000001_customers;
mod m20260112_000002_orders;
mod m20260119_000003_first_rows;
mod m20260202_000004_order_status;
mod m20260301_000005_receipts;
mod m20260315_000006_fails_half_way;

use async_trait::async_trait;
use sea_orm_migration::prelude::*;

pub struct Migrator;

#[async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut all: Vec<Box<dyn MigrationTrait>> = vec![
            Box::new(m20260105_000001_customers::Migration),
            Box::new(m20260112_000002_orders::Migration),
            Box::new(m20260119_000003_first_rows::Migration),
            Box::new(m20260202_000004_order_status::Migration),
            Box::new(m20260301_000005_receipts::Migration),
        ];
        // For those who want to see what a migration leaves behind that breaks in the middle.
        if std::env::var("LOCO_APP_FAIL_MIGRATION").is_ok_and(|value| value == "1") {
            all.push(Box::new(m20260315_000006_fails_half_way::Migration));
        }
        all
    }
}

/// Runs statements one after the other; the first that fails ends it.
async fn run(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    for statement in statements {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}
