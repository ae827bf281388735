//! A Loco application says what it did, in JSON: one request on standard input, one answer on standard output.
//!
//! The application adds this crate and a few lines:
//!
//! ```ignore
//! #[tokio::main]
//! async fn main() -> loco_rs::Result<()> {
//!     if reeve_loco::requested() {
//!         return reeve_loco::answer::<App, Migrator>().await;
//!     }
//!     loco_rs::cli::main::<App, Migrator>().await
//! }
//! ```
//!
//! `BIN reeve` then reads one request (at most 1 MiB) and writes one line:
//!
//! ```json
//! {"version":1,"operation":"db.migrate","environment":"development","arguments":{"steps":1}}
//! {"version":1,"operation":"db.migrate","environment":"development","ok":true,"durationMs":12,"result":{}}
//! ```
//!
//! What must never happen: a line on the real standard output that is not the answer, a panic that leaves
//! no answer, an environment that the request did not name.
//!
//! README.md has the operations, their results and the error codes.

mod answering;
mod border;
mod bounds;
mod config;
mod context;
mod describe;
mod doctor;
mod failure;
mod jobs;
mod jobs_store;
mod migrations;
mod migrations_run;
mod migrations_state;
mod operation;
mod plain;
mod process;
mod report;
mod request;
mod scheduler;
mod strict;
mod tasks;

pub use answering::{answer, requested};
pub use failure::Code;
pub use operation::OPERATIONS;
pub use report::report;

/// The version of the protocol: of requests that are understood and of answers that are given.
pub const PROTOCOL: u32 = 1;

/// The version of Loco that this crate was built against; its dependency on it is exact.
pub const LOCO: &str = "1.2.0";
