//! A key, and the list of keys. In: bytes of files. Out: values, or what is wrong with the file. An ID is made from
//! the key, so that file and list can be held against each other.

use chrono::{DateTime, Utc};
use ring::digest::{digest, SHA256};
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};

use super::files;
use std::path::Path;

const BYTES: usize = 32;

/// A secret key; it can't be printed.
pub struct Key {
    text: String,
    pub sha256: String,
}

impl Key {
    pub fn random() -> Result<Self, String> {
        let mut bytes = [0; BYTES];
        SystemRandom::new()
            .fill(&mut bytes)
            .map_err(|_| "the system gave no random bytes; nothing was changed".to_owned())?;
        Ok(Self::of(&bytes))
    }

    fn of(bytes: &[u8; BYTES]) -> Self {
        Self {
            text: hex(bytes),
            sha256: hex(digest(&SHA256, bytes).as_ref()),
        }
    }

    /// The key in a file, or `None` where the file is not there.
    pub fn read(path: &Path) -> Result<Option<Self>, String> {
        let content = files::read(path).map_err(|error| format!("{} can't be read: {error}", path.display()))?;
        content.map(|content| Self::parse(&content, path)).transpose()
    }

    fn parse(content: &[u8], path: &Path) -> Result<Self, String> {
        let mut bytes = [0; BYTES];
        let digits = content.strip_suffix(b"\n").filter(|digits| digits.len() == 2 * BYTES);
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        let wrong = || {
            format!(
                "{} is not a key: 64 hexadecimal digits and a line's end were expected",
                path.display()
            )
        };
        let digits = digits
            .filter(|all| all.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .ok_or_else(wrong)?;
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&digits[2 * index..2 * index + 2], 16).map_err(|_| wrong())?;
        }
        Ok(Self::of(&bytes))
    }

    /// The first 16 digits of its SHA-256, which tell nothing of a random key.
    pub fn id(&self) -> &str {
        &self.sha256[..16]
    }

    pub fn content(&self) -> String {
        format!("{}\n", self.text)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A key as the list has it.
#[derive(Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Listed {
    pub id: String,
    pub sha256: String,
    pub created_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retired_at: Option<DateTime<Utc>>,
}

impl Listed {
    pub fn new(key: &Key, created_at: DateTime<Utc>) -> Self {
        Self {
            id: key.id().to_owned(),
            sha256: key.sha256.clone(),
            created_at,
            retired_at: None,
        }
    }

    pub fn is(&self, key: &Key) -> bool {
        self.sha256 == key.sha256
    }
}

/// `keyring.json`: the key to sign with, and those to verify with, newest first.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Keyring {
    version: u32,
    pub active: Listed,
    pub retired: Vec<Listed>,
}

impl Keyring {
    pub fn new(active: Listed, retired: Vec<Listed>) -> Self {
        Self {
            version: 1,
            active,
            retired,
        }
    }

    pub fn read(path: &Path) -> Result<Option<Self>, String> {
        let wrong = |why: String| format!("{} can't be used: {why}. Restore it from a backup", path.display());
        let Some(content) = files::read(path).map_err(|error| wrong(error.to_string()))? else {
            return Ok(None);
        };
        let keyring: Self = serde_json::from_slice(&content).map_err(|error| wrong(error.to_string()))?;
        if keyring.version != 1 {
            return Err(wrong(format!("its version is {}, and 1 is known", keyring.version)));
        }
        // An ID becomes part of a path.
        let sound = |key: &Listed| {
            key.sha256.len() == 64
                && key.sha256.bytes().all(|digit| digit.is_ascii_hexdigit())
                && key.sha256.starts_with(&key.id)
                && key.id.len() == 16
        };
        if !std::iter::once(&keyring.active).chain(&keyring.retired).all(sound) {
            return Err(wrong("a key's id is not the start of its sha256".to_owned()));
        }
        Ok(Some(keyring))
    }

    pub fn content(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a keyring is JSON");
        text.push('\n');
        text
    }
}
