//! What a store says when it cannot do what it was asked for.
//! Knows nothing of HTTP; tells apart what HTTP needs told apart.

use crate::npm::PackageName;
use std::io;

/// Why the store did not do it. Nothing was changed, unless that is [in doubt](StoreError::InDoubt); see
/// [`Store`](super::Store).
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no room: the disk is full, a quota is used up, or files may not be that long.
    #[error("the disk of the store is full: {what}: {source}")]
    Full {
        /// What was tried, as a sentence without its end.
        what: String,
        /// What the system said.
        source: io::Error,
    },
    /// The store may only be read, or not even that.
    #[error("the store does not permit it: {what}: {source}")]
    Denied {
        /// What was tried.
        what: String,
        /// What the system said.
        source: io::Error,
    },
    /// Anything else that went wrong below.
    #[error("the store failed: {what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// What the system said.
        source: io::Error,
    },
    /// A change failed, and so did taking it back: whether it is made is not known. The document says it.
    #[error(
        "a change of {name} failed and could not be taken back ({back}), so it may be made: {failed}"
    )]
    InDoubt {
        /// The package.
        name: PackageName,
        /// Why the change failed.
        failed: String,
        /// Why it could not be taken back.
        back: String,
    },
    /// Something is there, and is not what it should be. It is left as it is, for a person to look at.
    #[error("{what} is damaged: {fault}")]
    Damaged {
        /// What it is.
        what: String,
        /// What is wrong with it.
        fault: String,
    },
}

impl StoreError {
    /// The error of the kind that `source` is of; `what` was tried: "lodash/lodash.json could not be written".
    pub fn io(what: impl Into<String>, source: io::Error) -> StoreError {
        let what = what.into();
        match source.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => StoreError::Full { what, source },
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
                StoreError::Denied { what, source }
            }
            _ => StoreError::Io { what, source },
        }
    }

    /// An error that no system said.
    pub(super) fn other(what: impl Into<String>, why: &'static str) -> StoreError {
        StoreError::Io { what: what.into(), source: io::Error::other(why) }
    }

    /// A change of a package that `failed` and could not be taken `back`.
    pub(crate) fn in_doubt(
        name: &PackageName,
        failed: &StoreError,
        back: &StoreError,
    ) -> StoreError {
        let (failed, back) = (failed.to_string(), back.to_string());
        StoreError::InDoubt { name: name.clone(), failed, back }
    }

    /// Something there is not what it should be.
    pub(super) fn damaged(what: impl Into<String>, fault: impl ToString) -> StoreError {
        StoreError::Damaged { what: what.into(), fault: fault.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_says_decides_the_kind() {
        let of = |code| {
            StoreError::io("x.json could not be written", io::Error::from_raw_os_error(code))
        };
        for code in [libc::ENOSPC, libc::EDQUOT, libc::EFBIG] {
            assert!(matches!(of(code), StoreError::Full { .. }), "{code}");
        }
        for code in [libc::EROFS, libc::EACCES, libc::EPERM] {
            assert!(matches!(of(code), StoreError::Denied { .. }), "{code}");
        }
        for code in [libc::EIO, libc::EMFILE, libc::EXDEV] {
            assert!(matches!(of(code), StoreError::Io { .. }), "{code}");
        }
    }

    #[test]
    fn an_error_is_a_sentence_that_names_the_thing() {
        let full = io::Error::from_raw_os_error(libc::ENOSPC);
        let error = StoreError::io("x/x.json could not be written", full).to_string();
        let start = "the disk of the store is full: x/x.json could not be written: No space left";
        assert!(error.starts_with(start), "{error}");
        let error = StoreError::damaged("x/x.json", "it is no JSON");
        assert_eq!(error.to_string(), "x/x.json is damaged: it is no JSON");
    }
}
