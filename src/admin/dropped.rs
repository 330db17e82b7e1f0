//! What became of a copy that was found broken.
//! Knows nothing of who found it.

use serde::{Deserialize, Serialize};

/// A copy that was to be dropped.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Dropped {
    /// The name of its file.
    pub file: String,
    /// Why it is still there, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}
