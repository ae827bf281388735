//! `rotate-keys [expect:ID] [min_age_minutes:N]`: see `keys/rotation.rs`. IDs are printed, keys never.

use std::path::Path;

use async_trait::async_trait;
use loco_rs::app::AppContext;
use loco_rs::task::{Task, TaskInfo, Vars};
use loco_rs::{Error, Result};
use serde_json::json;

use crate::keys::{rotate, Guard, Rotation, FOLDER};

pub struct RotateKeys;

#[async_trait]
impl Task for RotateKeys {
    fn task(&self) -> TaskInfo {
        super::info(
            "rotate-keys",
            "Replaces the active key by a new random one and keeps the old one as retired",
        )
    }

    async fn run(&self, _: &AppContext, vars: &Vars) -> Result<()> {
        super::only(vars, &["expect", "min_age_minutes"])?;
        let minutes = super::number(vars, "min_age_minutes", 5, 0, 525_600)?;
        let guard = match vars.cli.get("expect") {
            Some(id) => Guard::Expect(id.clone()),
            None => Guard::MinimumAge(minutes),
        };
        let rotation =
            rotate(Path::new(FOLDER), &guard, chrono::Utc::now()).map_err(|problem| Error::string(&problem))?;
        let (outcome, retired, active) = match &rotation {
            Rotation::Created { active } => ("created", None, active),
            Rotation::Rotated { retired, active } => ("rotated", Some(retired), active),
            Rotation::Finished { retired, active } => ("finished", retired.as_ref(), active),
            Rotation::Unchanged { active, .. } => ("unchanged", None, active),
        };
        reeve_loco::report(&json!({ "outcome": outcome, "active": active, "retired": retired }))?;
        match rotation {
            Rotation::Created { active } => println!("created: {active} is the first active key"),
            Rotation::Rotated { retired, active } => println!("rotated: {retired} is retired, {active} is active"),
            Rotation::Finished { retired, active } => println!(
                "finished: an earlier rotation had been interrupted; {} is retired, {active} is active",
                retired.as_deref().unwrap_or("no key")
            ),
            Rotation::Unchanged { active, why } => println!("unchanged: {active} is active; {why}"),
        }
        Ok(())
    }
}
