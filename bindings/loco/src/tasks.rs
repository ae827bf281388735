//! Tasks of the application. In: a name and variables. Out: that it ended well, or its error. A panic within it
//! is an error like any other: it crosses no border.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use loco_rs::app::Hooks;
use loco_rs::task::{Tasks, Vars};
use serde::Serialize;
use serde_json::Value;

use crate::config::Chosen;
use crate::context;
use crate::failure::{of_panic, trouble, words, Code, Failure, Trouble};
use crate::plain::plain;
use crate::report;

#[derive(Serialize)]
pub(crate) struct Task {
    name: String,
    detail: String,
}

#[derive(Serialize)]
pub(crate) struct Ran {
    task: String,
    /// What the task said of its work by `reeve_loco::report`.
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<Value>,
}

fn registered<H: Hooks>() -> Tasks {
    let mut tasks = Tasks::default();
    H::register_tasks(&mut tasks);
    tasks
}

/// The application's tasks in the order of their names. Needs no database.
pub(crate) fn list<H: Hooks>() -> Vec<Task> {
    registered::<H>()
        .list()
        .into_iter()
        .map(|task| Task {
            name: task.name,
            detail: plain(&task.detail, 1000),
        })
        .collect()
}

/// Runs one task. What it prints goes to standard error.
pub(crate) async fn run<H: Hooks>(
    chosen: Chosen,
    name: String,
    vars: BTreeMap<String, String>,
) -> Result<Ran, Failure> {
    let tasks = registered::<H>();
    let names = tasks.names();
    if !names.contains(&name) {
        return Err(Failure::new(
            Code::TaskNotFound,
            format!("there is no task {name:?}; details.tasks has their names. Nothing was done"),
        )
        .with("tasks", names));
    }
    let context = context::open::<H>(chosen).await?;
    let vars = Vars { cli: vars };
    let outcome = AssertUnwindSafe(tasks.run(&context, &name, &vars)).catch_unwind().await;
    context::close(context).await;
    let said = report::take();
    match outcome {
        Ok(Ok(())) => Ok(Ran {
            task: name,
            report: said,
        }),
        Ok(Err(error)) => Err(Failure::new(
            Code::TaskFailed,
            format!(
                "the task {name} failed: {}. What it had done until then stands",
                words(&error)
            ),
        )
        .with("task", name)
        .with("databaseLocked", trouble(&error) == Trouble::Locked)
        .with_some("report", said)),
        Err(panic) => Err(Failure::new(
            Code::TaskPanicked,
            format!(
                "the task {name} panicked: {}. What it had done until then stands",
                of_panic(panic.as_ref())
            ),
        )
        .with("task", name)
        .with_some("report", said)),
    }
}
