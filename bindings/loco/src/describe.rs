//! What the application is. In: an environment's configuration. Out: names and versions. Nothing is connected to.

use loco_rs::app::Hooks;
use sea_orm_migration::MigratorTrait;
use serde::Serialize;

use crate::config::Chosen;
use crate::failure::Failure;
use crate::operation::OPERATIONS;
use crate::plain::plain;
use crate::{jobs_store, scheduler, tasks, LOCO, PROTOCOL};

#[derive(Serialize)]
pub(crate) struct Version {
    app: &'static str,
    version: String,
    loco: &'static str,
    protocol: u32,
    #[serde(rename = "crate")]
    own: &'static str,
}

#[derive(Serialize)]
pub(crate) struct Description {
    #[serde(flatten)]
    version: Version,
    migrations: Vec<Migration>,
    tasks: Vec<tasks::Task>,
    scheduler: Vec<scheduler::Entry>,
    queue: Option<Queue>,
    operations: [&'static str; OPERATIONS.len()],
}

#[derive(Serialize)]
struct Migration {
    name: String,
}

#[derive(Serialize)]
struct Queue {
    kind: &'static str,
}

/// The versions of the application, of Loco, of the protocol and of this crate.
pub(crate) fn version<H: Hooks>() -> Version {
    Version {
        app: H::app_name(),
        version: plain(&H::app_version(), 200),
        loco: LOCO,
        protocol: PROTOCOL,
        own: env!("CARGO_PKG_VERSION"),
    }
}

/// Everything that can be asked for, without a database.
pub(crate) fn describe<H: Hooks, M: MigratorTrait>(chosen: &Chosen) -> Result<Description, Failure> {
    Ok(Description {
        version: version::<H>(),
        migrations: M::migrations()
            .iter()
            .map(|m| Migration {
                name: m.name().to_owned(),
            })
            .collect(),
        tasks: tasks::list::<H>(),
        scheduler: scheduler::list::<H>(chosen)?,
        queue: jobs_store::kind(chosen).map(|kind| Queue { kind }),
        operations: OPERATIONS,
    })
}
