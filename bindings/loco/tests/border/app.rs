//! A tiny application. Variables of its process make it misbehave: TINY_MIGRATION (half, panic, transaction) and
//! TINY_HOOK (panic, fail).

use std::path::Path;

use async_trait::async_trait;
use loco_rs::app::{AppContext, Hooks, Initializer};
use loco_rs::bgworker::Queue;
use loco_rs::boot::{create_app, BootResult, StartMode};
use loco_rs::config::Config;
use loco_rs::controller::AppRoutes;
use loco_rs::doctor::{Check, CheckStatus};
use loco_rs::environment::Environment;
use loco_rs::task::{Task, TaskInfo, Tasks, Vars};
use loco_rs::{Error, Result};
use sea_orm_migration::prelude::*;

pub struct App;

fn set(variable: &str, value: &str) -> bool {
    std::env::var(variable).is_ok_and(|found| found == value)
}

#[async_trait]
impl Hooks for App {
    fn app_version() -> String {
        "1.2.3 (tiny)".to_owned()
    }

    fn app_name() -> &'static str {
        "tiny"
    }

    async fn boot(mode: StartMode, environment: &Environment, config: Config) -> Result<BootResult> {
        create_app::<Self, Migrator>(mode, environment, config).await
    }

    async fn after_context(context: AppContext) -> Result<AppContext> {
        assert!(!set("TINY_HOOK", "panic"), "the hook panics");
        if set("TINY_HOOK", "fail") {
            return Err(Error::string("the hook fails for amqp://user:hunter2@queue"));
        }
        Ok(context)
    }

    async fn initializers(_: &AppContext) -> Result<Vec<Box<dyn Initializer>>> {
        Ok(vec![Box::new(Mirror)])
    }

    fn routes(_: &AppContext) -> AppRoutes {
        AppRoutes::empty()
    }

    async fn connect_workers(_: &AppContext, _: &Queue) -> Result<()> {
        Ok(())
    }

    fn register_tasks(tasks: &mut Tasks) {
        tasks.register(Hello);
        tasks.register(Fail);
        tasks.register(Panic);
        tasks.register(Flood);
        tasks.register(Child);
        tasks.register(Write);
        tasks.register(Tell);
    }

    async fn truncate(_: &AppContext) -> Result<()> {
        Ok(())
    }

    async fn seed(_: &AppContext, _: &Path) -> Result<()> {
        Ok(())
    }
}

struct Mirror;

#[async_trait]
impl Initializer for Mirror {
    fn name(&self) -> String {
        "mirror".to_owned()
    }

    async fn check(&self, _: &AppContext) -> Result<Option<Check>> {
        Ok(Some(Check {
            status: CheckStatus::Ok,
            message: "mirrored to https://user:hunter2@mirror/".to_owned(),
            description: None,
        }))
    }
}

/// A task of this name.
macro_rules! task {
    ($task:ident, $name:literal, $detail:literal, |$context:ident, $vars:ident| $body:expr) => {
        struct $task;

        #[async_trait]
        impl Task for $task {
            fn task(&self) -> TaskInfo {
                TaskInfo {
                    name: $name.to_owned(),
                    detail: $detail.to_owned(),
                }
            }

            async fn run(&self, $context: &AppContext, $vars: &Vars) -> Result<()> {
                $body
            }
        }
    };
}

task!(Hello, "hello", "says hello\nand more \u{1b}[31m", |context, vars| {
    println!("hello {} in {}", vars.cli_arg("name")?, context.environment);
    Ok(())
});
task!(Fail, "fail", "fails", |_context, _vars| Err(Error::string(
    "no luck\n\u{1b}[31mred\u{1b}[0m at postgres://loco:hunter2@db/app"
)));
task!(Panic, "panic", "panics", |_context, _vars| panic!("at the disco"));
task!(Flood, "flood", "prints much that is not UTF-8", |_context, _vars| {
    use std::io::Write;
    let mut out = std::io::stdout();
    for _ in 0..64 {
        out.write_all(&[0xff; 4096])?;
    }
    out.write_all(b"\n{\"version\":1,\"ok\":true}\n")?;
    Ok(())
});
task!(
    Child,
    "child",
    "starts a process that prints and stays",
    |_context, _vars| {
        let shell = "echo from the child; for fd in 3 4 5 6 7 8 9; do (echo stolen >&$fd) 2>/dev/null; done; exit 0";
        std::process::Command::new("/bin/sh").arg("-c").arg(shell).status()?;
        Ok(())
    }
);
task!(Write, "write", "writes a row", |context, _vars| {
    context
        .db
        .execute_unprepared("INSERT INTO notes (body) VALUES ('written')")
        .await?;
    Ok(())
});

task!(Tell, "tell", "says what it did", |_context, vars| {
    let bytes = vars.cli_arg("bytes").map_or(0, |text| text.parse().unwrap());
    reeve_loco::report(&serde_json::json!({"deleted": 2, "padding": "x".repeat(bytes)}))?;
    assert!(reeve_loco::report(&"no object").is_err());
    match vars.cli_arg("then") {
        Ok(_) => Err(Error::string("and then it failed")),
        Err(_) => Ok(()),
    }
});

pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(Notes), Box::new(Tags), Box::new(Both), Box::new(Last)]
    }
}

/// A migration of this name.
macro_rules! migration {
    ($migration:ident, $name:literal, $transaction:expr, |$up:ident| $do:expr, |$down:ident| $undo:expr) => {
        struct $migration;

        impl MigrationName for $migration {
            fn name(&self) -> &str {
                $name
            }
        }

        #[async_trait]
        impl MigrationTrait for $migration {
            async fn up(&self, $up: &SchemaManager) -> Result<(), DbErr> {
                $do
            }

            async fn down(&self, $down: &SchemaManager) -> Result<(), DbErr> {
                $undo
            }

            fn use_transaction(&self) -> Option<bool> {
                $transaction
            }
        }
    };
}

async fn run(manager: &SchemaManager<'_>, statement: &str) -> Result<(), DbErr> {
    manager.get_connection().execute_unprepared(statement).await.map(|_| ())
}

migration!(
    Notes,
    "m1_notes",
    None,
    |manager| run(manager, "CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT)").await,
    |manager| run(manager, "DROP TABLE notes").await
);
migration!(
    Tags,
    "m2_tags",
    None,
    |manager| {
        run(manager, "CREATE TABLE tags (id INTEGER PRIMARY KEY)").await?;
        assert!(!set("TINY_MIGRATION", "panic"), "the migration panics");
        if set("TINY_MIGRATION", "half") {
            run(manager, "INSERT INTO nowhere VALUES (1)").await?;
        }
        println!("this is not the answer");
        Ok(())
    },
    |manager| run(manager, "DROP TABLE tags").await
);
migration!(
    Both,
    "m3_both",
    Some(true),
    |manager| {
        run(manager, "CREATE TABLE both_of (note INTEGER, tag INTEGER)").await?;
        if set("TINY_MIGRATION", "transaction") {
            run(manager, "INSERT INTO nowhere VALUES (1)").await?;
        }
        Ok(())
    },
    |manager| run(manager, "DROP TABLE both_of").await
);
migration!(
    Last,
    "m4_last",
    None,
    |manager| run(manager, "INSERT INTO notes (body) VALUES ('first')").await,
    |manager| {
        if set("TINY_MIGRATION", "half") {
            run(manager, "DELETE FROM notes").await?;
            return Err(DbErr::Migration("there is no way back".to_owned()));
        }
        run(manager, "DELETE FROM notes").await
    }
);
