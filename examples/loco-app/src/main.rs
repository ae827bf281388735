//! The binary. In: Loco's own command line, or `reeve` and one request on standard input. Out: what they print.

mod app;
mod keys;
mod migrations;
mod tasks;
mod workers;

// A thread for each processor would be too many for a sandbox with few processes, on a machine with many processors.
#[tokio::main(worker_threads = 2)]
async fn main() -> loco_rs::Result<()> {
    // The few lines by which a Loco application answers Reeve in JSON.
    if reeve_loco::requested() {
        return reeve_loco::answer::<app::App, migrations::Migrator>().await;
    }
    loco_rs::cli::main::<app::App, migrations::Migrator>().await
}
