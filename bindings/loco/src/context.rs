//! The application, connected. In: an environment with its configuration. Out: Loco's context, as each of the
//! application's own subcommands makes it, or an error that says what could not be reached.

use std::time::Duration;

use loco_rs::app::{AppContext, Hooks};

use crate::config::Chosen;
use crate::failure::{trouble, words, Code, Failure, Trouble};

/// Connects to the database and the queue and begins logging (to standard error), as Loco's own `main` does.
pub(crate) async fn open<H: Hooks>(chosen: Chosen) -> Result<AppContext, Failure> {
    let Chosen { environment, config } = chosen;
    let context = loco_rs::boot::create_context::<H>(&environment, config)
        .await
        .map_err(|error| not_made(&error))?;
    let begun = match H::init_logger(&context) {
        Ok(true) => Ok(()),
        Ok(false) => loco_rs::logger::init::<H>(&context.config.logger),
        Err(error) => Err(error),
    };
    begun.map_err(|error| {
        Failure::new(
            Code::ConfigInvalid,
            format!("the logger could not be set up: {}", words(&error)),
        )
    })?;
    Ok(context)
}

/// Closes the database before the process ends, so that SQLite can fold its write-ahead log into the file. A
/// close that takes long is given up: the log is found and folded by whoever opens the database next.
pub(crate) async fn close(context: AppContext) {
    let AppContext { db, queue_provider, .. } = context;
    drop(queue_provider);
    let _ = tokio::time::timeout(Duration::from_secs(5), db.close()).await;
}

fn not_made(error: &loco_rs::Error) -> Failure {
    let words = words(error);
    match trouble(error) {
        Trouble::Locked => Failure::locked("opening the database or the queue", &words),
        Trouble::Unavailable => Failure::new(
            Code::DatabaseUnavailable,
            format!("the database or the queue could not be opened: {words}. Check `database.uri` and `queue.uri` of the environment, and that the folder exists and may be written"),
        ),
        Trouble::Other => match error {
            loco_rs::Error::DB(_) => Failure::new(
                Code::DatabaseUnavailable,
                format!("the database could not be opened: {words}. Check `database.uri` of the environment"),
            ),
            _ => Failure::new(
                Code::ConfigInvalid,
                format!("the application could not be set up for this environment: {words}"),
            ),
        },
    }
}
