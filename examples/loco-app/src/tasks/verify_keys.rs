//! `verify-keys`: holds every key against the keyring; changes nothing. Fails on the first that is not as it says.

use std::path::Path;

use async_trait::async_trait;
use loco_rs::app::AppContext;
use loco_rs::task::{Task, TaskInfo, Vars};
use loco_rs::{Error, Result};
use serde_json::json;

use crate::keys::{verify, FOLDER};

pub struct VerifyKeys;

#[async_trait]
impl Task for VerifyKeys {
    fn task(&self) -> TaskInfo {
        super::info(
            "verify-keys",
            "Checks the active and the retired keys against the keyring",
        )
    }

    async fn run(&self, _: &AppContext, vars: &Vars) -> Result<()> {
        super::only(vars, &[])?;
        let keyring = verify(Path::new(FOLDER)).map_err(|problem| Error::string(&problem))?;
        let age = chrono::Utc::now() - keyring.active.created_at;
        reeve_loco::report(&json!({
            "active": keyring.active.id,
            "ageMinutes": age.num_minutes().max(0),
            "createdAt": keyring.active.created_at,
            "retired": keyring.retired.len(),
        }))?;
        println!(
            "verified: {} is active, {} retired",
            keyring.active.id,
            keyring.retired.len()
        );
        Ok(())
    }
}
