//! Orders have a status; those that were there have been sent.

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
                "ALTER TABLE orders ADD COLUMN status TEXT NOT NULL DEFAULT 'open'",
                "UPDATE orders SET status = 'sent' WHERE created_at < '2026-01-21'",
                "CREATE INDEX orders_by_status ON orders (status)",
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::run(
            manager,
            &["DROP INDEX orders_by_status", "ALTER TABLE orders DROP COLUMN status"],
        )
        .await
    }
}
