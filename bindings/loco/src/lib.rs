//! Machine-readable requests and results over standard input and output for a Loco application.

use loco_rs::app::Hooks;
use sea_orm_migration::MigratorTrait;

/// Whether this process was started as `BIN reeve`: exactly the one argument.
#[must_use]
pub fn requested() -> bool {
    std::env::args_os().skip(1).eq(["reeve"])
}

/// Answers the one request on standard input, then ends the process with the answer's exit code.
///
/// # Errors
///
/// None is returned: the process has ended by then.
pub async fn answer<H: Hooks, M: MigratorTrait>() -> loco_rs::Result<()> {
    println!(
        r#"{{"version":1,"operation":null,"environment":null,"ok":false,"durationMs":0,"error":{{"code":"UNKNOWN_OPERATION","message":"{} has no operations yet"}}}}"#,
        H::app_name()
    );
    std::process::exit(2)
}
