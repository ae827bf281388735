//! Migrations. In: an environment, how many or which. Out: what was applied or rolled back and how long each took.
//! None is run that the request did not mean.

use loco_rs::app::Hooks;
use sea_orm_migration::sea_orm::DatabaseConnection;
use sea_orm_migration::MigratorTrait;
use serde::Serialize;

use crate::config::Chosen;
use crate::context;
use crate::failure::{Code, Failure};
use crate::migrations_run::{Direction, Run, Step};
use crate::migrations_state::state;

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

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Migrated {
    applied: Vec<Step>,
    /// What `db.down` takes as `expect` to take these back: their names, the newest first.
    undo: Vec<String>,
    pending: Vec<String>,
    already_applied: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RolledBack {
    rolled_back: Vec<Step>,
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
        undo: pending[..steps].iter().rev().cloned().collect(),
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
