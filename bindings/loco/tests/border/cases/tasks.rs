//! Tasks, the scheduler and the doctor.

use serde_json::{json, Value};

use super::cases;
use crate::workspace::Workspace;

cases![
    tasks_are_listed_by_name,
    a_task_runs_with_its_variables,
    a_task_that_nobody_registered_is_not_found,
    a_task_that_fails_says_why,
    a_task_that_panics_is_an_answer,
    what_a_task_prints_is_never_the_answer,
    what_a_task_reports_stands_in_the_answer,
    scheduled_jobs_are_listed,
    a_scheduled_job_runs_once,
    a_scheduled_job_that_fails_is_a_failure,
    the_doctor_looks_at_everything,
    the_doctor_tells_no_secret,
];

fn tasks_are_listed_by_name(w: &Workspace) {
    let reply = w.ask("tasks.list", json!({}));
    let names: Vec<&str> = reply.result()["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|task| task["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["child", "fail", "flood", "hello", "panic", "tell", "write"]);
    assert!(!w.path("data/app.sqlite").exists(), "no database is needed");
}

fn a_task_runs_with_its_variables(w: &Workspace) {
    let reply = w.ask("tasks.run", json!({"name": "hello", "vars": {"name": "a:b c\n--help"}}));
    assert_eq!(reply.result(), &json!({"task": "hello"}));
    assert!(
        reply.stderr.contains("hello a:b c\n--help in development"),
        "{}",
        reply.stderr
    );
}

fn a_task_that_nobody_registered_is_not_found(w: &Workspace) {
    for name in ["Hello", "hello name:x", "--help", "../hello"] {
        let reply = w.ask("tasks.run", json!({"name": name}));
        assert_eq!(reply.error("TASK_NOT_FOUND")["details"]["tasks"][0], "child");
    }
    assert!(!w.path("data/app.sqlite").exists(), "nothing was connected to");
}

fn a_task_that_fails_says_why(w: &Workspace) {
    let reply = w.ask("tasks.run", json!({"name": "fail"}));
    let message = reply.error("TASK_FAILED")["message"].as_str().unwrap();
    assert!(message.contains("no luck red at postgres://***@db/app"), "{message}");
    assert!(!reply.json.to_string().contains("hunter2"));
    let missing = w.ask("tasks.run", json!({"name": "hello"}));
    assert!(missing.error("TASK_FAILED")["message"]
        .as_str()
        .unwrap()
        .contains("the argument name does not exist"));
    // With backtraces on, Loco's errors carry one; an answer does not.
    let long = w.ask_with(&[("RUST_BACKTRACE", "1")], "tasks.run", json!({"name": "write"}));
    assert!(!long.error("TASK_FAILED")["message"]
        .as_str()
        .unwrap()
        .contains("backtrace"));
}

fn a_task_that_panics_is_an_answer(w: &Workspace) {
    let reply = w.ask("tasks.run", json!({"name": "panic"}));
    assert!(reply.error("TASK_PANICKED")["message"]
        .as_str()
        .unwrap()
        .contains("at the disco"));
    assert!(reply.stderr.contains("at the disco"));
}

fn what_a_task_reports_stands_in_the_answer(w: &Workspace) {
    let told = w.ask("tasks.run", json!({"name": "tell"}));
    assert_eq!(
        told.result(),
        &json!({"task": "tell", "report": {"deleted": 2, "padding": ""}})
    );
    let failed = w.ask("tasks.run", json!({"name": "tell", "vars": {"then": "fail"}}));
    assert_eq!(failed.error("TASK_FAILED")["details"]["report"]["deleted"], 2);
    let large = w.ask("tasks.run", json!({"name": "tell", "vars": {"bytes": "70000"}}));
    assert!(large.error("TASK_FAILED")["details"].get("report").is_none());
}

fn what_a_task_prints_is_never_the_answer(w: &Workspace) {
    // `send` holds every answer to be one line of JSON.
    assert_eq!(
        w.ask("tasks.run", json!({"name": "flood"})).result(),
        &json!({"task": "flood"})
    );
    let reply = w.ask("tasks.run", json!({"name": "child"}));
    assert_eq!(reply.result(), &json!({"task": "child"}));
    assert!(reply.stderr.contains("from the child"));
}

fn scheduled_jobs_are_listed(w: &Workspace) {
    let reply = w.ask("scheduler.list", json!({}));
    let names: Vec<&str> = reply.result()["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| job["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["breaks", "environment", "greet", "killed", "panics", "silent"]);
    assert_eq!(reply.result()["jobs"][1]["shell"], true);
    assert_eq!(reply.result()["jobs"][1]["runOnStart"], true);
    assert_eq!(
        w.ask_in("production", "scheduler.list", json!({}), &[]).result(),
        &json!({"jobs": []})
    );
    // The file that Loco takes by a variable counts here, too.
    w.write("jobs.yaml", "jobs: {other: {run: hello, schedule: every hour}}\n");
    let file = w.ask_with(&[("SCHEDULER_CONFIG", "jobs.yaml")], "scheduler.list", json!({}));
    assert_eq!(file.result()["jobs"][0]["name"], "other");
    w.ask_with(&[("SCHEDULER_CONFIG", "none.yaml")], "scheduler.list", json!({}))
        .error("CONFIG_INVALID");
}

fn a_scheduled_job_runs_once(w: &Workspace) {
    let shell = w.ask("scheduler.run", json!({"name": "environment"}));
    let here = w.root.display();
    assert_eq!(
        shell.result(),
        &json!({"job": "environment", "exitCode": 0, "output": format!("development {here}\n"), "outputTruncated": false})
    );
    // A task is run by the application's own command line, in the request's environment.
    let task = w.ask("scheduler.run", json!({"name": "greet"}));
    assert!(
        task.result()["output"]
            .as_str()
            .unwrap()
            .contains("hello scheduler in development"),
        "{task:?}"
    );
    let silent = w.ask("scheduler.run", json!({"name": "silent"}));
    assert_eq!(silent.result()["output"], "");
    w.ask("scheduler.run", json!({"name": "nobody"})).error("JOB_NOT_FOUND");
    w.ask_in("production", "scheduler.run", json!({"name": "greet"}), &[])
        .error("JOB_NOT_FOUND");
}

fn a_scheduled_job_that_fails_is_a_failure(w: &Workspace) {
    let reply = w.ask("scheduler.run", json!({"name": "breaks"}));
    assert_eq!(
        reply.error("TASK_FAILED")["details"],
        json!({"job": "breaks", "exitCode": 7, "output": "before\n", "outputTruncated": false})
    );
    let killed = w.ask("scheduler.run", json!({"name": "killed"}));
    assert_eq!(killed.error("TASK_FAILED")["details"]["exitCode"], Value::Null);
    let panics = w.ask("scheduler.run", json!({"name": "panics"}));
    assert_eq!(panics.error("TASK_FAILED")["details"]["exitCode"], 101);
}

fn status<'a>(result: &'a Value, resource: &str) -> &'a str {
    let checks = result["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["resource"] == resource);
    check.unwrap_or_else(|| panic!("no check of {resource}: {result}"))["status"]
        .as_str()
        .unwrap()
}

fn the_doctor_looks_at_everything(w: &Workspace) {
    let ill = w.ask("doctor", json!({}));
    assert_eq!(ill.result()["healthy"], false);
    assert_eq!(status(ill.result(), "database"), "ok");
    assert_eq!(status(ill.result(), "queue"), "failed");
    assert_eq!(status(ill.result(), "migrations"), "failed");
    w.ask("db.migrate", json!({})).result();
    w.sql("data/app.sqlite", super::databases::TABLE);
    let well = w.ask("doctor", json!({}));
    assert_eq!(well.result()["healthy"], true, "{well:?}");
    assert_eq!(status(well.result(), "queue"), "ok");
    let production = w.ask_in("production", "doctor", json!({}), &[]);
    assert_eq!(status(production.result(), "queue"), "not_configured");
    assert_eq!(status(production.result(), "application"), "ok");
    assert_eq!(
        status(production.result(), "production_settings"),
        "failed",
        "it listens on localhost alone"
    );
}

fn the_doctor_tells_no_secret(w: &Workspace) {
    let reply = w.ask("doctor", json!({}));
    let text = reply.json.to_string();
    assert!(text.contains("mirrored to https://***@mirror/"), "{text}");
    w.environment("remote", "postgres://loco:hunter2@127.0.0.1:1/app", "");
    let remote = w.ask_in("remote", "doctor", json!({}), &[]);
    assert_eq!(remote.result()["healthy"], false);
    assert!(!remote.json.to_string().contains("hunter2"));
}
