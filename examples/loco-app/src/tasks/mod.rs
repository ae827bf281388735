//! Tasks that operate the application. In: Loco's `key:value` variables, each of which the task must know. Out: lines for
//! people on standard output, an error where the work was not done.

mod backup_db;
mod check_backup;
mod clean_temp;
mod queue_setup;
mod report;
mod rotate_keys;
pub mod trouble;
mod verify_keys;

use loco_rs::task::{TaskInfo, Tasks, Vars};
use loco_rs::{Error, Result};

/// Registers those that every environment has.
pub fn register(tasks: &mut Tasks) {
    tasks.register(backup_db::BackupDb);
    tasks.register(check_backup::CheckBackup);
    tasks.register(clean_temp::CleanTemp);
    tasks.register(queue_setup::QueueSetup);
    tasks.register(report::Report);
    tasks.register(rotate_keys::RotateKeys);
    tasks.register(verify_keys::VerifyKeys);
}

fn info(name: &str, detail: &str) -> TaskInfo {
    TaskInfo {
        name: name.to_owned(),
        detail: detail.to_owned(),
    }
}

/// Refuses variables that the task does not know: a misspelt one would be taken for its default.
fn only(vars: &Vars, known: &[&str]) -> Result<()> {
    for name in vars.cli.keys() {
        if !known.contains(&name.as_str()) {
            let known = if known.is_empty() {
                "none".to_owned()
            } else {
                known.join(", ")
            };
            return Err(Error::string(&format!(
                "unknown variable {name:?}; known: {known}. Nothing was done"
            )));
        }
    }
    Ok(())
}

/// A whole number within bounds, or its default.
fn number(vars: &Vars, name: &str, default: i64, least: i64, most: i64) -> Result<i64> {
    let Some(text) = vars.cli.get(name) else {
        return Ok(default);
    };
    match text.parse() {
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        _ => Err(Error::string(&format!(
            "{name} is {text:?}; a whole number from {least} to {most} was expected. Nothing was done"
        ))),
    }
}

/// `yes` or `no`, or its default, `no`.
fn flag(vars: &Vars, name: &str) -> Result<bool> {
    match vars.cli.get(name).map(String::as_str) {
        None | Some("no") => Ok(false),
        Some("yes") => Ok(true),
        Some(other) => Err(Error::string(&format!(
            "{name} is {other:?}; yes or no was expected. Nothing was done"
        ))),
    }
}
