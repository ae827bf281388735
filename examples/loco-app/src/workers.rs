//! Work that a queue keeps until a worker takes it up (`start --worker`). In: an order or an age. Out: rows.

use async_trait::async_trait;
use loco_rs::app::AppContext;
use loco_rs::bgworker::BackgroundWorker;
use loco_rs::Result;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde::{Deserialize, Serialize};

/// Notes that the receipt of an order went out. Twice for one order is once.
pub struct SendReceipt {
    context: AppContext,
}

#[derive(Debug, Deserialize, Serialize)]
pub struct Receipt {
    pub order: i64,
}

#[async_trait]
impl BackgroundWorker<Receipt> for SendReceipt {
    fn build(context: &AppContext) -> Self {
        Self {
            context: context.clone(),
        }
    }

    fn tags() -> Vec<String> {
        vec!["mail".to_owned()]
    }

    async fn perform(&self, receipt: Receipt) -> Result<()> {
        let statement = Statement::from_sql_and_values(
            DbBackend::Sqlite,
            "INSERT OR IGNORE INTO receipts (order_id) SELECT id FROM orders WHERE id = ?",
            [receipt.order.into()],
        );
        self.context.db.execute_raw(statement).await?;
        Ok(())
    }
}

/// Closes orders that have been sent.
pub struct CloseOrders {
    context: AppContext,
}

#[derive(Debug, Deserialize, Serialize)]
pub struct Sent {
    pub at_most: i64,
}

#[async_trait]
impl BackgroundWorker<Sent> for CloseOrders {
    fn build(context: &AppContext) -> Self {
        Self {
            context: context.clone(),
        }
    }

    async fn perform(&self, sent: Sent) -> Result<()> {
        let statement = Statement::from_sql_and_values(
            DbBackend::Sqlite,
            "UPDATE orders SET status = 'closed' WHERE id IN (SELECT id FROM orders WHERE status = 'sent' ORDER BY id LIMIT ?)",
            [sent.at_most.into()],
        );
        self.context.db.execute_raw(statement).await?;
        Ok(())
    }
}
