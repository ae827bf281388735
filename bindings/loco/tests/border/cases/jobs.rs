//! Jobs of the background queue.

use serde_json::{json, Value};

use super::cases;
use super::databases::TABLE;
use crate::workspace::{Workspace, QUEUE};

cases![
    without_a_queue_that_is_said,
    a_queue_that_was_never_set_up_is_told_and_not_made,
    jobs_are_listed_newest_first_without_their_arguments,
    cancelling_touches_queued_jobs_of_the_name,
    tidying_deletes_what_is_over,
    purging_goes_by_age_and_status,
    requeueing_goes_by_age,
    dumping_writes_a_file_that_can_be_imported,
    a_dump_stays_in_the_working_directory,
    an_older_table_is_read,
];

const DB: &str = "data/app.sqlite";

/// Seven jobs: two queued (one old), two processing (one of them for long), and one of each other status.
fn fill(w: &Workspace) {
    w.sql(DB, TABLE);
    w.sql(
        DB,
        "INSERT INTO sqlt_loco_queue (id, name, task_data, status, run_at, created_at, updated_at, tags, priority) VALUES
         ('01', 'Mail', '{\"to\":\"secret@example.org\"}', 'queued', DATETIME('now'), DATETIME('now', '-9 days'), DATETIME('now'), NULL, 0),
         ('02', 'Mail', '{}', 'queued', DATETIME('now'), DATETIME('now', '-1 hour'), DATETIME('now'), '[\"a\",\"b\"]', 5),
         ('03', 'Mail', '{}', 'processing', DATETIME('now'), DATETIME('now', '-2 hours'), DATETIME('now', '-90 minutes'), NULL, 0),
         ('04', 'Report', '{}', 'processing', DATETIME('now'), DATETIME('now', '-3 hours'), DATETIME('now'), NULL, 0),
         ('05', 'Report', '{}', 'completed', DATETIME('now'), DATETIME('now', '-9 days'), DATETIME('now'), NULL, 0),
         ('06', 'Report', '{\"error\":\"no\\nluck\"}', 'failed', DATETIME('now'), DATETIME('now', '-9 days'), DATETIME('now'), NULL, 0),
         ('07', 'Report', '{}', 'cancelled', DATETIME('now'), DATETIME('now', '-4 hours'), DATETIME('now'), NULL, 0)",
    );
}

fn counts(queued: u64, processing: u64, completed: u64, failed: u64, cancelled: u64) -> Value {
    json!({"queued": queued, "processing": processing, "completed": completed, "failed": failed, "cancelled": cancelled})
}

fn full() -> Value {
    counts(2, 2, 1, 1, 1)
}

fn every_operation() -> Vec<(&'static str, Value)> {
    vec![
        ("jobs.list", json!({})),
        ("jobs.cancel", json!({"name": "Mail"})),
        ("jobs.tidy", json!({})),
        ("jobs.purge", json!({"maxAgeDays": 1, "status": ["failed"]})),
        ("jobs.requeue", json!({"fromAgeMinutes": 1})),
        ("jobs.dump", json!({"folder": "dumps"})),
    ]
}

fn without_a_queue_that_is_said(w: &Workspace) {
    w.environment(
        "foreground",
        "sqlite::memory:",
        &QUEUE.replace("BackgroundQueue", "ForegroundBlocking"),
    );
    w.environment(
        "redis",
        "sqlite::memory:",
        "workers: {mode: BackgroundQueue}\nqueue: {kind: Redis, uri: redis://u:hunter2@127.0.0.1:1}\n",
    );
    for (operation, arguments) in every_operation() {
        w.ask_in("production", operation, arguments.clone(), &[])
            .error("QUEUE_NOT_CONFIGURED");
        w.ask_in("foreground", operation, arguments.clone(), &[])
            .error("QUEUE_NOT_CONFIGURED");
        let redis = w.ask_in("redis", operation, arguments, &[]);
        assert!(redis.error("QUEUE_UNSUPPORTED")["message"]
            .as_str()
            .unwrap()
            .contains("Redis"));
    }
}

fn a_queue_that_was_never_set_up_is_told_and_not_made(w: &Workspace) {
    for (operation, arguments) in every_operation() {
        w.ask(operation, arguments).error("QUEUE_NOT_SET_UP");
    }
    assert!(!w.path(DB).exists());
    w.sql(DB, "CREATE TABLE other (x)");
    for (operation, arguments) in every_operation() {
        w.ask(operation, arguments).error("QUEUE_NOT_SET_UP");
    }
    assert!(!w.path("dumps").exists());
}

fn jobs_are_listed_newest_first_without_their_arguments(w: &Workspace) {
    fill(w);
    let reply = w.ask("jobs.list", json!({}));
    let jobs = reply.result()["jobs"].as_array().unwrap();
    let ids: Vec<&str> = jobs.iter().map(|job| job["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["02", "03", "04", "07", "06", "05", "01"]);
    assert_eq!(jobs[0]["tags"], json!(["a", "b"]));
    assert_eq!(jobs[0]["priority"], 5);
    assert!(jobs[0]["runAt"].as_str().unwrap().ends_with('Z'));
    assert_eq!(jobs[4]["error"], "no luck");
    assert_eq!(reply.result()["counts"], full());
    assert!(!reply.json.to_string().contains("secret@example.org"));
    let some = w.ask("jobs.list", json!({"status": ["failed", "queued"], "limit": 2}));
    let ids: Vec<&str> = some.result()["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| job["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["02", "06"]);
    assert_eq!(some.result()["counts"], full(), "the counts are of all jobs");
}

fn cancelling_touches_queued_jobs_of_the_name(w: &Workspace) {
    fill(w);
    let reply = w.ask("jobs.cancel", json!({"name": "Mail"}));
    assert_eq!(
        reply.result(),
        &json!({"changed": 2, "before": full(), "after": counts(0, 2, 1, 1, 3)})
    );
    assert_eq!(
        w.ask("jobs.cancel", json!({"name": "Mail"})).result()["changed"],
        0,
        "again is no error"
    );
    for name in ["mail", "Mail' OR '1'='1", "%"] {
        w.ask("jobs.cancel", json!({"name": name})).error("JOB_NOT_FOUND");
    }
}

fn tidying_deletes_what_is_over(w: &Workspace) {
    fill(w);
    let reply = w.ask("jobs.tidy", json!({}));
    assert_eq!(
        reply.result(),
        &json!({"changed": 2, "before": full(), "after": counts(2, 2, 0, 1, 0)})
    );
    assert_eq!(w.number(DB, "SELECT COUNT(*) FROM sqlt_loco_queue"), 5);
}

fn purging_goes_by_age_and_status(w: &Workspace) {
    fill(w);
    let none = w.ask(
        "jobs.purge",
        json!({"maxAgeDays": 10, "status": ["failed", "completed"]}),
    );
    assert_eq!(none.result()["changed"], 0);
    let reply = w.ask(
        "jobs.purge",
        json!({"maxAgeDays": 7, "status": ["failed", "completed"]}),
    );
    assert_eq!(
        reply.result(),
        &json!({"changed": 2, "before": full(), "after": counts(2, 2, 0, 0, 1)})
    );
    assert_eq!(
        w.number(DB, "SELECT COUNT(*) FROM sqlt_loco_queue WHERE id = '01'"),
        1,
        "old, but queued"
    );
}

fn requeueing_goes_by_age(w: &Workspace) {
    fill(w);
    let reply = w.ask("jobs.requeue", json!({"fromAgeMinutes": 60}));
    assert_eq!(
        reply.result(),
        &json!({"changed": 1, "before": full(), "after": counts(3, 1, 1, 1, 1)})
    );
    assert_eq!(
        w.ask("jobs.requeue", json!({"fromAgeMinutes": 0})).result()["changed"],
        1
    );
}

fn dumping_writes_a_file_that_can_be_imported(w: &Workspace) {
    fill(w);
    let reply = w.ask("jobs.dump", json!({"folder": "data/dumps", "status": ["queued"]}));
    assert_eq!(reply.result()["count"], 2);
    let file = reply.result()["file"].as_str().unwrap();
    assert!(file.starts_with("data/dumps/loco-dump-jobs-"), "{file}");
    let rows: Vec<loco_rs::bgworker::Job> =
        serde_yaml_ng::from_str(&std::fs::read_to_string(w.path(file)).unwrap()).unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(
        w.ask("jobs.list", json!({})).result()["counts"],
        full(),
        "dumping changes nothing"
    );
}

fn a_dump_stays_in_the_working_directory(w: &Workspace) {
    fill(w);
    for folder in ["/tmp", "..", "data/../../x"] {
        w.ask("jobs.dump", json!({"folder": folder})).error("INVALID_REQUEST");
    }
    std::os::unix::fs::symlink("/", w.path("out")).unwrap();
    w.ask("jobs.dump", json!({"folder": "out/tmp"}))
        .error("PRECONDITION_FAILED");
    w.write("file", "");
    w.ask("jobs.dump", json!({"folder": "file"})).error("IO_FAILED");
}

fn an_older_table_is_read(w: &Workspace) {
    w.sql(DB, &TABLE.replace(", priority INTEGER NOT NULL DEFAULT 0", ""));
    w.sql(DB, "INSERT INTO sqlt_loco_queue (id, name, task_data, status, run_at) VALUES ('1', 'Mail', 'not json', 'failed', 'never'), ('2', 'Mail', '{}', 'lost', DATETIME('now'))");
    let reply = w.ask("jobs.list", json!({}));
    assert_eq!(reply.result()["jobs"].as_array().unwrap().len(), 2);
    assert_eq!(reply.result()["counts"], counts(0, 0, 0, 1, 0));
}
