//! `check-backup [hours:24]`: fails unless a whole backup that is young enough lies below data/backups/. Prints its path.
//! Changes nothing. Never: a link taken for a backup, or a name alone: each is opened and checked.

use std::fs;
use std::path::Path;

use async_trait::async_trait;
use chrono::{DateTime, NaiveDateTime, Utc};
use loco_rs::app::AppContext;
use loco_rs::task::{Task, TaskInfo, Vars};
use loco_rs::{Error, Result};
use serde_json::json;

use super::backup_db::{is_whole, FOLDER};

pub struct CheckBackup;

#[async_trait]
impl Task for CheckBackup {
    fn task(&self) -> TaskInfo {
        super::info(
            "check-backup",
            "Fails unless a whole backup lies there that is younger than so many hours (24)",
        )
    }

    async fn run(&self, _: &AppContext, vars: &Vars) -> Result<()> {
        super::only(vars, &["hours"])?;
        let hours = super::number(vars, "hours", 24, 1, 87_600)?;
        let now = Utc::now();
        let found = backups(Path::new(FOLDER))?;
        let young = found
            .iter()
            .filter(|(_, made)| (now - *made).num_minutes() < hours * 60);
        let mut damaged = Vec::new();
        for (name, made) in young {
            let path = format!("{FOLDER}/{name}");
            if let Err(error) = is_whole(&path).await {
                damaged.push(format!("{path}: {error}"));
                continue;
            }
            let minutes = (now - *made).num_minutes().max(0);
            reeve_loco::report(&json!({ "file": path, "ageMinutes": minutes }))?;
            println!("{path} is whole and {minutes} minutes old");
            return Ok(());
        }
        let newest = found.first().map_or_else(
            || format!("there is no backup below {FOLDER}/"),
            |(name, _)| format!("the newest below {FOLDER}/ is {name}"),
        );
        let damaged = match damaged.as_slice() {
            [] => String::new(),
            all => format!(" (damaged: {})", all.join("; ")),
        };
        Err(Error::string(&format!(
            "no whole backup is younger than {hours} hours: {newest}{damaged}. Run backup-db"
        )))
    }
}

/// Regular files that `backup-db` named, newest first, with the time in their names. A time that lies ahead is no
/// evidence: such a file is passed over.
fn backups(folder: &Path) -> Result<Vec<(String, DateTime<Utc>)>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let ahead = Utc::now() + chrono::Duration::minutes(1);
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let made = name
            .strip_suffix(".sqlite")
            .and_then(|time| NaiveDateTime::parse_from_str(time, "%Y%m%dT%H%M%S%3fZ").ok())
            .map(|time| time.and_utc());
        match made {
            Some(made) if made <= ahead && entry.file_type()?.is_file() => found.push((name, made)),
            _ => {}
        }
    }
    found.sort_by_key(|(_, made)| std::cmp::Reverse(*made));
    Ok(found)
}
