//! Orders of customers, in cents.

use async_trait::async_trait;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::run(
            manager,
            &[
                "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers (id), \
             cents INTEGER NOT NULL CHECK (cents > 0), created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP)",
                "CREATE INDEX orders_of_customer ON orders (customer_id)",
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::run(manager, &["DROP INDEX orders_of_customer", "DROP TABLE orders"]).await
    }
}
