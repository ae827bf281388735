//! A new key in place of the active one. In: the folder and a guard. Out: which keys they are. Never: a moment at which
//! a crash loses a key, or leaves files of which the next run can't tell what was under way.
//!
//! In this order, each step on the disk before the next:
//! 1. `retired/OLD.key`: a crash after it leaves the old key there twice, and active; the next run starts anew.
//! 2. `active.key`: a crash after it leaves an active key that the keyring does not know, and the one that it calls
//!    active among the retired; the next run finishes with step 3 and rotates no further.
//! 3. `keyring.json`: done.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use chrono::{DateTime, SubsecRound, Utc};

use super::{files, Key, Keyring, Listed};

/// What keeps a rotation that is asked for twice from being done twice.
pub enum Guard {
    /// Rotate if this is the active key's ID; if it has been retired, somebody did that already.
    Expect(String),
    /// Rotate if the active key is at least so many minutes old.
    MinimumAge(i64),
}

/// What became of it.
pub enum Rotation {
    /// There was no key.
    Created {
        active: String,
    },
    Rotated {
        retired: String,
        active: String,
    },
    /// An earlier rotation had been interrupted.
    Finished {
        retired: Option<String>,
        active: String,
    },
    /// The guard held it back.
    Unchanged {
        active: String,
        why: String,
    },
}

/// Rotates the key in `folder` at the time `now`; makes the folder and a first key where there is none.
pub fn rotate(folder: &Path, guard: &Guard, now: DateTime<Utc>) -> Result<Rotation, String> {
    let now = now.trunc_subsecs(0);
    let retired_folder = folder.join("retired");
    for each in [folder, &retired_folder] {
        files::folder(each).map_err(|error| format!("{} can't be made: {error}", each.display()))?;
    }
    let _held = lock(folder)?;
    let active = Key::read(&folder.join("active.key"))?;
    let keyring = Keyring::read(&folder.join("keyring.json"))?;

    match (active, keyring) {
        (None, None) => create(folder, now),
        (None, Some(keyring)) => Err(format!(
            "active.key is not there, and keyring.json says that it is {}. Restore it from a backup; nothing was changed",
            keyring.active.id
        )),
        // The very first key was written, and its keyring was not.
        (Some(active), None) => {
            if std::fs::read_dir(&retired_folder).is_ok_and(|mut entries| entries.next().is_some()) {
                return Err("keyring.json is not there, and there are retired keys. Restore it from a backup; nothing \
                            was changed"
                    .to_owned());
            }
            save(folder, &Keyring::new(Listed::new(&active, now), Vec::new()))?;
            Ok(Rotation::Finished {
                retired: None,
                active: active.id().to_owned(),
            })
        }
        (Some(active), Some(keyring)) if keyring.active.is(&active) => replace(folder, &active, keyring, guard, now),
        (Some(active), Some(keyring)) => finish(folder, &active, keyring, now),
    }
}

fn create(folder: &Path, now: DateTime<Utc>) -> Result<Rotation, String> {
    let key = Key::random()?;
    put(&folder.join("active.key"), &key.content())?;
    save(folder, &Keyring::new(Listed::new(&key, now), Vec::new()))?;
    Ok(Rotation::Created {
        active: key.id().to_owned(),
    })
}

fn replace(folder: &Path, old: &Key, keyring: Keyring, guard: &Guard, now: DateTime<Utc>) -> Result<Rotation, String> {
    if let Some(why) = held_back(&keyring, guard, now)? {
        return Ok(Rotation::Unchanged {
            active: keyring.active.id,
            why,
        });
    }
    let new = Key::random()?;
    put(
        &folder.join("retired").join(format!("{}.key", old.id())),
        &old.content(),
    )?;
    put(&folder.join("active.key"), &new.content())?;
    save(folder, &after(keyring, &new, now))?;
    Ok(Rotation::Rotated {
        retired: old.id().to_owned(),
        active: new.id().to_owned(),
    })
}

/// Why a rotation is not due. An ID that nobody knows is an error.
fn held_back(keyring: &Keyring, guard: &Guard, now: DateTime<Utc>) -> Result<Option<String>, String> {
    match guard {
        Guard::Expect(id) if *id == keyring.active.id => Ok(None),
        Guard::Expect(id) if keyring.retired.iter().any(|key| key.id == *id) => {
            Ok(Some(format!("{id} has been retired already")))
        }
        Guard::Expect(id) => Err(format!(
            "expect is {id}, the active key is {}, and the keyring knows no other of that name. Nothing was changed; ask \
             verify-keys which key is active",
            keyring.active.id
        )),
        Guard::MinimumAge(minutes) => {
            let young = (now - keyring.active.created_at).num_minutes() < *minutes;
            Ok(young.then(|| format!("it is younger than {minutes} minutes")))
        }
    }
}

fn finish(folder: &Path, active: &Key, keyring: Keyring, now: DateTime<Utc>) -> Result<Rotation, String> {
    let old = keyring.active.id.clone();
    let retired = Key::read(&folder.join("retired").join(format!("{old}.key")))?;
    if !retired.is_some_and(|retired| keyring.active.is(&retired)) {
        return Err(format!(
            "active.key is {}, keyring.json says {old}, and {old} is not among the retired. Somebody else changed these \
             files; restore them from a backup. Nothing was changed",
            active.id()
        ));
    }
    save(folder, &after(keyring, active, now))?;
    Ok(Rotation::Finished {
        retired: Some(old),
        active: active.id().to_owned(),
    })
}

fn after(keyring: Keyring, active: &Key, now: DateTime<Utc>) -> Keyring {
    let mut retired = keyring.retired;
    retired.insert(
        0,
        Listed {
            retired_at: Some(now),
            ..keyring.active
        },
    );
    Keyring::new(Listed::new(active, now), retired)
}

fn save(folder: &Path, keyring: &Keyring) -> Result<(), String> {
    put(&folder.join("keyring.json"), &keyring.content())
}

fn put(path: &Path, content: &str) -> Result<(), String> {
    files::put(path, content.as_bytes()).map_err(|error| {
        format!(
            "{} can't be written: {error}. Run rotate-keys again once it can: it goes on where it stopped",
            path.display()
        )
    })
}

/// Held until it is dropped, or the process is dead.
fn lock(folder: &Path) -> Result<File, String> {
    let path = folder.join("rotation.lock");
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(|error| format!("{} can't be opened: {error}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err("another rotation is under way. Nothing was changed; wait for its end".to_owned())
        }
        Err(TryLockError::Error(error)) => Err(format!("{} can't be locked: {error}", path.display())),
    }
}
