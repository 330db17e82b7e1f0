//! What is the matter with the keys, as sentences for who runs NOPAR.
//! Knows nothing of what they are for.

use std::path::{Path, PathBuf};

/// Why there are no keys to work with. `Clone`, because all who meet the same file share it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The file, or what it lies on, cannot be read.
    #[error("the keys in {} cannot be read: {why}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// What the file says is not what was written there.
    #[error(
        "{} is damaged: {why}; put a whole copy of it back, or move it away and restart NOPAR to have everything signed anew by another key",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The file was there, and its directory still is.
    #[error(
        "{} was there before and is gone; put it back, or restart NOPAR to have everything signed anew by another key",
        .0.display()
    )]
    Gone(PathBuf),
    /// None can be made, or written down.
    #[error("no key can be kept in {}: {why}", path.display())]
    Unmade {
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
}

impl KeyError {
    pub(super) fn unreadable(path: &Path, why: impl ToString) -> KeyError {
        KeyError::Unreadable { path: path.to_owned(), why: why.to_string() }
    }

    pub(super) fn damaged(path: &Path, why: impl ToString) -> KeyError {
        KeyError::Damaged { path: path.to_owned(), why: why.to_string() }
    }

    pub(super) fn unmade(path: &Path, why: impl ToString) -> KeyError {
        KeyError::Unmade { path: path.to_owned(), why: why.to_string() }
    }

    pub(super) fn clock(path: &Path, now: &str, since: &str) -> KeyError {
        let why =
            format!("the clock shows {now}, and the last key was made at {since}: set it right");
        KeyError::unmade(path, why)
    }

    pub(super) fn random(path: &Path) -> KeyError {
        KeyError::unmade(path, "the system gives no random numbers")
    }
}
