//! Migrations, and databases that are not there, broken or locked.

use serde_json::{json, Value};

use super::cases;
use crate::workspace::{Connection, Workspace, QUEUE};

cases![
    before_anything_all_is_pending_and_stays_so,
    migrations_are_applied_one_by_one_or_all,
    a_migration_that_fails_half_way_says_what_is_left,
    a_migration_that_panics_is_an_error,
    a_migration_in_a_transaction_leaves_nothing,
    processes_that_migrate_at_once_each_tell_the_truth,
    a_rollback_is_exactly_what_was_expected,
    a_rollback_that_fails_says_what_is_left,
    a_migration_that_only_the_database_knows_is_missing,
    a_lock_is_told_apart,
    a_database_that_cannot_be_opened_is_unavailable,
];

const DB: &str = "data/app.sqlite";

fn names(rows: &Value) -> Vec<&str> {
    rows.as_array()
        .unwrap()
        .iter()
        .map(|row| row["name"].as_str().unwrap())
        .collect()
}

fn tables(w: &Workspace, name: &str) -> i64 {
    w.number(DB, &format!("SELECT COUNT(*) FROM sqlite_master WHERE name = '{name}'"))
}

fn before_anything_all_is_pending_and_stays_so(w: &Workspace) {
    let reply = w.ask("db.status", json!({}));
    assert_eq!(reply.result()["pending"], 4);
    assert_eq!(
        reply.result()["migrations"][0],
        json!({"name": "m1_notes", "status": "pending"})
    );
    assert_eq!(tables(w, "seaql_migrations"), 0, "looking makes no table");
}

fn migrations_are_applied_one_by_one_or_all(w: &Workspace) {
    let reply = w.ask("db.migrate", json!({"steps": 2}));
    let result = reply.result();
    assert_eq!(names(&result["applied"]), ["m1_notes", "m2_tags"]);
    assert!(result["applied"][0]["durationMs"].is_u64());
    assert_eq!(result["pending"], json!(["m3_both", "m4_last"]));
    assert_eq!(result["alreadyApplied"], 0);
    assert!(
        reply.stderr.contains("this is not the answer"),
        "what a migration prints is on standard error"
    );
    assert!(reply.stderr.contains("Applying migration"), "so is what Loco logs");

    let status = w.ask("db.status", json!({}));
    assert_eq!(status.result()["pending"], 2);
    assert_eq!(
        status.result()["migrations"][1],
        json!({"name": "m2_tags", "status": "applied"})
    );

    let rest = w.ask("db.migrate", json!({"steps": 1000}));
    assert_eq!(names(&rest.result()["applied"]), ["m3_both", "m4_last"]);
    assert_eq!(rest.result()["alreadyApplied"], 2);
    // As `db.down` takes it.
    assert_eq!(rest.result()["undo"], json!(["m4_last", "m3_both"]));
    let again = w.ask("db.migrate", json!({}));
    assert_eq!(
        again.result(),
        &json!({"applied": [], "undo": [], "pending": [], "alreadyApplied": 4})
    );
    assert_eq!(w.number(DB, "SELECT COUNT(*) FROM notes"), 1);
    assert!(!w.path("data/app.sqlite-wal").exists(), "the database was closed");
}

fn a_migration_that_fails_half_way_says_what_is_left(w: &Workspace) {
    let reply = w.ask_with(&[("TINY_MIGRATION", "half")], "db.migrate", json!({}));
    let details = &reply.error("MIGRATION_FAILED")["details"];
    assert_eq!(names(&details["applied"]), ["m1_notes"]);
    assert_eq!(details["failed"], "m2_tags");
    assert_eq!(details["transaction"], false);
    assert_eq!(details["recorded"], false);
    assert_eq!(details["pending"], json!(["m2_tags", "m3_both", "m4_last"]));
    assert!(details["cause"].as_str().unwrap().contains("no such table: nowhere"));
    assert!(details["warning"]
        .as_str()
        .unwrap()
        .contains("without a surrounding transaction"));
    // The warning is true: the table of the failed migration is there, and running it again fails on it.
    assert_eq!(tables(w, "tags"), 1);
    let again = w.ask("db.migrate", json!({}));
    assert!(again.error("MIGRATION_FAILED")["message"]
        .as_str()
        .unwrap()
        .contains("already exists"));
}

fn a_migration_that_panics_is_an_error(w: &Workspace) {
    let reply = w.ask_with(&[("TINY_MIGRATION", "panic")], "db.migrate", json!({}));
    let details = &reply.error("MIGRATION_FAILED")["details"];
    assert_eq!(details["panicked"], true);
    assert_eq!(details["failed"], "m2_tags");
    assert_eq!(details["pending"], json!(["m2_tags", "m3_both", "m4_last"]));
}

fn a_migration_in_a_transaction_leaves_nothing(w: &Workspace) {
    let reply = w.ask_with(&[("TINY_MIGRATION", "transaction")], "db.migrate", json!({}));
    let details = &reply.error("MIGRATION_FAILED")["details"];
    assert_eq!(details["failed"], "m3_both");
    assert_eq!(details["transaction"], true);
    assert_eq!(details["warning"], Value::Null);
    assert_eq!(tables(w, "both_of"), 0);
    assert_eq!(
        names(&w.ask("db.migrate", json!({})).result()["applied"]),
        ["m3_both", "m4_last"]
    );
}

fn processes_that_migrate_at_once_each_tell_the_truth(w: &Workspace) {
    w.ask("db.status", json!({})).result();
    let replies: Vec<_> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..3).map(|_| scope.spawn(|| w.ask("db.migrate", json!({})))).collect();
        asking.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    // They are not kept apart, so some may fail; but whatever one of them says was applied, is.
    let mut claimed = Vec::new();
    for reply in &replies {
        let done = if reply.json["ok"] == true {
            &reply.json["result"]
        } else {
            &reply.json["error"]["details"]
        };
        if done["applied"].is_array() {
            claimed.extend(names(&done["applied"]));
        }
    }
    let status = w.ask("db.status", json!({}));
    for name in &claimed {
        assert!(status.result()["migrations"]
            .as_array()
            .unwrap()
            .contains(&json!({"name": name, "status": "applied"})));
    }
}

fn a_rollback_is_exactly_what_was_expected(w: &Workspace) {
    w.ask("db.migrate", json!({"steps": 3})).result();
    for expect in [
        json!(["m2_tags"]),
        json!(["m2_tags", "m3_both"]),
        json!(["m4_last"]),
        json!(["m3_both", "m2_tags", "m1_notes", "m0"]),
    ] {
        let reply = w.ask("db.down", json!({"expect": expect}));
        let details = &reply.error("PRECONDITION_FAILED")["details"];
        assert_eq!(details["applied"][0], "m3_both");
        assert_eq!(details["expected"], expect);
    }
    assert_eq!(w.ask("db.status", json!({})).result()["pending"], 1);
    let reply = w.ask("db.down", json!({"expect": ["m3_both", "m2_tags"]}));
    assert_eq!(names(&reply.result()["rolledBack"]), ["m3_both", "m2_tags"]);
    assert_eq!(w.ask("db.status", json!({})).result()["pending"], 3);
    assert_eq!(tables(w, "tags"), 0);
}

fn a_rollback_that_fails_says_what_is_left(w: &Workspace) {
    w.ask("db.migrate", json!({})).result();
    let reply = w.ask_with(&[("TINY_MIGRATION", "half")], "db.down", json!({"expect": ["m4_last"]}));
    let details = &reply.error("MIGRATION_FAILED")["details"];
    assert_eq!(details["rolledBack"], json!([]));
    assert_eq!(details["failed"], "m4_last");
    assert_eq!(details["recorded"], true, "it is still on record as applied");
    assert_eq!(
        w.number(DB, "SELECT COUNT(*) FROM notes"),
        0,
        "what it did before it failed stands"
    );
}

fn a_migration_that_only_the_database_knows_is_missing(w: &Workspace) {
    w.ask("db.migrate", json!({"steps": 1})).result();
    w.sql(
        DB,
        "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9_future', 0)",
    );
    let status = w.ask("db.status", json!({}));
    assert_eq!(
        status.result()["migrations"][4],
        json!({"name": "m9_future", "status": "missing"})
    );
    assert_eq!(status.result()["pending"], 3);
    for reply in [
        w.ask("db.migrate", json!({})),
        w.ask("db.down", json!({"expect": ["m1_notes"]})),
    ] {
        assert_eq!(
            reply.error("MIGRATION_MISSING")["details"]["missing"],
            json!(["m9_future"])
        );
    }
    assert_eq!(tables(w, "tags"), 0);
}

fn a_lock_is_told_apart(w: &Workspace) {
    w.ask("db.migrate", json!({"steps": 1})).result();
    w.sql(DB, TABLE);
    let mut other = Connection::open(&w.path(DB));
    other.run("BEGIN IMMEDIATE");
    let migrating = w.ask("db.migrate", json!({}));
    let details = &migrating.error("DATABASE_LOCKED")["details"];
    assert_eq!(details["failed"], "m2_tags");
    assert_eq!(details["applied"], json!([]));
    w.ask("jobs.tidy", json!({})).error("DATABASE_LOCKED");
    assert_eq!(
        w.ask("jobs.list", json!({})).result()["jobs"],
        json!([]),
        "looking waits for nobody"
    );
    let task = w.ask("tasks.run", json!({"name": "write"}));
    assert_eq!(task.error("TASK_FAILED")["details"]["databaseLocked"], true);
    w.ask("db.status", json!({})).result();
    drop(other);
    w.ask("db.migrate", json!({})).result();
    // A database that is not in WAL mode can be locked for readers, too: then it cannot even be opened.
    w.sql("data/old.sqlite", "PRAGMA journal_mode = DELETE; CREATE TABLE t (x)");
    w.environment("old", "sqlite://data/old.sqlite?mode=rw", "");
    let mut other = Connection::open(&w.path("data/old.sqlite"));
    other.run("BEGIN EXCLUSIVE");
    w.ask_in("old", "db.status", json!({}), &[]).error("DATABASE_LOCKED");
}

pub const TABLE: &str = "CREATE TABLE sqlt_loco_queue (id TEXT NOT NULL, name TEXT NOT NULL, task_data JSON NOT NULL, status TEXT NOT NULL DEFAULT 'queued', run_at TIMESTAMP NOT NULL, interval INTEGER, created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, tags JSON, priority INTEGER NOT NULL DEFAULT 0);";

fn a_database_that_cannot_be_opened_is_unavailable(w: &Workspace) {
    for (name, uri) in [
        ("nofolder", "sqlite://nowhere/app.sqlite?mode=rwc"),
        ("nofile", "sqlite://data/none.sqlite?mode=rw"),
        ("remote", "postgres://loco:hunter2@127.0.0.1:1/app"),
        ("nonsense", "carrier-pigeon://loco:hunter2@roof/app"),
    ] {
        w.environment(name, uri, "");
        for operation in ["db.status", "db.migrate"] {
            let reply = w.ask_in(name, operation, json!({}), &[]);
            reply.error("DATABASE_UNAVAILABLE");
            assert!(!reply.json.to_string().contains("hunter2"));
        }
    }
    w.write("data/broken.sqlite", &"this is no database ".repeat(100));
    w.environment("broken", "sqlite://data/broken.sqlite?mode=rwc", QUEUE);
    w.ask_in("broken", "db.status", json!({}), &[])
        .error("DATABASE_UNAVAILABLE");
}
