//! Requests, environments and the border itself.

use std::process::Stdio;

use serde_json::{json, Value};

use super::cases;
use crate::workspace::{fed, Workspace};

cases![
    an_application_describes_itself_without_a_database,
    its_versions_are_told,
    a_request_that_is_not_valid_ends_in_2,
    a_request_that_is_too_long_is_refused,
    an_operation_that_nobody_knows_is_refused,
    an_environment_without_a_configuration_is_refused,
    the_environment_is_the_requests_alone,
    an_environment_may_have_a_local_file_alone,
    a_configuration_that_is_broken_tells_no_secret,
    the_wrong_folder_is_told,
    a_hook_that_panics_is_an_answer,
    a_hook_that_fails_tells_no_secret,
    a_reader_that_is_gone_is_no_success,
    more_arguments_are_not_a_request,
    the_last_line_of_a_request_needs_no_end,
];

fn an_application_describes_itself_without_a_database(w: &Workspace) {
    std::fs::remove_dir(w.path("data")).unwrap();
    let reply = w.ask("describe", json!({}));
    let result = reply.result();
    assert_eq!(result["app"], "tiny");
    assert_eq!(result["version"], "1.2.3 (tiny)");
    assert_eq!(
        result["migrations"],
        json!([{"name": "m1_notes"}, {"name": "m2_tags"}, {"name": "m3_both"}, {"name": "m4_last"}])
    );
    assert_eq!(
        result["tasks"][3],
        json!({"name": "hello", "detail": "says hello and more"})
    );
    assert_eq!(
        result["scheduler"][2],
        json!({"name": "greet", "run": "hello name:scheduler", "shell": false, "schedule": "0 0 3 * * *", "tags": ["nightly"], "runOnStart": false})
    );
    assert_eq!(result["queue"], json!({"kind": "Sqlite"}));
    assert_eq!(result["operations"], json!(reeve_loco::OPERATIONS));
    assert!(!w.path("data").exists());
    let production = w.ask_in("production", "describe", json!({}), &[]);
    assert_eq!(production.result()["queue"], Value::Null);
    assert_eq!(production.result()["scheduler"], json!([]));
}

fn its_versions_are_told(w: &Workspace) {
    let reply = w.ask("version", json!({}));
    assert_eq!(
        reply.result(),
        &json!({"app": "tiny", "version": "1.2.3 (tiny)", "loco": "1.2.0", "protocol": 1, "crate": env!("CARGO_PKG_VERSION")})
    );
    // What is told of Loco is what was linked.
    let lock = include_str!("../../../Cargo.lock");
    assert!(lock.contains(&format!("name = \"loco-rs\"\nversion = \"{}\"", reeve_loco::LOCO)));
}

fn a_request_that_is_not_valid_ends_in_2(w: &Workspace) {
    for text in ["", "x", "{}", "null", "[[[", "{\"version\":1}", "\u{feff}{}", "\0"] {
        let reply = w.send(text.as_bytes(), &[]);
        reply.error("INVALID_REQUEST");
        assert_eq!(reply.json["operation"], Value::Null);
        assert_eq!(reply.json["environment"], Value::Null);
    }
    w.ask("db.migrate", json!({"steps": 0})).error("INVALID_REQUEST");
    w.ask("db.migrate", json!({"stepz": 1})).error("INVALID_REQUEST");
    w.ask("tasks.run", json!({"name": "hello", "vars": {"a\u{0}": "b"}}))
        .error("INVALID_REQUEST");
    for environment in ["../config/development", "Development", "", "a.b", "development\n"] {
        let request = json!({"version": 1, "operation": "version", "environment": environment});
        w.send(request.to_string().as_bytes(), &[]).error("INVALID_REQUEST");
    }
    assert!(!w.path("data/app.sqlite").exists(), "nothing was connected to");
}

fn a_request_that_is_too_long_is_refused(w: &Workspace) {
    let long = format!(
        r#"{{"version":1,"operation":"version","environment":"{}"}}"#,
        "x".repeat(1024 * 1024)
    );
    w.send(long.as_bytes(), &[]).error("INVALID_REQUEST");
    let deep = format!(
        r#"{{"version":1,"operation":"version","environment":"development","arguments":{}"#,
        "[".repeat(500_000)
    );
    w.send(deep.as_bytes(), &[]).error("INVALID_REQUEST");
}

fn an_operation_that_nobody_knows_is_refused(w: &Workspace) {
    for operation in ["db.reset", "db", "describe.", "toString"] {
        let request = json!({"version": 1, "operation": operation, "environment": "development"});
        let reply = w.send(request.to_string().as_bytes(), &[]);
        assert_eq!(
            reply.error("UNKNOWN_OPERATION")["details"]["operations"],
            json!(reeve_loco::OPERATIONS)
        );
    }
}

fn an_environment_without_a_configuration_is_refused(w: &Workspace) {
    for operation in ["version", "db.status", "tasks.list"] {
        let reply = w.ask_in("staging", operation, json!({}), &[]);
        assert_eq!(
            reply.error("UNKNOWN_ENVIRONMENT")["details"]["environments"],
            json!(["development", "production"])
        );
    }
}

fn the_environment_is_the_requests_alone(w: &Workspace) {
    // LOCO_ENV and the others say production.
    w.ask("db.migrate", json!({})).result();
    assert!(w.path("data/app.sqlite").exists());
    assert!(!w.path("data/production.sqlite").exists());
}

fn an_environment_may_have_a_local_file_alone(w: &Workspace) {
    std::fs::rename(w.path("config/production.yaml"), w.path("config/mine.local.yaml")).unwrap();
    w.ask_in("mine", "describe", json!({}), &[]).result();
}

fn a_configuration_that_is_broken_tells_no_secret(w: &Workspace) {
    let text = std::fs::read_to_string(w.path("config/development.yaml")).unwrap();
    w.write(
        "config/development.yaml",
        &text.replace("max_connections: 1\n  run", "max_connections: \"hunter2\"\n  run"),
    );
    let reply = w.ask("describe", json!({}));
    let message = reply.error("CONFIG_INVALID")["message"].as_str().unwrap();
    assert!(message.contains("expected u32"), "{message}");
    assert!(!reply.json.to_string().contains("hunter2"), "{message}");
    w.write("config/development.yaml", "{{ nonsense");
    w.ask("describe", json!({})).error("CONFIG_INVALID");
    w.environment(
        "development",
        "sqlite::memory:",
        "scheduler: {jobs: {a: {run: nobody, schedule: every hour}}}\n",
    );
    w.ask("describe", json!({})).error("CONFIG_INVALID");
}

fn the_wrong_folder_is_told(w: &Workspace) {
    std::fs::rename(w.path("config"), w.path("elsewhere")).unwrap();
    let reply = w.ask("db.status", json!({}));
    assert!(reply.error("CONFIG_INVALID")["message"]
        .as_str()
        .unwrap()
        .contains("LOCO_CONFIG_FOLDER"));
    w.ask_with(&[("LOCO_CONFIG_FOLDER", "elsewhere")], "db.status", json!({}))
        .result();
}

fn a_hook_that_panics_is_an_answer(w: &Workspace) {
    let reply = w.ask_with(&[("TINY_HOOK", "panic")], "db.status", json!({}));
    assert!(reply.error("INTERNAL_PANIC")["message"]
        .as_str()
        .unwrap()
        .contains("the hook panics"));
    assert!(
        reply.stderr.contains("the hook panics"),
        "the panic's own words are on standard error"
    );
}

fn a_hook_that_fails_tells_no_secret(w: &Workspace) {
    let reply = w.ask_with(&[("TINY_HOOK", "fail")], "db.status", json!({}));
    let message = reply.error("CONFIG_INVALID")["message"].as_str().unwrap();
    assert!(message.contains("the hook fails for amqp://***@queue"), "{message}");
}

fn a_reader_that_is_gone_is_no_success(w: &Workspace) {
    let (reader, writer) = std::io::pipe().unwrap();
    let (requests, mut request) = std::io::pipe().unwrap();
    let mut child = w
        .command()
        .arg("reeve")
        .stdin(requests)
        .stdout(writer)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    drop(reader);
    std::io::Write::write_all(
        &mut request,
        br#"{"version":1,"operation":"version","environment":"development"}"#,
    )
    .unwrap();
    drop(request);
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

fn more_arguments_are_not_a_request(w: &Workspace) {
    let mut command = w.command();
    command.args(["reeve", "now"]);
    let output = fed(command, b"{}");
    assert_eq!(output.status.code(), Some(2), "clap refuses what it does not know");
    assert!(output.stdout.is_empty());
}

fn the_last_line_of_a_request_needs_no_end(w: &Workspace) {
    let text = r#"{"version":1,"operation":"version","environment":"development"}"#;
    for ending in ["", "\n", "\r\n\r\n  "] {
        w.send(format!("{text}{ending}").as_bytes(), &[]).result();
    }
}
