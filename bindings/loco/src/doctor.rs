//! Whether the application is well in this environment. In: its configuration. Out: one check for each thing, with
//! words but without secrets. Tools of the developer's machine and crates.io are not asked.

use loco_rs::app::Hooks;
use loco_rs::config::QueueConfig;
use loco_rs::doctor::{self, CheckStatus};
use loco_rs::environment::Environment;
use sea_orm_migration::MigratorTrait;
use serde::Serialize;

use crate::config::Chosen;
use crate::context;
use crate::failure::{words, Code, Failure};
use crate::jobs_store::{kind, Store};
use crate::migrations;
use crate::plain::plain;

#[derive(Serialize)]
pub(crate) struct Examined {
    /// Whether no check is `failed`.
    healthy: bool,
    checks: Vec<Check>,
}

#[derive(Serialize)]
struct Check {
    resource: String,
    status: Status,
    message: String,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Ok,
    Failed,
    NotConfigured,
}

/// Examines everything; a check that fails is part of the result, not an error.
pub(crate) async fn examine<H: Hooks, M: MigratorTrait>(chosen: Chosen) -> Examined {
    let mut checks = vec![
        loco("database", doctor::check_db(&chosen.config.database).await),
        queue(&chosen).await,
    ];
    if chosen.environment == Environment::Production {
        checks.push(loco(
            "production_settings",
            doctor::check_production_safety(&chosen.config),
        ));
    }
    match context::open::<H>(chosen).await {
        Err(failure) => checks.push(of("application", Err(failure))),
        Ok(context) => {
            checks.push(of("application", Ok("it can be set up".to_owned())));
            checks.push(of("migrations", migrations::<M>(&context.db).await));
            match H::initializers(&context).await {
                Err(error) => checks.push(check("initializers", Status::Failed, &words(&error))),
                Ok(initializers) => {
                    for initializer in initializers {
                        let resource = format!("initializer {}", initializer.name());
                        match initializer.check(&context).await {
                            Ok(Some(found)) => checks.push(loco(&resource, found)),
                            Ok(None) => {}
                            Err(error) => checks.push(check(&resource, Status::Failed, &words(&error))),
                        }
                    }
                }
            }
            context::close(context).await;
        }
    }
    Examined {
        healthy: checks.iter().all(|check| check.status != Status::Failed),
        checks,
    }
}

async fn queue(chosen: &Chosen) -> Check {
    let Some(kind) = kind(chosen) else {
        return check(
            "queue",
            Status::NotConfigured,
            "this environment has no background queue",
        );
    };
    if !matches!(chosen.config.queue, Some(QueueConfig::Sqlite(_))) {
        return loco("queue", doctor::check_queue(&chosen.config).await);
    }
    let outcome = match Store::read(chosen).await {
        Ok(store) => {
            let counts = store.counts().await;
            store.end(false).await.and(counts)
        }
        Err(failure) => Err(failure),
    };
    of(
        "queue",
        outcome.map(|counts| format!("{kind}: {} jobs, {} of them queued", counts.all(), counts.queued)),
    )
}

async fn migrations<M: MigratorTrait>(db: &sea_orm_migration::sea_orm::DatabaseConnection) -> Result<String, Failure> {
    let (pending, missing) = migrations::pending_and_missing::<M>(db).await?;
    if !missing.is_empty() {
        return Err(Failure::new(
            Code::MigrationMissing,
            format!(
                "the database records migrations that this application does not have: {}",
                missing.join(", ")
            ),
        ));
    }
    if pending > 0 {
        return Err(Failure::new(Code::PreconditionFailed, format!("{pending} pending")));
    }
    Ok("all are applied".to_owned())
}

fn of(resource: &str, outcome: Result<String, Failure>) -> Check {
    match outcome {
        Ok(message) => check(resource, Status::Ok, &message),
        Err(failure) => check(resource, Status::Failed, &failure.message),
    }
}

fn loco(resource: &str, found: doctor::Check) -> Check {
    let status = match found.status {
        CheckStatus::Ok => Status::Ok,
        CheckStatus::NotOk => Status::Failed,
        CheckStatus::NotConfigure => Status::NotConfigured,
    };
    let message = match found.description {
        Some(description) => format!("{}: {description}", found.message),
        None => found.message,
    };
    check(resource, status, &message)
}

fn check(resource: &str, status: Status, message: &str) -> Check {
    Check {
        resource: plain(resource, 100),
        status,
        message: plain(message, 1000),
    }
}
