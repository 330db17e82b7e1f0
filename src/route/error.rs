//! Why a request has no route.
//! Knows nothing of the answers that are made of it.

use crate::npm::{InvalidName, InvalidSelector, InvalidTarballName};

/// Why a request has no route.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// Not a path this registry could have given out: 400.
    #[error(transparent)]
    BadPath(#[from] BadPath),
    /// A decent path to nothing; nothing an upstream should be asked for: 404.
    #[error("there is nothing at this path")]
    NotFound,
    /// The path is known, but not for this method: 405.
    #[error("this path allows {allow} only")]
    MethodNotAllowed {
        /// The value of the `Allow` header.
        allow: &'static str,
    },
}

/// What is wrong with a path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPath {
    /// Longer than any name, version and file together.
    #[error("the path is longer than 4096 bytes")]
    TooLong,
    /// Neither absolute nor a URL.
    #[error("the path does not begin with a slash")]
    NotAbsolute,
    /// `//`, or a slash at the end of what is not a packument's path.
    #[error("the path has an empty segment")]
    EmptySegment,
    /// `.` or `..`, encoded or not.
    #[error("the path has a segment of dots")]
    Dots,
    /// A percent sign without two hex digits.
    #[error("the path has a broken percent-encoding")]
    Encoding,
    /// Decoded, it is not text.
    #[error("the path is not UTF-8")]
    NotUtf8,
    /// NUL, other control characters or a backslash, encoded or not.
    #[error("the path holds a control character or a backslash")]
    Forbidden,
    /// No package name.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// No file name, or one with a slash.
    #[error(transparent)]
    File(#[from] InvalidTarballName),
    /// No version or dist-tag.
    #[error(transparent)]
    Selector(#[from] InvalidSelector),
    /// No name that a user could have.
    #[error("a user name is 1 to 214 bytes without control characters")]
    User,
    /// Not one that was given out: empty, or longer than any `_rev`.
    #[error("a revision is 1 to 256 bytes without control characters")]
    Revision,
    /// Longer than any dist-tag of a packument that can be asked for.
    #[error("a dist-tag is at most 512 bytes")]
    DistTag,
    /// Not text, or longer than a question needs.
    #[error("a query is at most 2048 bytes of text")]
    Query,
    /// Longer than any token that was given out.
    #[error("a token is at most 1024 bytes")]
    Token,
}
