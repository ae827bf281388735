//! Arguments at their bounds and beyond.

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
    for value in [json!(1.5), json!(null), json!(["x"]), json!({"a": 1})] {
        refused("tasks.run", json!({"name": "a", "vars": {"k": value}}));
    }
    for (value, text) in [
        (json!(-7), "-7"),
        (json!(true), "yes"),
        (json!(false), "no"),
        (json!("1"), "1"),
    ] {
        let Ok(Operation::RunTask { vars, .. }) = of("tasks.run", json!({"name": "a", "vars": {"k": value}})) else {
            panic!("{value} was refused");
        };
        assert_eq!(vars["k"], text);
    }
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
