//! The application's signing keys: `keys/active.key`, `keys/retired/ID.key` and `keys/keyring.json`, which names them.
//! Never: a key printed, a key file that others may read, a half-written file under its real name.

mod files;
mod keyring;
mod rotation;
mod verification;

pub use rotation::{rotate, Guard, Rotation};
pub use verification::verify;

/// Where they lie, below the working directory.
pub const FOLDER: &str = "keys";

pub(crate) use keyring::{Key, Keyring, Listed};
