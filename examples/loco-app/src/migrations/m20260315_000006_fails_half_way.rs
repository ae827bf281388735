//! Makes one table, then breaks. It asks for no transaction, so that the table stays, and a second try fails on it.

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
                "CREATE TABLE half_a_migration (id INTEGER PRIMARY KEY)",
                "INSERT INTO half_a_migration SELECT id FROM a_table_that_is_not_there",
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::run(manager, &["DROP TABLE half_a_migration"]).await
    }
}
