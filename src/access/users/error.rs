//! Why users cannot be had, or changed.
//! Knows nothing of HTTP. What names places on the disk is for the log, and for who runs NOPAR.

use super::super::Denied;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why users cannot be had, or changed. None of it holds what the file says.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum UsersError {
    /// There is a user of this name, as it is spelt.
    #[error("there is a user of the name {0} already")]
    Taken(String),
    /// There is none.
    #[error("there is no user of the name {0}")]
    Unknown(String),
    /// That many users are enough.
    #[error("there are {0} users, and no more fit in: remove some first")]
    Full(usize),
    /// More than there is room for.
    #[error("what is to be kept of {0} is too long")]
    Long(String),
    /// The file cannot be used; it stays as it is.
    #[error("the users in {} cannot be used: {why}", place.display())]
    Damaged {
        /// The file.
        place: PathBuf,
        /// What is wrong with it, and what to do.
        why: Arc<str>,
    },
    /// The medium fails, or the ground is gone.
    #[error("the users in {} cannot be {what}: {source}", place.display())]
    Failed {
        /// The file.
        place: PathBuf,
        /// What was tried: `read` or `changed`.
        what: &'static str,
        /// What the system said.
        source: Arc<io::Error>,
    },
}

impl UsersError {
    /// The work broke off.
    pub(in crate::access) fn broken(source: io::Error) -> UsersError {
        UsersError::Failed { place: PathBuf::new(), what: "used", source: Arc::new(source) }
    }

    /// The medium failed.
    pub(super) fn failed(
        place: &Path,
        what: &'static str,
    ) -> impl Fn(io::Error) -> UsersError + Copy {
        move |source| UsersError::Failed { place: place.to_owned(), what, source: Arc::new(source) }
    }
}

/// What a caller is told who cannot be looked up, or changed.
impl From<UsersError> for Denied {
    fn from(error: UsersError) -> Denied {
        match error {
            // Since they were let in.
            UsersError::Unknown(_) => return Denied::BadCredentials,
            UsersError::Long(_) => return Denied::Invalid(format!("{error}: say less")),
            _ => {}
        }
        let what = "the registry's users cannot be used".to_owned();
        Denied::Failed { what, source: io::Error::other(error) }
    }
}
