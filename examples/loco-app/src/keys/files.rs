//! Files that are there whole or not at all. A crash at any moment leaves the old content or the new one under the
//! real name, and at most a `.new` beside it, which the next write takes away.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// More than a key or a keyring ever has.
const LARGEST: u64 = 1024 * 1024;

/// Makes a folder that only its owner may enter, unless it is there.
pub fn folder(path: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// The content of a regular file, or `None` where there is none. A link is an error: it is not followed.
pub fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let no_follow = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).expect("a flag of open");
    let file = match OpenOptions::new().read(true).custom_flags(no_follow).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut content = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut content)?;
    if content.len() as u64 > LARGEST {
        return Err(io::Error::other("it has more than 1 MiB"));
    }
    Ok(Some(content))
}

/// Writes a file of mode 0600: beside it, to the disk, and only then under its name, which is on the disk when this
/// returns.
pub fn put(path: &Path, content: &[u8]) -> io::Result<()> {
    let beside = beside(path);
    // What an earlier run left that was killed while writing.
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    File::open(path.parent().expect("a file in a folder"))?.sync_all()
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().expect("a file has a name").to_owned();
    name.push(".new");
    path.with_file_name(name)
}
