//! Receipts that went out, at most one for each order.

use async_trait::async_trait;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::run(
            manager,
            &[
                "CREATE TABLE receipts (order_id INTEGER PRIMARY KEY REFERENCES orders (id), \
             sent_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP)",
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::run(manager, &["DROP TABLE receipts"]).await
    }
}
