//! A registry's signature of a version, as `dist.signatures` has it.
//! Knows nothing of keys: who signs, and who verifies, are others.

use super::name::PackageName;
use serde::Serialize;

/// One signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Signature {
    /// By which key.
    pub keyid: String,
    /// The signature in DER, in base64.
    pub sig: String,
}

/// What a registry signs of a version: so npm's clients put it together to verify it (pacote, `registry.js`). The
/// integrity is that of `dist`, byte for byte.
pub fn signed_text(name: &PackageName, version: &str, integrity: &str) -> String {
    format!("{name}@{version}:{integrity}")
}
