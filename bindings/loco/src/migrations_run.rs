//! Migrations, one at a time. In: which one is next. Out: how long it took, or an error with the state that is left. A
//! step is taken only while the state is the one that was asked for.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use futures_util::FutureExt;
use sea_orm_migration::sea_orm::{DatabaseConnection, DbBackend, DbErr};
use sea_orm_migration::MigratorTrait;
use serde::Serialize;

use crate::answering::milliseconds;
use crate::failure::{of_panic, trouble, Code, Failure, Trouble};
use crate::migrations_state::State;
use crate::plain::plain;

/// A migration that was run.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Step {
    name: String,
    duration_ms: u64,
}

/// Which way.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Direction {
    Up,
    Down,
}

/// A row of migrations that are run one after the other, with what was done so far.
pub(crate) struct Run<'a, M> {
    db: &'a DatabaseConnection,
    direction: Direction,
    pub done: Vec<Step>,
    migrator: std::marker::PhantomData<fn() -> M>,
}

impl<'a, M: MigratorTrait> Run<'a, M> {
    pub fn new(db: &'a DatabaseConnection, direction: Direction) -> Self {
        Self {
            db,
            direction,
            done: Vec::new(),
            migrator: std::marker::PhantomData,
        }
    }

    /// Looks once more before each step but the first, which follows the look at everything.
    pub async fn expect(&self, holds: impl Fn(&State) -> bool, name: &str, fresh: bool) -> Result<(), Failure> {
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

    pub async fn step(&mut self, name: &str) -> Result<(), Failure> {
        let started = Instant::now();
        let running = match self.direction {
            Direction::Up => M::up(self.db, Some(1)),
            Direction::Down => M::down(self.db, Some(1)),
        };
        match AssertUnwindSafe(running).catch_unwind().await {
            Ok(Ok(())) => {
                let duration_ms = milliseconds(started);
                self.prove(name).await?;
                self.done.push(Step {
                    name: name.to_owned(),
                    duration_ms,
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

    /// Looks whether it was this one that was run: `up` and `down` take whichever is next by then, so another process
    /// that migrated between the look and the step would have made it another one. That cannot be undone, but told.
    async fn prove(&self, name: &str) -> Result<(), Failure> {
        let state = State::read::<M>(self.db)
            .await
            .map_err(|error| self.failed_on(name, &error))?;
        if state.recorded.contains(name) == (self.direction == Direction::Up) {
            return Ok(());
        }
        Err(self.with_done(Failure::new(
            Code::PreconditionFailed,
            format!("another process migrated this database at the same moment: something was run, but not {name}. Look at db.status before anything else"),
        )))
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
    async fn with_state(&self, mut failure: Failure, name: &str) -> Failure {
        let Ok(state) = State::read::<M>(self.db).await else {
            return failure
                .with("recorded", None::<bool>)
                .with("pending", None::<Vec<String>>);
        };
        let recorded = state.recorded.contains(name);
        // The record is the last thing that a step writes, so a failed step did not write it.
        if recorded == (self.direction == Direction::Up) {
            failure.message += " Another process migrated this database at the same moment and has done this step: look at db.status before anything else.";
        }
        failure.with("recorded", recorded).with("pending", state.pending())
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
