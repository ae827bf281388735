//! The rows that the shop opened with. Down takes those out, and none that came later.

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
        super::run(manager, &[
            "INSERT INTO customers (id, name, email, created_at) VALUES \
             (1, 'Ada', 'ada@example.org', '2026-01-19 08:00:00'),              (2, 'Grace', 'grace@example.org', '2026-01-19 08:00:00'),              (3, 'Barbara', 'barbara@example.org', '2026-01-19 08:00:00')",
            "INSERT INTO orders (id, customer_id, cents, created_at) VALUES \
             (1, 1, 1250, '2026-01-19 09:00:00'), (2, 1, 900, '2026-01-20 09:00:00'),              (3, 2, 4300, '2026-01-21 09:00:00'), (4, 2, 150, '2026-01-21 10:00:00'),              (5, 3, 7700, '2026-01-22 09:00:00')",
        ]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::run(
            manager,
            &[
                "DELETE FROM orders WHERE id <= 5",
                "DELETE FROM customers WHERE id <= 3 AND id NOT IN (SELECT customer_id FROM orders)",
            ],
        )
        .await
    }
}
