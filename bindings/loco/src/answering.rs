//! The one path from request to answer. In: standard input. Out: one line and an exit code. However the
//! operation ends (in a result, an error, a panic), there is exactly one answer.

use std::panic::AssertUnwindSafe;
use std::process::exit;
use std::time::Instant;

use futures_util::FutureExt;
use loco_rs::app::Hooks;
use sea_orm_migration::MigratorTrait;
use serde::Serialize;
use serde_json::{json, Value};

use crate::bounds::invalid;
use crate::failure::{of_panic, Code, Failure};
use crate::operation::Operation;
use crate::request::{self, Heading};
use crate::{border, config, describe, doctor, jobs, migrations, scheduler, tasks, PROTOCOL};

/// Whether this process was started as `BIN reeve`: exactly the one argument.
#[must_use]
pub fn requested() -> bool {
    std::env::args_os().skip(1).eq(["reeve"])
}

/// Answers the one request on standard input, then ends the process: with 0 where the operation succeeded,
/// 1 where it failed, 2 where the request is not valid.
///
/// Standard output is pointed at standard error before anything of the application runs. The variables
/// `LOCO_ENV`, `RAILS_ENV` and `NODE_ENV` have no say: the environment is the request's.
///
/// # Errors
///
/// None comes back, since the process has ended by then; the type lets `main` return this call.
pub async fn answer<H: Hooks, M: MigratorTrait>() -> loco_rs::Result<()> {
    let started = Instant::now();
    let out = match border::keep_stdout() {
        Ok(out) => out,
        Err(error) => {
            // Without it no answer can be told from what the application prints, so none is given.
            eprintln!("reeve: standard output could not be kept aside: {error}");
            exit(1);
        }
    };
    let (heading, outcome) = match border::read_request(request::MOST) {
        Err(error) => (
            Heading::default(),
            Err(invalid(format!("the request could not be read: {error}"))),
        ),
        Ok(bytes) => match request::read(&bytes) {
            (heading, Err(failure)) => (heading, Err(failure)),
            (heading, Ok(operation)) => {
                let environment = heading.environment.clone().unwrap_or_default();
                let running = AssertUnwindSafe(perform::<H, M>(&environment, operation)).catch_unwind();
                let outcome = running.await.unwrap_or_else(|panic| {
                    Err(Failure::new(
                        Code::InternalPanic,
                        format!(
                            "the application panicked: {}. What it had done until then stands",
                            of_panic(panic.as_ref())
                        ),
                    ))
                });
                (heading, outcome)
            }
        },
    };
    let code = outcome.as_ref().err().map_or(0, |failure| failure.code.exit());
    let line = Answer::new(&heading, started, outcome).line();
    if let Err(error) = border::write_line(&out, line) {
        // Whoever asked is gone; what was done stands, so the exit code must not say that all is well.
        eprintln!("reeve: the answer could not be written: {error}");
        exit(1);
    }
    exit(code)
}

async fn perform<H: Hooks, M: MigratorTrait>(environment: &str, operation: Operation) -> Result<Value, Failure> {
    let chosen = config::load::<H>(environment).await?;
    match operation {
        Operation::Describe => describe::describe::<H, M>(&chosen).map(to_json),
        Operation::Version => Ok(to_json(describe::version::<H>())),
        Operation::Status => migrations::status::<H, M>(chosen).await.map(to_json),
        Operation::Migrate { steps } => migrations::migrate::<H, M>(chosen, steps).await.map(to_json),
        Operation::Down { expect } => migrations::down::<H, M>(chosen, &expect).await.map(to_json),
        Operation::ListTasks => Ok(json!({ "tasks": tasks::list::<H>() })),
        Operation::RunTask { name, vars } => tasks::run::<H>(chosen, name, vars).await.map(to_json),
        Operation::ListSchedule => Ok(json!({ "jobs": scheduler::list::<H>(&chosen)? })),
        Operation::RunSchedule { name } => scheduler::run::<H>(&chosen, &name).await.map(to_json),
        Operation::ListJobs { status, limit } => jobs::list(&chosen, &status, limit).await.map(to_json),
        Operation::CancelJobs { name } => jobs::cancel(&chosen, &name).await.map(to_json),
        Operation::TidyJobs => jobs::tidy(&chosen).await.map(to_json),
        Operation::PurgeJobs { max_age_days, status } => jobs::purge(&chosen, max_age_days, &status).await.map(to_json),
        Operation::RequeueJobs { from_age_minutes } => jobs::requeue(&chosen, from_age_minutes).await.map(to_json),
        Operation::DumpJobs { folder, status } => jobs::dump(&chosen, &folder, &status).await.map(to_json),
        Operation::Doctor => Ok(to_json(doctor::examine::<H, M>(chosen).await)),
    }
}

fn to_json(value: impl Serialize) -> Value {
    json!(value)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    version: u32,
    operation: Option<&'a str>,
    environment: Option<&'a str>,
    ok: bool,
    duration_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failure>,
}

impl<'a> Answer<'a> {
    fn new(heading: &'a Heading, started: Instant, outcome: Result<Value, Failure>) -> Self {
        let (result, error) = match outcome {
            Ok(result) => (Some(result), None),
            Err(failure) => (None, Some(failure)),
        };
        Self {
            version: PROTOCOL,
            operation: heading.operation.as_deref(),
            environment: heading.environment.as_deref(),
            ok: error.is_none(),
            duration_ms: milliseconds(started),
            result,
            error,
        }
    }

    fn line(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("strings, numbers and maps with string keys are always JSON")
    }
}

/// Whole milliseconds since `started`.
pub(crate) fn milliseconds(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)
}
