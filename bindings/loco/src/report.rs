//! What a task says of its work, for whoever asked through this crate. In: one JSON object. Out: it stands in the answer.
//! Never: text for people in its place, or an answer that grows with what a task says.

use std::sync::{Mutex, PoisonError};

use loco_rs::{Error, Result};
use serde::Serialize;
use serde_json::Value;

/// Bytes of JSON that a report may have.
const MOST: usize = 64 * 1024;

/// One process answers one request, so there is one report.
static SAID: Mutex<Option<Value>> = Mutex::new(None);

/// Says what a task did, as one JSON object of at most 64 KiB: `tasks.run` answers with it as `report`, and where the task
/// fails afterwards it stands in the error's `details`. The last report counts. On the application's own command line this
/// does nothing but check the value.
///
/// # Errors
///
/// Where the value is no object, cannot be JSON, or is larger.
pub fn report(value: &impl Serialize) -> Result<()> {
    let value = serde_json::to_value(value)?;
    let size = value.to_string().len();
    if !value.is_object() || size > MOST {
        return Err(Error::string(&format!(
            "a report is one JSON object of at most {MOST} bytes; this one has {size}"
        )));
    }
    *SAID.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
    Ok(())
}

/// What was said, once.
pub(crate) fn take() -> Option<Value> {
    SAID.lock().unwrap_or_else(PoisonError::into_inner).take()
}
