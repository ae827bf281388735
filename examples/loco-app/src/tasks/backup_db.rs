//! `backup-db`: a whole copy of the database under data/backups/, made by SQLite while others may read and write, and
//! checked. Prints its path. Never: a file of that name that is not whole.

use std::fs::{self, File};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use async_trait::async_trait;
use loco_rs::app::AppContext;
use loco_rs::task::{Task, TaskInfo, Vars};
use loco_rs::{Error, Result};
use sea_orm_migration::sea_orm::{ConnectOptions, ConnectionTrait, Database, DbBackend, DbErr, Statement};
use serde_json::json;

pub const FOLDER: &str = "data/backups";

pub struct BackupDb;

#[async_trait]
impl Task for BackupDb {
    fn task(&self) -> TaskInfo {
        super::info("backup-db", "Copies the database to data/backups/ and checks the copy")
    }

    async fn run(&self, context: &AppContext, vars: &Vars) -> Result<()> {
        super::only(vars, &[])?;
        fs::DirBuilder::new().recursive(true).mode(0o700).create(FOLDER)?;
        let name = chrono::Utc::now().format("%Y%m%dT%H%M%S%3fZ");
        let path = format!("{FOLDER}/{name}.sqlite");
        let partial = format!("{path}.partial");
        let made = copy(context, &partial).await;
        if made.is_err() {
            // It says what went wrong; that the rest can't be removed adds nothing.
            let _ = fs::remove_file(&partial);
        }
        made?;
        // Not `rename`: a backup is never written over.
        fs::hard_link(&partial, &path)?;
        fs::remove_file(&partial)?;
        File::open(FOLDER)?.sync_all()?;
        let bytes = fs::metadata(&path)?.len();
        reeve_loco::report(&json!({ "file": path, "bytes": bytes }))?;
        println!("{path}");
        Ok(())
    }
}

async fn copy(context: &AppContext, path: &str) -> Result<()> {
    let vacuum = Statement::from_sql_and_values(DbBackend::Sqlite, "VACUUM INTO ?", [path.into()]);
    context.db.execute_raw(vacuum).await?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    File::open(Path::new(path))?.sync_all()?;
    is_whole(path)
        .await
        .map_err(|why| Error::string(&format!("the copy is damaged ({why}), and so the database may be")))
}

/// Reads a whole database file, and says what is wrong with it. Writes nothing, not even beside it.
pub async fn is_whole(path: &str) -> std::result::Result<(), String> {
    match checked(path).await {
        Ok(answer) if answer.as_deref() == Some("ok") => Ok(()),
        Ok(answer) => Err(answer.unwrap_or_else(|| "no answer".to_owned())),
        Err(error) => Err(error.to_string()),
    }
}

async fn checked(path: &str) -> std::result::Result<Option<String>, DbErr> {
    let mut options = ConnectOptions::new(format!("sqlite://{path}?mode=ro&immutable=true"));
    options.max_connections(1).sqlx_logging(false);
    let copied = Database::connect(options).await?;
    let check = Statement::from_string(DbBackend::Sqlite, "PRAGMA integrity_check");
    let answer = copied.query_one_raw(check).await?;
    let answer = answer.map(|row| row.try_get_by_index(0)).transpose()?;
    copied.close().await?;
    Ok(answer)
}
