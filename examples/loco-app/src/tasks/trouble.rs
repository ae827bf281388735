//! Tasks that go wrong on purpose, for those who operate: what do a timeout, a panic, a flood look like? Registered in
//! development alone.

use std::io::Write;
use std::time::Duration;

use async_trait::async_trait;
use loco_rs::app::AppContext;
use loco_rs::task::{Task, TaskInfo, Tasks, Vars};
use loco_rs::{Error, Result};

/// Registers them all.
pub fn register(tasks: &mut Tasks) {
    tasks.register(Ansi);
    tasks.register(Fail);
    tasks.register(Flood);
    tasks.register(NotUtf8);
    tasks.register(Panic);
    tasks.register(Sleep);
}

/// A task of this name.
macro_rules! task {
    ($task:ident, $name:literal, $detail:literal, |$vars:ident| $body:expr) => {
        struct $task;

        #[async_trait]
        impl Task for $task {
            fn task(&self) -> TaskInfo {
                super::info($name, $detail)
            }

            async fn run(&self, _: &AppContext, $vars: &Vars) -> Result<()> {
                $body
            }
        }
    };
}

task!(
    Ansi,
    "ansi",
    "Prints colours, a title and a link for terminals",
    |vars| {
        super::only(vars, &[])?;
        print(
            "\u{1b}[31mred\u{1b}[0m \u{1b}]0;title\u{7} \u{1b}]8;;https://example.org\u{1b}\\link\u{1b}]8;;\u{1b}\\\n",
        )
    }
);
task!(Fail, "fail", "Prints a line and fails", |vars| {
    super::only(vars, &["message"])?;
    println!("this was done before it failed");
    Err(Error::string(vars.cli.get("message").map_or("boom", String::as_str)))
});
task!(Flood, "flood", "Prints so many MiB (8) of lines", |vars| {
    super::only(vars, &["mebibytes"])?;
    let mebibytes = super::number(vars, "mebibytes", 8, 1, 1024)?;
    let line = format!("{}\n", "0123456789abcde".repeat(17));
    for _ in 0..mebibytes * 1024 * 4 {
        print(&line)?;
    }
    Ok(())
});
task!(NotUtf8, "not-utf8", "Prints bytes that are not UTF-8", |vars| {
    super::only(vars, &[])?;
    std::io::stdout().write_all(b"before \xff\xfe\xc3\x28 after\n")?;
    Ok(())
});
task!(Panic, "panic", "Panics", |vars| {
    super::only(vars, &[])?;
    panic!("this task panics on purpose")
});
task!(Sleep, "sleep", "Sleeps for so many seconds (30)", |vars| {
    super::only(vars, &["seconds"])?;
    let seconds = super::number(vars, "seconds", 30, 0, 3600)?;
    println!("sleeping for {seconds} seconds");
    tokio::time::sleep(Duration::from_secs(seconds.unsigned_abs())).await;
    println!("slept");
    Ok(())
});

fn print(text: &str) -> Result<()> {
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(())
}
