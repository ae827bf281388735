//! The background queue's database. In: the queue's configuration. Out: one connection on which Loco's own queue
//! functions and the counting happen in one transaction. The database is not made where it is missing.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use loco_rs::bgworker::sqlt::{JobRegistry, RunOpts, SqlitePool, SqliteQueue};
use loco_rs::bgworker::{JobStatus, Queue};
use loco_rs::config::{QueueConfig, SqliteQueueConfig, WorkerMode};
use serde::Serialize;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{ConnectOptions, Row};
use tokio_util::sync::CancellationToken;

use crate::config::Chosen;
use crate::failure::{trouble, words, Code, Failure, Trouble};

/// How many jobs there are of each status.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub(crate) struct Counts {
    pub queued: u64,
    pub processing: u64,
    pub completed: u64,
    pub failed: u64,
    pub cancelled: u64,
}

impl Counts {
    pub const fn all(&self) -> u64 {
        self.queued + self.processing + self.completed + self.failed + self.cancelled
    }
}

/// The queue on one connection.
pub(crate) struct Store {
    pub pool: SqlitePool,
    pub queue: Queue,
}

/// The kind of the queue that this environment has, as its configuration names it.
pub(crate) fn kind(chosen: &Chosen) -> Option<&'static str> {
    if chosen.config.workers.mode != WorkerMode::BackgroundQueue {
        return None;
    }
    chosen.config.queue.as_ref().map(|queue| match queue {
        QueueConfig::Sqlite(_) => "Sqlite",
        QueueConfig::Postgres(_) => "Postgres",
        QueueConfig::Redis(_) => "Redis",
        _ => "other",
    })
}

impl Store {
    /// Opens the queue of the environment and begins a transaction that keeps other writers out (they wait).
    pub async fn write(chosen: &Chosen) -> Result<Self, Failure> {
        Self::begin(chosen, "BEGIN IMMEDIATE").await
    }

    /// The same for looking: one state of the queue is seen throughout, and no writer waits or is waited for.
    pub async fn read(chosen: &Chosen) -> Result<Self, Failure> {
        Self::begin(chosen, "BEGIN").await
    }

    async fn begin(chosen: &Chosen, statement: &'static str) -> Result<Self, Failure> {
        let store = Self::open(chosen).await?;
        store.execute(statement).await?;
        if let Err(failure) = store.is_set_up().await {
            store.end(false).await?;
            return Err(failure);
        }
        Ok(store)
    }

    async fn open(chosen: &Chosen) -> Result<Self, Failure> {
        let Some(kind) = kind(chosen) else {
            return Err(Failure::new(
                Code::QueueNotConfigured,
                "this environment has no background queue: `workers.mode` is not BackgroundQueue, or `queue` is missing",
            ));
        };
        let Some(QueueConfig::Sqlite(config)) = &chosen.config.queue else {
            return Err(Failure::new(
                Code::QueueUnsupported,
                format!("the background queue is of the kind {kind}; this crate speaks to Sqlite alone. Use the application's own `jobs` command"),
            ));
        };
        let pool = Self::connect(config).await.map_err(|error| match error {
            sqlx::Error::Database(error) if error.code().as_deref() == Some("14") => {
                not_set_up("its database file does not exist or cannot be opened")
            }
            error => unavailable("opening the queue's database", &error),
        })?;
        // Loco's own provider over this pool: what the command line calls is what is called here.
        let queue = Queue::from_provider(Arc::new(SqliteQueue {
            pool: pool.clone(),
            registry: Arc::new(tokio::sync::Mutex::new(JobRegistry::new())),
            run_opts: RunOpts {
                num_workers: 0,
                poll_interval_sec: config.poll_interval_sec,
                reaper: None,
            },
            token: CancellationToken::new(),
        }));
        Ok(Self { pool, queue })
    }

    async fn connect(config: &SqliteQueueConfig) -> Result<SqlitePool, sqlx::Error> {
        let options = SqliteConnectOptions::from_str(&config.uri)?
            .create_if_missing(false)
            .busy_timeout(Duration::from_secs(5))
            .disable_statement_logging();
        SqlitePoolOptions::new()
            // One connection, kept for the whole time: a transaction lives on it across calls that take the pool.
            .max_connections(1)
            .min_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(options)
            .await
    }

    async fn is_set_up(&self) -> Result<(), Failure> {
        let found = sqlx::query("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'sqlt_loco_queue'")
            .fetch_optional(&self.pool)
            .await
            .map_err(|error| unavailable("looking for the queue's table", &error))?;
        found
            .map(|_| ())
            .ok_or_else(|| not_set_up("its table sqlt_loco_queue does not exist"))
    }

    /// Counts the jobs of each status. Rows with a status that Loco does not know are not counted.
    pub async fn counts(&self) -> Result<Counts, Failure> {
        let rows = sqlx::query("SELECT status, COUNT(*) AS n FROM sqlt_loco_queue GROUP BY status")
            .fetch_all(&self.pool)
            .await
            .map_err(|error| unavailable("counting the jobs", &error))?;
        let mut counts = Counts::default();
        for row in rows {
            let status: String = row.try_get("status").unwrap_or_default();
            let n = row.try_get::<i64, _>("n").map_or(0, |n| n.unsigned_abs());
            match status.parse::<JobStatus>() {
                Ok(JobStatus::Queued) => counts.queued = n,
                Ok(JobStatus::Processing) => counts.processing = n,
                Ok(JobStatus::Completed) => counts.completed = n,
                Ok(JobStatus::Failed) => counts.failed = n,
                Ok(JobStatus::Cancelled) => counts.cancelled = n,
                Ok(_) | Err(_) => {}
            }
        }
        Ok(counts)
    }

    /// Ends the transaction and closes the database. A process that dies before this leaves the queue as it was.
    pub async fn end(self, keep: bool) -> Result<(), Failure> {
        let ended = self.execute(if keep { "COMMIT" } else { "ROLLBACK" }).await;
        drop(self.queue);
        let _ = tokio::time::timeout(Duration::from_secs(5), self.pool.close()).await;
        ended
    }

    async fn execute(&self, statement: &'static str) -> Result<(), Failure> {
        sqlx::query(statement)
            .execute(&self.pool)
            .await
            .map(|_| ())
            .map_err(|error| unavailable("locking the queue", &error))
    }
}

fn not_set_up(why: &str) -> Failure {
    Failure::new(
        Code::QueueNotSetUp,
        format!("the background queue was never set up: {why}. Start the application or a worker once; that makes the table"),
    )
}

/// An error of the queue's database while `doing` something.
pub(crate) fn unavailable(doing: &str, error: &sqlx::Error) -> Failure {
    match trouble(error) {
        Trouble::Locked => Failure::locked(doing, &error.to_string()),
        Trouble::Unavailable | Trouble::Other => Failure::new(
            Code::DatabaseUnavailable,
            format!("{doing} failed: {error}. Check `queue.uri` of the environment"),
        ),
    }
}

/// The same for errors that come through Loco.
pub(crate) fn failed(doing: &str, error: &loco_rs::Error) -> Failure {
    let words = words(error);
    match (trouble(error), error) {
        (Trouble::Locked, _) => Failure::locked(doing, &words),
        (_, loco_rs::Error::IO(_)) => Failure::new(Code::IoFailed, format!("{doing} failed: {words}")),
        _ => Failure::new(Code::DatabaseUnavailable, format!("{doing} failed: {words}")),
    }
}
