//! Whether the keys are what the keyring says. In: the folder. Out: the keyring, or the first thing that is wrong.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{Key, Keyring, Listed};

/// Reads every key that the keyring in `folder` names and holds them against it. Changes nothing.
pub fn verify(folder: &Path) -> Result<Keyring, String> {
    let Some(keyring) = Keyring::read(&folder.join("keyring.json"))? else {
        return Err(format!(
            "{}/keyring.json is not there: run rotate-keys",
            folder.display()
        ));
    };
    check(&folder.join("active.key"), &keyring.active)?;
    for key in &keyring.retired {
        check(&folder.join("retired").join(format!("{}.key", key.id)), key)?;
    }
    Ok(keyring)
}

fn check(path: &Path, listed: &Listed) -> Result<(), String> {
    let key = Key::read(path)?.ok_or_else(|| format!("{} is not there; restore it from a backup", path.display()))?;
    if !listed.is(&key) {
        return Err(format!(
            "{} is {}, and keyring.json says {}: a rotation was interrupted (rotate-keys finishes it), or somebody else \
             changed these files",
            path.display(),
            key.id(),
            listed.id
        ));
    }
    let mode = path
        .metadata()
        .map_err(|error| format!("{} can't be read: {error}", path.display()))?
        .permissions()
        .mode()
        & 0o777;
    if mode & 0o077 != 0 {
        return Err(format!(
            "{} has mode {mode:o}: others may read it. Run: chmod 600",
            path.display()
        ));
    }
    Ok(())
}
