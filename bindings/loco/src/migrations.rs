//! Migrations, one at a time. In: an environment, how many or which. Out: what was applied or rolled back and
//! how long each took; on a failure the state that is left. None is run that the request did not mean.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::time::Instant;

use futures_util::FutureExt;
use loco_rs::app::Hooks;
use sea_orm_migration::sea_orm::sea_query::{Expr, Order, Query};
use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr};
use sea_orm_migration::{MigratorTrait, SchemaManager};
use serde::Serialize;

use crate::answering::milliseconds;
use crate::config::Chosen;
use crate::context;
use crate::failure::{of_panic, trouble, Code, Failure, Trouble};
use crate::plain::plain;

#[derive(Serialize)]
pub(crate) struct Status {
    migrations: Vec<Row>,
    pending: usize,
}

#[derive(Serialize)]
struct Row {
    name: String,
    status: &'static str,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Step {
    name: String,
    duration_ms: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Migrated {
    applied: Vec<Step>,
    pending: Vec<String>,
    already_applied: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RolledBack {
    rolled_back: Vec<Step>,
}

/// What the application has and what the database records.
struct State {
    /// All migrations of the application, the oldest first.
    names: Vec<String>,
    recorded: HashSet<String>,
}

impl State {
    /// Reads the state and writes nothing: the table of migrations is not made where it is missing.
    async fn read<M: MigratorTrait>(db: &DatabaseConnection) -> Result<Self, DbErr> {
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

    fn pending(&self) -> Vec<String> {
        self.names
            .iter()
            .filter(|name| !self.recorded.contains(*name))
            .cloned()
            .collect()
    }

    /// Those that are applied, the newest first: the order in which they are rolled back.
    fn newest_first(&self) -> Vec<String> {
        self.names
            .iter()
            .rev()
            .filter(|name| self.recorded.contains(*name))
            .cloned()
            .collect()
    }

    /// Those that the database records and the application does not have.
    fn missing(&self) -> Vec<String> {
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

    fn refuse_missing(&self) -> Result<(), Failure> {
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

async fn state<M: MigratorTrait>(db: &DatabaseConnection) -> Result<State, Failure> {
    State::read::<M>(db)
        .await
        .map_err(|error| Failure::database("reading the state of the migrations", &error))
}

/// All migrations with their status; a migration that is only in the database is `missing`, and no error here.
pub(crate) async fn status<H: Hooks, M: MigratorTrait>(chosen: Chosen) -> Result<Status, Failure> {
    let context = context::open::<H>(chosen).await?;
    let state = state::<M>(&context.db).await;
    context::close(context).await;
    let state = state?;
    let row = |name: String, status| Row { name, status };
    let mut migrations: Vec<Row> = state
        .names
        .iter()
        .map(|name| {
            row(
                name.clone(),
                if state.recorded.contains(name) {
                    "applied"
                } else {
                    "pending"
                },
            )
        })
        .collect();
    migrations.extend(state.missing().into_iter().map(|name| row(name, "missing")));
    Ok(Status {
        migrations,
        pending: state.pending().len(),
    })
}

/// How many migrations are pending and which are missing, for `doctor`.
pub(crate) async fn pending_and_missing<M: MigratorTrait>(
    db: &DatabaseConnection,
) -> Result<(usize, Vec<String>), Failure> {
    let state = state::<M>(db).await?;
    Ok((state.pending().len(), state.missing()))
}

/// Applies the pending migrations, or the first `steps` of them.
pub(crate) async fn migrate<H: Hooks, M: MigratorTrait>(
    chosen: Chosen,
    steps: Option<u32>,
) -> Result<Migrated, Failure> {
    let context = context::open::<H>(chosen).await?;
    let outcome = apply::<M>(&context.db, steps).await;
    context::close(context).await;
    outcome
}

async fn apply<M: MigratorTrait>(db: &DatabaseConnection, steps: Option<u32>) -> Result<Migrated, Failure> {
    let before = state::<M>(db).await?;
    before.refuse_missing()?;
    let pending = before.pending();
    let already_applied = before.names.len() - pending.len();
    let steps = steps.map_or(pending.len(), |steps| pending.len().min(steps as usize));
    let mut run = Run::<M>::new(db, Direction::Up);
    for (index, name) in pending[..steps].iter().enumerate() {
        // `up` applies the first that is pending by then. Were it another than this one (somebody else migrates the
        // same database), it would not be the one that the request meant.
        run.expect(|state| state.pending().first() == Some(name), name, index == 0)
            .await?;
        run.step(name).await?;
    }
    Ok(Migrated {
        applied: run.done,
        pending: pending[steps..].to_vec(),
        already_applied,
    })
}

/// Rolls back exactly `expect` (the newest first), if these are the newest that are applied.
pub(crate) async fn down<H: Hooks, M: MigratorTrait>(chosen: Chosen, expect: &[String]) -> Result<RolledBack, Failure> {
    let context = context::open::<H>(chosen).await?;
    let outcome = roll_back::<M>(&context.db, expect).await;
    context::close(context).await;
    outcome
}

async fn roll_back<M: MigratorTrait>(db: &DatabaseConnection, expect: &[String]) -> Result<RolledBack, Failure> {
    let before = state::<M>(db).await?;
    before.refuse_missing()?;
    let applied = before.newest_first();
    if !applied.starts_with(expect) {
        let newest: Vec<&String> = applied.iter().take(expect.len()).collect();
        return Err(Failure::new(
            Code::PreconditionFailed,
            "the newest applied migrations are not those in `expect` (details.applied has them, the newest first). Nothing was rolled back",
        )
        .with("expected", expect)
        .with("applied", newest));
    }
    let mut run = Run::<M>::new(db, Direction::Down);
    for (index, name) in expect.iter().enumerate() {
        run.expect(|state| state.newest_first().first() == Some(name), name, index == 0)
            .await?;
        run.step(name).await?;
    }
    Ok(RolledBack { rolled_back: run.done })
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Direction {
    Up,
    Down,
}

/// A row of migrations that are run one after the other, with what was done so far.
struct Run<'a, M> {
    db: &'a DatabaseConnection,
    direction: Direction,
    done: Vec<Step>,
    migrator: std::marker::PhantomData<fn() -> M>,
}

impl<'a, M: MigratorTrait> Run<'a, M> {
    fn new(db: &'a DatabaseConnection, direction: Direction) -> Self {
        Self {
            db,
            direction,
            done: Vec::new(),
            migrator: std::marker::PhantomData,
        }
    }

    /// Looks once more before each step. Between this look and the step another process may still step in; the
    /// table of migrations then refuses the second record of the same name.
    async fn expect(&self, holds: impl Fn(&State) -> bool, name: &str, fresh: bool) -> Result<(), Failure> {
        if fresh {
            return Ok(());
        }
        let state = State::read::<M>(self.db)
            .await
            .map_err(|error| self.failed_on(name, &error))?;
        if holds(&state) {
            return Ok(());
        }
        Err(self.with_done(Failure::new(
            Code::PreconditionFailed,
            format!(
                "somebody else migrates this database: {name} is not the next any more. What is in details.{} stands",
                self.done_name()
            ),
        )))
    }

    async fn step(&mut self, name: &str) -> Result<(), Failure> {
        let started = Instant::now();
        let running = match self.direction {
            Direction::Up => M::up(self.db, Some(1)),
            Direction::Down => M::down(self.db, Some(1)),
        };
        match AssertUnwindSafe(running).catch_unwind().await {
            Ok(Ok(())) => {
                self.done.push(Step {
                    name: name.to_owned(),
                    duration_ms: milliseconds(started),
                });
                Ok(())
            }
            Ok(Err(error)) => Err(self.with_state(self.failed_on(name, &error), name).await),
            Err(panic) => {
                let failure = self
                    .failed(Code::MigrationFailed, name, &of_panic(panic.as_ref()))
                    .with("panicked", true);
                Err(self.with_state(failure, name).await)
            }
        }
    }

    fn failed_on(&self, name: &str, error: &DbErr) -> Failure {
        let code = match trouble(error) {
            Trouble::Locked => Code::DatabaseLocked,
            Trouble::Unavailable | Trouble::Other => Code::MigrationFailed,
        };
        self.failed(code, name, &error.to_string())
    }

    fn failed(&self, code: Code, name: &str, cause: &str) -> Failure {
        let cause = plain(cause, 2000);
        let transaction = M::migrations()
            .iter()
            .find(|migration| migration.name() == name)
            .and_then(|migration| migration.use_transaction())
            // What sea-orm-migration does where the migration has no wish of its own.
            .unwrap_or(self.db.get_database_backend() == DbBackend::Postgres);
        let what = match self.direction {
            Direction::Up => format!("the migration {name} failed"),
            Direction::Down => format!("rolling back the migration {name} failed"),
        };
        let locked = if code == Code::DatabaseLocked {
            " (another process holds a lock)"
        } else {
            ""
        };
        let left = if transaction {
            "It ran in a transaction, which was rolled back."
        } else {
            "It ran without a surrounding transaction: what its statements did before the failure stands. Compare the schema, or put the backup back, before it is run again."
        };
        let failure = Failure::new(
            code,
            format!("{what}{locked}: {cause}. {} before it stand. {left}", self.done.len()),
        )
        .with("failed", name)
        .with("cause", cause)
        .with("transaction", transaction)
        .with("warning", (!transaction).then_some(left));
        self.with_done(failure)
    }

    /// Whether the failed one is on record all the same, and what is pending now, where this can still be read.
    async fn with_state(&self, failure: Failure, name: &str) -> Failure {
        match State::read::<M>(self.db).await {
            Ok(state) => failure
                .with("recorded", state.recorded.contains(name))
                .with("pending", state.pending()),
            Err(_) => failure.with("recorded", None::<bool>).with("pending", None::<bool>),
        }
    }

    fn with_done(&self, failure: Failure) -> Failure {
        failure.with(self.done_name(), self.done.clone())
    }

    const fn done_name(&self) -> &'static str {
        match self.direction {
            Direction::Up => "applied",
            Direction::Down => "rolledBack",
        }
    }
}
