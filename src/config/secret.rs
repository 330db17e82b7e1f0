//! What must not be printed.

use super::wrong::Wrong;
use std::fmt;

/// A text that its `Debug` hides.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides `text`.
    pub fn new(text: String) -> Secret {
        Secret(text)
    }

    /// The text, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Reads a token: what can stand in a header.
pub(super) fn parse(text: &str) -> Result<Secret, Wrong> {
    if text.chars().all(|c| c.is_ascii_graphic()) {
        return Ok(Secret::new(text.to_owned()));
    }
    Err(Wrong::new("is not a token", "visible ASCII characters are allowed"))
}
