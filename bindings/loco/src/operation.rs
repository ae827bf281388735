//! The operations and their arguments. In: a name and a JSON object. Out: a typed operation within bounds, or
//! an error that names the argument. An argument that nobody declared is never passed over.

use std::collections::BTreeMap;
use std::path::PathBuf;

use loco_rs::bgworker::JobStatus;
use serde::de::DeserializeOwned;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::bounds::{inside, invalid, named, statuses, within, DAYS, JOBS, MINUTES, NAMES, VALUE, VARS};
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
    vars: BTreeMap<String, Var>,
}

/// A variable as it may be given. Loco knows text alone: numbers are handed on in their shortest form, booleans as yes or no
/// as a person would write them on the command line.
#[derive(Deserialize)]
#[serde(untagged)]
enum Var {
    Text(String),
    Whole(i64),
    Flag(bool),
}

impl Var {
    fn text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Whole(number) => number.to_string(),
            Self::Flag(true) => "yes".to_owned(),
            Self::Flag(false) => "no".to_owned(),
        }
    }
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
                let vars: BTreeMap<String, String> = vars.into_iter().map(|(key, var)| (key, var.text())).collect();
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

#[cfg(test)]
mod tests;
