//! `clean-temp [hours:24] [dry_run:no]`: deletes files under tmp/ that were last changed longer ago than that. Never: a
//! link followed, a file outside tmp/, a folder removed. Folders are walked by descriptor: one that is swapped for a link
//! meanwhile leads nowhere.

use std::ffi::CString;
use std::os::fd::{AsFd, OwnedFd};

use async_trait::async_trait;
use loco_rs::app::AppContext;
use loco_rs::task::{Task, TaskInfo, Vars};
use loco_rs::{Error, Result};
use rustix::fs::{openat, statat, unlinkat, AtFlags, Dir, FileType, Mode, OFlags, CWD};
use rustix::io::Errno;
use serde_json::json;

const FOLDER: &str = "tmp";
/// Deeper folders are left alone.
const DEEPEST: u32 = 64;

pub struct CleanTemp;

#[derive(Default)]
struct Counts {
    deleted: (u64, u64),
    kept: (u64, u64),
    left_alone: u64,
}

struct Sweep {
    /// Seconds since 1970; older files go.
    before: i64,
    dry: bool,
    counts: Counts,
}

#[async_trait]
impl Task for CleanTemp {
    fn task(&self) -> TaskInfo {
        super::info(
            "clean-temp",
            "Deletes files under tmp/ that are older than so many hours (24)",
        )
    }

    async fn run(&self, _: &AppContext, vars: &Vars) -> Result<()> {
        super::only(vars, &["hours", "dry_run"])?;
        let hours = super::number(vars, "hours", 24, 1, 87_600)?;
        let mut sweep = Sweep {
            before: chrono::Utc::now().timestamp() - hours * 3600,
            dry: super::flag(vars, "dry_run")?,
            counts: Counts::default(),
        };
        let root = openat(CWD, FOLDER, folder(), Mode::empty()).map_err(|error| {
            Error::string(&format!(
                "{FOLDER}/ can't be opened as a folder: {error}. Nothing was deleted"
            ))
        })?;
        let outcome = sweep.folder(&root, 0);
        let counts = &sweep.counts;
        // With `dryRun`, what would be deleted.
        reeve_loco::report(&json!({
            "dryRun": sweep.dry,
            "deleted": counts.deleted.0,
            "deletedBytes": counts.deleted.1,
            "kept": counts.kept.0,
            "keptBytes": counts.kept.1,
            "leftAlone": counts.left_alone,
        }))?;
        let verb = if sweep.dry { "would delete" } else { "deleted" };
        println!("{verb}: {} files, {} bytes", counts.deleted.0, counts.deleted.1);
        println!("kept: {} files, {} bytes", counts.kept.0, counts.kept.1);
        println!("left alone: {} links and others", counts.left_alone);
        outcome.map_err(|(name, error)| {
            Error::string(&format!(
                "{name} can't be dealt with: {error}. What was deleted until then is counted above"
            ))
        })
    }
}

fn folder() -> OFlags {
    OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC
}

type Trouble = (String, Errno);

impl Sweep {
    fn folder(&mut self, at: &OwnedFd, depth: u32) -> std::result::Result<(), Trouble> {
        let mut names: Vec<CString> = Vec::new();
        for entry in Dir::read_from(at).map_err(|error| (FOLDER.to_owned(), error))? {
            let entry = entry.map_err(|error| (FOLDER.to_owned(), error))?;
            if ![&b"."[..], b".."].contains(&entry.file_name().to_bytes()) {
                names.push(entry.file_name().to_owned());
            }
        }
        names.sort();
        for name in names {
            match self.entry(at, &name, depth) {
                // Somebody else was quicker: it is gone, or something else now.
                Ok(()) | Err((_, Errno::NOENT | Errno::LOOP | Errno::NOTDIR)) => {}
                Err(trouble) => return Err(trouble),
            }
        }
        Ok(())
    }

    fn entry(&mut self, at: &OwnedFd, name: &CString, depth: u32) -> std::result::Result<(), Trouble> {
        let trouble = |error| (format!("{name:?}"), error);
        let found = statat(at.as_fd(), name, AtFlags::SYMLINK_NOFOLLOW).map_err(trouble)?;
        match FileType::from_raw_mode(found.st_mode) {
            FileType::Directory if depth < DEEPEST => {
                let inner = openat(at.as_fd(), name, folder(), Mode::empty()).map_err(trouble)?;
                self.folder(&inner, depth + 1)
            }
            FileType::RegularFile => {
                let bytes = u64::try_from(found.st_size).unwrap_or(0);
                let counted = if found.st_mtime < self.before {
                    if !self.dry {
                        unlinkat(at.as_fd(), name, AtFlags::empty()).map_err(trouble)?;
                    }
                    &mut self.counts.deleted
                } else {
                    &mut self.counts.kept
                };
                counted.0 += 1;
                counted.1 += bytes;
                Ok(())
            }
            _ => {
                self.counts.left_alone += 1;
                Ok(())
            }
        }
    }
}
