//! The bounds of arguments. In: a value. Out: nothing, or an error that names the argument and its bound.

use std::path::{Component, Path, PathBuf};

use loco_rs::bgworker::JobStatus;

use crate::failure::{Code, Failure};

/// Names of tasks, jobs and migrations have at most this many bytes.
const NAME: usize = 200;
/// At most this many names stand in a list.
pub(crate) const NAMES: usize = 1000;
/// A task is given at most this many variables.
pub(crate) const VARS: usize = 64;
/// A variable's value has at most this many bytes.
pub(crate) const VALUE: usize = 64 * 1024;
/// The most jobs that one answer lists.
pub(crate) const JOBS: u32 = 1000;
/// The most days and minutes that may be asked for: about a hundred years, which SQLite's dates hold.
pub(crate) const DAYS: u32 = 36_500;
pub(crate) const MINUTES: u32 = DAYS * 24 * 60;

pub(crate) fn invalid(message: String) -> Failure {
    Failure::new(Code::InvalidRequest, message)
}

pub(crate) fn within(argument: &str, value: u32, least: u32, most: u32) -> Result<(), Failure> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(invalid(format!(
        "`{argument}` is {value}; it must be {least} to {most}"
    )))
}

pub(crate) fn named(argument: &str, name: &str) -> Result<(), Failure> {
    if name.is_empty() || name.len() > NAME || name.chars().any(char::is_control) {
        return Err(invalid(format!(
            "`{argument}` must have 1 to {NAME} bytes and no control character"
        )));
    }
    Ok(())
}

/// Those that were named; an empty list stands for all of them, so it cannot be asked for.
pub(crate) fn statuses(given: Option<Vec<JobStatus>>) -> Result<Vec<JobStatus>, Failure> {
    let Some(given) = given else { return Ok(Vec::new()) };
    let twice = given
        .iter()
        .enumerate()
        .any(|(index, status)| given[..index].contains(status));
    if given.is_empty() || twice {
        return Err(invalid(
            "`status` must name at least one of queued, processing, completed, failed, cancelled, and none twice"
                .to_owned(),
        ));
    }
    Ok(given)
}

/// A folder below the working directory, by its words alone; symbolic links are looked at before writing.
pub(crate) fn inside(folder: &str) -> Result<PathBuf, Failure> {
    let path = Path::new(folder);
    let normal = path
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if folder.is_empty() || folder.len() > 4096 || folder.chars().any(char::is_control) || !normal {
        return Err(invalid(
            "`folder` must be a path below the working directory: relative, without `..` and control characters"
                .to_owned(),
        ));
    }
    Ok(path.to_path_buf())
}
