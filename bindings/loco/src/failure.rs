//! What can go wrong, each with a code that is part of the protocol. In: an error of any layer. Out: code,
//! words that are fit to be shown, details. No credential and no control character may pass.

use std::error::Error as StdError;

use sea_orm_migration::sea_orm::{DbErr, RuntimeErr};
use serde::Serialize;
use serde_json::{json, Map, Value};

use crate::plain::plain;

/// The codes of errors, as they stand in `error.code` of an answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum Code {
    /// The request is not JSON, not of this version, or a member is not as declared. Nothing was done.
    InvalidRequest,
    /// There is no operation of this name. Nothing was done.
    UnknownOperation,
    /// There is no configuration file for this environment. Nothing was done.
    UnknownEnvironment,
    /// The configuration (or the application over it) could not be loaded. Nothing was done.
    ConfigInvalid,
    /// The database could not be reached, opened or read.
    DatabaseUnavailable,
    /// Somebody else held a lock on the database for longer than this connection waits.
    DatabaseLocked,
    /// A migration failed or panicked; the details say what had been applied before it.
    MigrationFailed,
    /// The database records a migration that the application does not have.
    MigrationMissing,
    /// The state is not the one that the request expects. Nothing (more) was done.
    PreconditionFailed,
    /// There is no task of this name.
    TaskNotFound,
    /// A task returned an error, or a scheduled job ended with another exit code than 0.
    TaskFailed,
    /// A task panicked.
    TaskPanicked,
    /// There is no scheduled job, or no job in the queue, of this name.
    JobNotFound,
    /// The environment has no background queue.
    QueueNotConfigured,
    /// The background queue is of a kind that this crate does not speak to.
    QueueUnsupported,
    /// The background queue's database or table does not exist yet.
    QueueNotSetUp,
    /// A file or folder could not be written or read.
    IoFailed,
    /// Something panicked that is neither a task nor a migration.
    InternalPanic,
}

impl Code {
    /// The exit code of the process: 2 where the request is not valid, else 1.
    #[must_use]
    pub const fn exit(self) -> i32 {
        match self {
            Self::InvalidRequest | Self::UnknownOperation | Self::UnknownEnvironment => 2,
            _ => 1,
        }
    }
}

/// An error on its way to the answer.
#[derive(Debug, Serialize)]
pub(crate) struct Failure {
    pub code: Code,
    pub message: String,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub details: Map<String, Value>,
}

/// At most this many characters of an error's words are shown.
const WORDS: usize = 4000;

impl Failure {
    pub fn new(code: Code, message: impl AsRef<str>) -> Self {
        Self {
            code,
            message: plain(message.as_ref(), WORDS),
            details: Map::new(),
        }
    }

    pub fn with(mut self, name: &str, value: impl Serialize) -> Self {
        self.details.insert(name.to_owned(), json!(value));
        self
    }

    /// The detail where there is one.
    pub fn with_some(self, name: &str, value: Option<impl Serialize>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// An error of the database while `doing` something that is not a migration.
    pub fn database(doing: &str, error: &DbErr) -> Self {
        let words = plain(&error.to_string(), WORDS);
        match trouble(error) {
            Trouble::Locked => Self::locked(doing, &words),
            Trouble::Unavailable | Trouble::Other => Self::new(
                Code::DatabaseUnavailable,
                format!("{doing} failed: {words}. Check `database.uri` of the environment and that its folder exists and may be written"),
            ),
        }
    }

    /// Somebody else holds a lock for longer than the connection waits.
    pub fn locked(doing: &str, words: &str) -> Self {
        Self::new(
            Code::DatabaseLocked,
            format!("{doing} failed: {words}. Another process holds a lock on the database (a worker, a server, another migration); try again when it is done"),
        )
    }
}

/// How bad an error of a database is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Trouble {
    Locked,
    Unavailable,
    Other,
}

/// Tells a lock, a database that cannot be reached, and everything else apart.
pub(crate) fn trouble(error: &(dyn StdError + 'static)) -> Trouble {
    if let Some(error) = error.downcast_ref::<sqlx::Error>() {
        return of_sqlx(error);
    }
    if let Some(error) = error.downcast_ref::<DbErr>() {
        return match error {
            DbErr::Conn(RuntimeErr::SqlxError(inner)) => match of_sqlx(inner) {
                Trouble::Other => Trouble::Unavailable,
                known => known,
            },
            DbErr::Exec(RuntimeErr::SqlxError(inner)) | DbErr::Query(RuntimeErr::SqlxError(inner)) => of_sqlx(inner),
            DbErr::Conn(_) | DbErr::ConnectionAcquire(_) => Trouble::Unavailable,
            _ => Trouble::Other,
        };
    }
    if let Some(error) = error.downcast_ref::<loco_rs::Error>() {
        return match error {
            loco_rs::Error::WithBacktrace { inner, .. } => trouble(inner.as_ref()),
            loco_rs::Error::DB(inner) => trouble(inner),
            loco_rs::Error::Sqlx(inner) => trouble(inner),
            loco_rs::Error::Model(loco_rs::model::ModelError::DbErr(inner)) => trouble(inner),
            loco_rs::Error::Any(inner) | loco_rs::Error::Model(loco_rs::model::ModelError::Any(inner)) => {
                trouble(inner.as_ref())
            }
            _ => Trouble::Other,
        };
    }
    Trouble::Other
}

fn of_sqlx(error: &sqlx::Error) -> Trouble {
    match error {
        sqlx::Error::Database(error) => {
            if error.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some() {
                let code = error.code().and_then(|code| code.parse::<u32>().ok());
                // The low byte is SQLite's primary result code.
                return match code.map(|code| code & 0xff) {
                    Some(5 | 6) => Trouble::Locked,
                    Some(8 | 10 | 11 | 13 | 14 | 26) => Trouble::Unavailable,
                    _ => Trouble::Other,
                };
            }
            match error.code().as_deref() {
                // Postgres: lock_not_available, deadlock_detected.
                Some("55P03" | "40P01") => Trouble::Locked,
                _ => Trouble::Other,
            }
        }
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Configuration(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed => Trouble::Unavailable,
        _ => Trouble::Other,
    }
}

/// The words of one of Loco's errors, without the backtrace that it may carry.
pub(crate) fn words(error: &loco_rs::Error) -> String {
    match error {
        loco_rs::Error::WithBacktrace { inner, .. } => words(inner),
        other => plain(&other.to_string(), WORDS),
    }
}

/// The words of a panic.
pub(crate) fn of_panic(panic: &(dyn std::any::Any + Send)) -> String {
    let words = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("it gave no words");
    plain(words, WORDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_written_in_capitals() {
        assert_eq!(json!(Code::QueueNotSetUp), "QUEUE_NOT_SET_UP");
        assert_eq!(json!(Code::MigrationFailed), "MIGRATION_FAILED");
        assert_eq!(json!(Code::IoFailed), "IO_FAILED");
    }

    #[test]
    fn only_requests_that_are_not_valid_end_in_2() {
        assert_eq!(Code::InvalidRequest.exit(), 2);
        assert_eq!(Code::UnknownOperation.exit(), 2);
        assert_eq!(Code::UnknownEnvironment.exit(), 2);
        assert_eq!(Code::PreconditionFailed.exit(), 1);
    }

    #[test]
    fn a_backtrace_is_left_out() {
        let error = loco_rs::Error::WithBacktrace {
            inner: Box::new(loco_rs::Error::string("no")),
            backtrace: Box::new(std::backtrace::Backtrace::force_capture()),
        };
        assert_eq!(words(&error), "no");
    }

    #[test]
    fn a_pool_that_timed_out_is_found_under_any_layer() {
        let inner: Box<dyn StdError + Send + Sync> = Box::new(sqlx::Error::PoolTimedOut);
        let middle = loco_rs::Error::Any(inner);
        let outer: Box<dyn StdError + Send + Sync> = Box::new(middle);
        assert_eq!(trouble(&loco_rs::Error::Any(outer)), Trouble::Unavailable);
    }
}
