//! The border, tested from outside. Without arguments of Loco's or the crate's this binary runs the tests, each of
//! which starts it anew as the application in `app.rs`, with a request on standard input.

mod app;
mod cases;
mod workspace;

use std::panic::{catch_unwind, AssertUnwindSafe};

/// A test: what it says and what it does in a workspace of its own.
pub type Case = (&'static str, fn(&workspace::Workspace));

fn main() -> loco_rs::Result<()> {
    // As README.md advises: one thread for an answer, so that a limit on processes cannot be met.
    if reeve_loco::requested() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        return runtime.block_on(reeve_loco::answer::<app::App, app::Migrator>());
    }
    // What the scheduler starts, and what a person would type.
    if std::env::args()
        .nth(1)
        .is_some_and(|first| first == "task" || first == "reeve")
    {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        return runtime.block_on(loco_rs::cli::main::<app::App, app::Migrator>());
    }
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    if run(&wanted) > 0 {
        std::process::exit(101);
    }
    Ok(())
}

/// Runs the tests whose names contain one of the wanted words (or all), and returns how many failed.
fn run(wanted: &[String]) -> usize {
    let (mut passed, mut failed) = (0, Vec::new());
    for (name, case) in cases::all() {
        if !wanted.is_empty() && !wanted.iter().any(|word| name.contains(word.as_str())) {
            continue;
        }
        let workspace = workspace::Workspace::new();
        if catch_unwind(AssertUnwindSafe(|| case(&workspace))).is_ok() {
            println!("test {name} ... ok");
            passed += 1;
        } else {
            println!("test {name} ... FAILED");
            failed.push(name);
        }
    }
    println!("\n{passed} passed; {} failed {failed:?}", failed.len());
    failed.len()
}
