//! Yes or no.

use super::wrong::Wrong;

/// Reads `yes`/`no`, `true`/`false`, `1`/`0` in any case.
pub(super) fn parse(text: &str) -> Result<bool, Wrong> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "true" | "1" => Ok(true),
        "no" | "false" | "0" => Ok(false),
        _ => Err(Wrong::new("is neither yes nor no", "yes, no, true, false, 1 or 0 is allowed")),
    }
}
