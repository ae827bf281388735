//! What the application has and what the database records. In: a connection. Out: names. Looking writes nothing.

use std::collections::HashSet;

use sea_orm_migration::sea_orm::sea_query::{Expr, Order, Query};
use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseConnection, DbErr};
use sea_orm_migration::{MigratorTrait, SchemaManager};

use crate::failure::{Code, Failure};

/// What the application has and what the database records.
pub(crate) struct State {
    /// All migrations of the application, the oldest first.
    pub names: Vec<String>,
    pub recorded: HashSet<String>,
}

impl State {
    /// Reads the state and writes nothing: the table of migrations is not made where it is missing.
    pub async fn read<M: MigratorTrait>(db: &DatabaseConnection) -> Result<Self, DbErr> {
        let table = M::migration_table_name();
        let mut recorded = HashSet::new();
        if SchemaManager::new(db).has_table(table.to_string()).await? {
            let rows = db
                .query_all(
                    Query::select()
                        .expr(Expr::col("version"))
                        .from(table)
                        .order_by("version", Order::Asc),
                )
                .await?;
            for row in rows {
                recorded.insert(row.try_get::<String>("", "version")?);
            }
        }
        let names = M::migrations().iter().map(|m| m.name().to_owned()).collect();
        Ok(Self { names, recorded })
    }

    pub fn pending(&self) -> Vec<String> {
        self.names
            .iter()
            .filter(|name| !self.recorded.contains(*name))
            .cloned()
            .collect()
    }

    /// Those that are applied, the newest first: the order in which they are rolled back.
    pub fn newest_first(&self) -> Vec<String> {
        self.names
            .iter()
            .rev()
            .filter(|name| self.recorded.contains(*name))
            .cloned()
            .collect()
    }

    /// Those that the database records and the application does not have.
    pub fn missing(&self) -> Vec<String> {
        let names: HashSet<&String> = self.names.iter().collect();
        let mut missing: Vec<String> = self
            .recorded
            .iter()
            .filter(|name| !names.contains(*name))
            .cloned()
            .collect();
        missing.sort();
        missing
    }

    pub fn refuse_missing(&self) -> Result<(), Failure> {
        let missing = self.missing();
        if missing.is_empty() {
            return Ok(());
        }
        Err(Failure::new(
            Code::MigrationMissing,
            format!(
                "the database records {} that this application does not have: {}. It was migrated by another (perhaps a newer) build; use that one. Nothing was done",
                if missing.len() == 1 { "a migration" } else { "migrations" },
                missing.join(", ")
            ),
        )
        .with("missing", missing))
    }
}

/// The state, or an error that is fit for an answer.
pub(crate) async fn state<M: MigratorTrait>(db: &DatabaseConnection) -> Result<State, Failure> {
    State::read::<M>(db)
        .await
        .map_err(|error| Failure::database("reading the state of the migrations", &error))
}
