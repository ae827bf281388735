//! The operations and their arguments. In: a name and a JSON object. Out: a typed operation within bounds, or
//! an error that names the argument. An argument that nobody declared is never passed over.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use loco_rs::bgworker::JobStatus;
use serde::de::DeserializeOwned;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::failure::{Code, Failure};

/// The names of all operations, as they stand in `operation` of a request.
pub const OPERATIONS: [&str; 16] = [
    "describe",
    "version",
    "db.status",
    "db.migrate",
    "db.down",
    "tasks.list",
    "tasks.run",
    "scheduler.list",
    "scheduler.run",
    "jobs.list",
    "jobs.cancel",
    "jobs.tidy",
    "jobs.purge",
    "jobs.requeue",
    "jobs.dump",
    "doctor",
];

/// An operation with arguments that are within their bounds.
#[derive(Debug, PartialEq)]
pub(crate) enum Operation {
    Describe,
    Version,
    Status,
    Migrate {
        steps: Option<u32>,
    },
    Down {
        expect: Vec<String>,
    },
    ListTasks,
    RunTask {
        name: String,
        vars: BTreeMap<String, String>,
    },
    ListSchedule,
    RunSchedule {
        name: String,
    },
    ListJobs {
        status: Vec<JobStatus>,
        limit: u32,
    },
    CancelJobs {
        name: String,
    },
    TidyJobs,
    PurgeJobs {
        max_age_days: u32,
        status: Vec<JobStatus>,
    },
    RequeueJobs {
        from_age_minutes: u32,
    },
    DumpJobs {
        folder: PathBuf,
        status: Vec<JobStatus>,
    },
    Doctor,
}

/// Names of tasks, jobs and migrations have at most this many bytes.
const NAME: usize = 200;
/// At most this many names stand in a list.
const NAMES: usize = 1000;
/// A task is given at most this many variables.
const VARS: usize = 64;
/// A variable's value has at most this many bytes.
const VALUE: usize = 64 * 1024;
/// The most jobs that one answer lists.
const JOBS: u32 = 1000;
/// The most days and minutes that may be asked for: about a hundred years, which SQLite's dates hold.
const DAYS: u32 = 36_500;
const MINUTES: u32 = DAYS * 24 * 60;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Steps {
    steps: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    expect: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Task {
    name: String,
    #[serde(default)]
    vars: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    status: Option<Vec<JobStatus>>,
    limit: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Purge {
    max_age_days: u32,
    status: Vec<JobStatus>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Requeue {
    from_age_minutes: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dump {
    folder: String,
    status: Option<Vec<JobStatus>>,
}

impl Operation {
    /// The operation of this name with these arguments.
    pub fn of(name: &str, arguments: Map<String, Value>) -> Result<Self, Failure> {
        let given = Given {
            operation: name,
            arguments,
        };
        match name {
            "describe" => given.none(Self::Describe),
            "version" => given.none(Self::Version),
            "db.status" => given.none(Self::Status),
            "db.migrate" => {
                let Steps { steps } = given.read()?;
                if let Some(steps) = steps {
                    within("steps", steps, 1, NAMES as u32)?;
                }
                Ok(Self::Migrate { steps })
            }
            "db.down" => {
                let Expect { expect } = given.read()?;
                if expect.is_empty() || expect.len() > NAMES {
                    return Err(invalid(format!(
                        "`expect` must have 1 to {NAMES} names of migrations, the newest first"
                    )));
                }
                for (index, migration) in expect.iter().enumerate() {
                    named("expect", migration)?;
                    if expect[..index].contains(migration) {
                        return Err(invalid(format!("`expect` names {migration:?} twice")));
                    }
                }
                Ok(Self::Down { expect })
            }
            "tasks.list" => given.none(Self::ListTasks),
            "tasks.run" => {
                let Task { name, vars } = given.read()?;
                named("name", &name)?;
                if vars.len() > VARS {
                    return Err(invalid(format!(
                        "`vars` has {} members; at most {VARS} are allowed",
                        vars.len()
                    )));
                }
                for (key, value) in &vars {
                    named("a member's name in vars", key)?;
                    if value.len() > VALUE || value.contains('\0') {
                        return Err(invalid(format!(
                            "`vars.{key}` must have at most {VALUE} bytes and no NUL"
                        )));
                    }
                }
                Ok(Self::RunTask { name, vars })
            }
            "scheduler.list" => given.none(Self::ListSchedule),
            "scheduler.run" => Ok(Self::RunSchedule { name: given.name()? }),
            "jobs.list" => {
                let List { status, limit } = given.read()?;
                let limit = limit.unwrap_or(100);
                within("limit", limit, 1, JOBS)?;
                Ok(Self::ListJobs {
                    status: statuses(status)?,
                    limit,
                })
            }
            "jobs.cancel" => Ok(Self::CancelJobs { name: given.name()? }),
            "jobs.tidy" => given.none(Self::TidyJobs),
            "jobs.purge" => {
                let Purge { max_age_days, status } = given.read()?;
                within("maxAgeDays", max_age_days, 0, DAYS)?;
                Ok(Self::PurgeJobs {
                    max_age_days,
                    status: statuses(Some(status))?,
                })
            }
            "jobs.requeue" => {
                let Requeue { from_age_minutes } = given.read()?;
                within("fromAgeMinutes", from_age_minutes, 0, MINUTES)?;
                Ok(Self::RequeueJobs { from_age_minutes })
            }
            "jobs.dump" => {
                let Dump { folder, status } = given.read()?;
                Ok(Self::DumpJobs {
                    folder: inside(&folder)?,
                    status: statuses(status)?,
                })
            }
            "doctor" => given.none(Self::Doctor),
            _ => Err(Failure::new(
                Code::UnknownOperation,
                format!("there is no operation {name:?}; details.operations has them all"),
            )
            .with("operations", OPERATIONS)),
        }
    }
}

struct Given<'a> {
    operation: &'a str,
    arguments: Map<String, Value>,
}

impl Given<'_> {
    fn read<T: DeserializeOwned>(self) -> Result<T, Failure> {
        serde_json::from_value(Value::Object(self.arguments)).map_err(|error| {
            invalid(format!(
                "the arguments of {} are not as declared: {error}",
                self.operation
            ))
        })
    }

    fn none(self, operation: Operation) -> Result<Operation, Failure> {
        self.read::<Nothing>().map(|_| operation)
    }

    fn name(self) -> Result<String, Failure> {
        let Named { name } = self.read()?;
        named("name", &name)?;
        Ok(name)
    }
}

pub(crate) fn invalid(message: String) -> Failure {
    Failure::new(Code::InvalidRequest, message)
}

fn within(argument: &str, value: u32, least: u32, most: u32) -> Result<(), Failure> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(invalid(format!(
        "`{argument}` is {value}; it must be {least} to {most}"
    )))
}

fn named(argument: &str, name: &str) -> Result<(), Failure> {
    if name.is_empty() || name.len() > NAME || name.chars().any(char::is_control) {
        return Err(invalid(format!(
            "`{argument}` must have 1 to {NAME} bytes and no control character"
        )));
    }
    Ok(())
}

/// Those that were named; an empty list stands for all of them, so it cannot be asked for.
fn statuses(given: Option<Vec<JobStatus>>) -> Result<Vec<JobStatus>, Failure> {
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
fn inside(folder: &str) -> Result<PathBuf, Failure> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(name: &str, arguments: Value) -> Result<Operation, Failure> {
        let Value::Object(arguments) = arguments else {
            panic!("not an object")
        };
        Operation::of(name, arguments)
    }

    fn refused(name: &str, arguments: Value) -> String {
        let failure = of(name, arguments).unwrap_err();
        assert_eq!(failure.code, Code::InvalidRequest);
        failure.message
    }

    #[test]
    fn every_name_in_the_list_is_an_operation() {
        for name in OPERATIONS {
            if let Err(failure) = Operation::of(name, Map::new()) {
                assert_eq!(failure.code, Code::InvalidRequest, "{name}");
            }
        }
        assert_eq!(of("db.reset", json!({})).unwrap_err().code, Code::UnknownOperation);
    }

    #[test]
    fn no_operation_passes_over_an_argument_that_nobody_declared() {
        for name in OPERATIONS {
            let failure = of(name, json!({"toString": 1})).unwrap_err();
            assert_eq!(failure.code, Code::InvalidRequest, "{name}");
        }
    }

    #[test]
    fn numbers_are_held_to_their_bounds() {
        assert_eq!(
            of("db.migrate", json!({"steps": 2})).unwrap(),
            Operation::Migrate { steps: Some(2) }
        );
        assert_eq!(
            of("db.migrate", json!({"steps": null})).unwrap(),
            Operation::Migrate { steps: None }
        );
        for steps in [
            json!(0),
            json!(1001),
            json!(-1),
            json!(1.5),
            json!("1"),
            json!(4_294_967_296_u64),
        ] {
            assert!(refused("db.migrate", json!({"steps": steps})).contains("db.migrate") || steps.is_u64());
        }
        refused("jobs.list", json!({"limit": 0}));
        refused("jobs.list", json!({"limit": 1001}));
        refused("jobs.purge", json!({"maxAgeDays": 36_501, "status": ["failed"]}));
        refused("jobs.requeue", json!({"fromAgeMinutes": -1}));
    }

    #[test]
    fn a_rollback_names_what_it_expects_once() {
        assert!(of("db.down", json!({"expect": ["b", "a"]})).is_ok());
        refused("db.down", json!({}));
        refused("db.down", json!({"expect": []}));
        refused("db.down", json!({"expect": ["a", "a"]}));
    }

    #[test]
    fn names_have_no_control_characters() {
        for name in ["", "a\0b", "a\nb", "\u{1b}[31m", "\u{85}", &"x".repeat(201)] {
            refused("tasks.run", json!({"name": name}));
            refused("scheduler.run", json!({"name": name}));
            refused("jobs.cancel", json!({"name": name}));
            refused("db.down", json!({"expect": [name]}));
            refused("tasks.run", json!({"name": "a", "vars": {name: "x"}}));
        }
    }

    #[test]
    fn variables_of_a_task_are_strings_within_bounds() {
        assert!(of("tasks.run", json!({"name": "a", "vars": {"k": "line\nline"}})).is_ok());
        refused("tasks.run", json!({"name": "a", "vars": {"k": 1}}));
        refused("tasks.run", json!({"name": "a", "vars": {"k": "a\0"}}));
        refused("tasks.run", json!({"name": "a", "vars": {"k": "x".repeat(65_537)}}));
        let many: Map<String, Value> = (0..65).map(|n| (n.to_string(), json!(""))).collect();
        refused("tasks.run", json!({"name": "a", "vars": many}));
    }

    #[test]
    fn purging_says_which_statuses() {
        refused("jobs.purge", json!({"maxAgeDays": 1}));
        refused("jobs.purge", json!({"maxAgeDays": 1, "status": []}));
        refused("jobs.purge", json!({"maxAgeDays": 1, "status": ["failed", "failed"]}));
        refused("jobs.purge", json!({"maxAgeDays": 1, "status": ["gone"]}));
    }

    #[test]
    fn a_folder_stays_below_the_working_directory() {
        assert!(of("jobs.dump", json!({"folder": "dumps/today"})).is_ok());
        assert!(of("jobs.dump", json!({"folder": "."})).is_ok());
        for folder in ["", "/tmp", "../x", "a/../../x", "a\0", "a\nb"] {
            refused("jobs.dump", json!({"folder": folder}));
        }
    }
}
