//! `report`: how many customers, and how many orders of what value in each status: one line of JSON. Changes nothing.

use std::collections::BTreeMap;

use async_trait::async_trait;
use loco_rs::app::AppContext;
use loco_rs::task::{Task, TaskInfo, Vars};
use loco_rs::Result;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde::Serialize;

pub struct Report;

#[derive(Serialize)]
struct Orders {
    count: i64,
    cents: i64,
}

#[derive(Serialize)]
struct Reported {
    customers: i64,
    orders: BTreeMap<String, Orders>,
}

#[async_trait]
impl Task for Report {
    fn task(&self) -> TaskInfo {
        super::info(
            "report",
            "Prints the number of customers and orders as JSON; needs all migrations",
        )
    }

    async fn run(&self, context: &AppContext, vars: &Vars) -> Result<()> {
        super::only(vars, &[])?;
        let query = |sql: &str| Statement::from_string(DbBackend::Sqlite, sql);
        let customers = context
            .db
            .query_one_raw(query("SELECT count(*) FROM customers"))
            .await?;
        let grouped = query("SELECT status, count(*), sum(cents) FROM orders GROUP BY status");
        let mut orders = BTreeMap::new();
        for row in context.db.query_all_raw(grouped).await? {
            let (count, cents) = (row.try_get_by_index(1)?, row.try_get_by_index(2)?);
            orders.insert(row.try_get_by_index(0)?, Orders { count, cents });
        }
        let customers = customers.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or(0);
        let reported = Reported { customers, orders };
        reeve_loco::report(&reported)?;
        println!("{}", serde_json::to_string(&reported)?);
        Ok(())
    }
}
