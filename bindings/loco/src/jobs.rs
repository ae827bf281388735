//! Jobs of the background queue. In: which. Out: what changed, counted before and after in one transaction. The
//! change itself is Loco's own; jobs' arguments, which may be personal, are not told.

use std::path::Path;

use chrono::{DateTime, Utc};
use loco_rs::bgworker::{sqlt, JobStatus};
use serde::Serialize;
use sqlx::Row;

use crate::config::Chosen;
use crate::failure::{Code, Failure};
use crate::jobs_store::{failed, unavailable, Counts, Store};
use crate::plain::plain;

#[derive(Serialize)]
pub(crate) struct Listed {
    jobs: Vec<Job>,
    counts: Counts,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Job {
    id: String,
    name: String,
    status: String,
    run_at: Option<DateTime<Utc>>,
    created_at: Option<DateTime<Utc>>,
    updated_at: Option<DateTime<Utc>>,
    interval_ms: Option<i64>,
    priority: i64,
    tags: Vec<String>,
    /// The words of the error, where it failed.
    error: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct Changed {
    changed: u64,
    before: Counts,
    after: Counts,
}

#[derive(Serialize)]
pub(crate) struct Dumped {
    file: String,
    count: usize,
}

/// The newest jobs first, at most `limit`; of these statuses, or of all where none is named.
pub(crate) async fn list(chosen: &Chosen, status: &[JobStatus], limit: u32) -> Result<Listed, Failure> {
    let store = Store::read(chosen).await?;
    let listed = rows(&store, status, limit).await;
    store.end(false).await?;
    listed
}

async fn rows(store: &Store, status: &[JobStatus], limit: u32) -> Result<Listed, Failure> {
    let mut query = sqlx::QueryBuilder::<sqlx::Sqlite>::new(
        "SELECT *, CASE WHEN status = 'failed' AND json_valid(task_data) THEN json_extract(task_data, '$.error') END AS told FROM sqlt_loco_queue",
    );
    if !status.is_empty() {
        query.push(" WHERE status IN (");
        let mut list = query.separated(", ");
        for status in status {
            list.push_bind(status.to_string());
        }
        query.push(")");
    }
    query
        .push(" ORDER BY created_at DESC, id DESC LIMIT ")
        .push_bind(i64::from(limit));
    let rows = query
        .build()
        .fetch_all(&store.pool)
        .await
        .map_err(|error| unavailable("reading the jobs", &error))?;
    // A column that is missing (an older table has no priority) or holds something else is left out of its row; the
    // row itself is told.
    let jobs = rows
        .iter()
        .map(|row| Job {
            id: row.try_get("id").unwrap_or_default(),
            name: plain(row.try_get("name").unwrap_or_default(), 200),
            status: plain(row.try_get("status").unwrap_or_default(), 50),
            run_at: row.try_get("run_at").ok(),
            created_at: row.try_get("created_at").ok(),
            updated_at: row.try_get("updated_at").ok(),
            interval_ms: row.try_get("interval").ok().flatten(),
            priority: row.try_get("priority").unwrap_or(0),
            tags: row
                .try_get::<Option<String>, _>("tags")
                .ok()
                .flatten()
                .and_then(|tags| serde_json::from_str(&tags).ok())
                .unwrap_or_default(),
            error: row
                .try_get::<Option<String>, _>("told")
                .ok()
                .flatten()
                .map(|words| plain(&words, 500)),
        })
        .collect();
    Ok(Listed {
        jobs,
        counts: store.counts().await?,
    })
}

/// Cancels the queued jobs of this name. Jobs that are not queued stay as they are.
pub(crate) async fn cancel(chosen: &Chosen, name: &str) -> Result<Changed, Failure> {
    let store = Store::write(chosen).await?;
    let known = sqlx::query("SELECT 1 FROM sqlt_loco_queue WHERE name = ? LIMIT 1")
        .bind(name)
        .fetch_optional(&store.pool)
        .await;
    match known {
        Ok(Some(_)) => {}
        Ok(None) => {
            store.end(false).await?;
            return Err(Failure::new(
                Code::JobNotFound,
                format!("the queue has no job {name:?}, of any status; jobs.list has their names. Nothing was done"),
            ));
        }
        Err(error) => {
            store.end(false).await?;
            return Err(unavailable("looking for the job", &error));
        }
    }
    change(
        store,
        async |store| store.queue.cancel_jobs(name).await,
        |before, after| after.cancelled - before.cancelled,
    )
    .await
}

/// Deletes the jobs that are completed or cancelled.
pub(crate) async fn tidy(chosen: &Chosen) -> Result<Changed, Failure> {
    let status = [JobStatus::Completed, JobStatus::Cancelled];
    let store = Store::write(chosen).await?;
    change(
        store,
        async |store| store.queue.clear_by_status(status.to_vec()).await,
        deleted,
    )
    .await
}

/// Deletes jobs of these statuses that were made so many days ago or more.
pub(crate) async fn purge(chosen: &Chosen, max_age_days: u32, status: &[JobStatus]) -> Result<Changed, Failure> {
    let store = Store::write(chosen).await?;
    let age = i64::from(max_age_days);
    change(
        store,
        async |store| store.queue.clear_jobs_older_than(age, &status.to_vec()).await,
        deleted,
    )
    .await
}

/// Puts jobs that have been processed for so many minutes or more back into the queue.
pub(crate) async fn requeue(chosen: &Chosen, from_age_minutes: u32) -> Result<Changed, Failure> {
    let store = Store::write(chosen).await?;
    let age = i64::from(from_age_minutes);
    change(
        store,
        async |store| store.queue.requeue(&age).await,
        |before, after| after.queued - before.queued,
    )
    .await
}

fn deleted(before: &Counts, after: &Counts) -> u64 {
    before.all() - after.all()
}

/// Counts, changes and counts again, and keeps the change only where all three went well.
async fn change(
    store: Store,
    act: impl AsyncFnOnce(&Store) -> loco_rs::Result<()>,
    difference: fn(&Counts, &Counts) -> u64,
) -> Result<Changed, Failure> {
    let outcome = async {
        let before = store.counts().await?;
        act(&store)
            .await
            .map_err(|error| failed("changing the queue", &error))?;
        let after = store.counts().await?;
        Ok(Changed {
            changed: difference(&before, &after),
            before,
            after,
        })
    }
    .await;
    store.end(outcome.is_ok()).await?;
    outcome
}

/// Writes jobs of these statuses (or all) to a file of its own in `folder`, in the form that `jobs import` reads.
pub(crate) async fn dump(chosen: &Chosen, folder: &Path, status: &[JobStatus]) -> Result<Dumped, Failure> {
    let store = Store::read(chosen).await?;
    let dumped = write(&store, folder, status).await;
    store.end(false).await?;
    dumped
}

async fn write(store: &Store, folder: &Path, status: &[JobStatus]) -> Result<Dumped, Failure> {
    let io = |error: std::io::Error| {
        Failure::new(
            Code::IoFailed,
            format!("the folder {:?} cannot be used: {error}", folder.display().to_string()),
        )
    };
    std::fs::create_dir_all(folder).map_err(io)?;
    // A symbolic link on the way may lead elsewhere.
    let here = std::env::current_dir()
        .and_then(|here| here.canonicalize())
        .map_err(io)?;
    if !folder.canonicalize().map_err(io)?.starts_with(&here) {
        return Err(Failure::new(
            Code::PreconditionFailed,
            "a symbolic link in `folder` leads out of the working directory. Nothing was written",
        ));
    }
    let status = (!status.is_empty()).then(|| status.to_vec());
    let count = sqlt::get_jobs(&store.pool, status.as_ref(), None)
        .await
        .map_err(|error| failed("reading the jobs", &error))?
        .len();
    let file = store
        .queue
        .dump(folder, status.as_ref(), None)
        .await
        .map_err(|error| failed("writing the jobs", &error))?;
    Ok(Dumped {
        file: file.display().to_string(),
        count,
    })
}
