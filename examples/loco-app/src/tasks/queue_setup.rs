//! `queue:setup [history:no]`: makes the queue's tables and, where it is empty, puts in example jobs. With history:yes
//! there are also old jobs in every other status.

use async_trait::async_trait;
use loco_rs::app::AppContext;
use loco_rs::bgworker::BackgroundWorker;
use loco_rs::task::{Task, TaskInfo, Vars};
use loco_rs::{Error, Result};
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::json;

use crate::workers::{CloseOrders, Receipt, SendReceipt, Sent};

pub struct QueueSetup;

#[async_trait]
impl Task for QueueSetup {
    fn task(&self) -> TaskInfo {
        super::info(
            "queue:setup",
            "Makes the queue's tables and puts in example jobs if it is empty",
        )
    }

    async fn run(&self, context: &AppContext, vars: &Vars) -> Result<()> {
        super::only(vars, &["history"])?;
        let history = super::flag(vars, "history")?;
        let queue = context
            .queue_provider
            .as_ref()
            .ok_or_else(|| Error::string("there is no queue in this environment's configuration. Nothing was done"))?;
        queue.setup().await?;
        if jobs(context).await? == 0 {
            if history {
                for status in ["processing", "completed", "failed", "cancelled"] {
                    past(context, status).await?;
                }
            }
            for order in 1..=3 {
                SendReceipt::perform_later(context, Receipt { order }).await?;
            }
            CloseOrders::perform_later(context, Sent { at_most: 100 }).await?;
        }
        let jobs = jobs(context).await?;
        reeve_loco::report(&json!({ "jobs": jobs }))?;
        println!("the queue has {jobs} jobs");
        Ok(())
    }
}

async fn jobs(context: &AppContext) -> Result<i64> {
    let count = Statement::from_string(DbBackend::Sqlite, "SELECT count(*) FROM sqlt_loco_queue");
    let row = context.db.query_one_raw(count).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or(0))
}

/// A job of a hundred days ago, in the form in which Loco writes its rows.
async fn past(context: &AppContext, status: &str) -> Result<()> {
    let insert = Statement::from_sql_and_values(
        DbBackend::Sqlite,
        "INSERT INTO sqlt_loco_queue (id, name, task_data, status, run_at, created_at, updated_at, tags) VALUES \
         (?, 'SendReceipt', '{\"order\":4}', ?, datetime('now', '-100 days'), datetime('now', '-100 days'), \
         datetime('now', '-100 days'), '[\"mail\"]')",
        [format!("example-{status}").into(), status.into()],
    );
    context.db.execute_raw(insert).await?;
    Ok(())
}
