//! The sigstore bundle that comes with a version: where it was built, signed.
//! Knows nothing of whether it is true; clients verify it.

use super::super::integrity::BASE64;
use base64::Engine;
use serde::Deserialize;

/// A sigstore bundle.
#[derive(Debug, PartialEq, Eq)]
pub struct Provenance {
    /// Its media type.
    pub content_type: String,
    /// The bundle: JSON.
    pub bundle: String,
    /// What it states ([`predicate_type`](Self::predicate_type)).
    pub predicate_type: String,
}

/// What is looked at of a bundle (sigstore's `bundle.proto`).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bundle {
    dsse_envelope: Envelope,
}

#[derive(Deserialize)]
struct Envelope {
    payload: String,
}

/// What is looked at of its payload (in-toto's statement).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Statement {
    predicate_type: String,
}

impl Provenance {
    /// What the bundle states, by the type of its predicate: `https://slsa.dev/provenance/v1`. `None` when it is no
    /// bundle of a statement.
    pub fn predicate_type(bundle: &str) -> Option<String> {
        let bundle: Bundle = serde_json::from_str(bundle).ok()?;
        let payload = BASE64.decode(bundle.dsse_envelope.payload).ok()?;
        let statement: Statement = serde_json::from_slice(&payload).ok()?;
        Some(statement.predicate_type)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_says_what_it_states() {
        let payload = BASE64.encode(r#"{"predicateType":"https://slsa.dev/provenance/v1","x":1}"#);
        let bundle = format!(r#"{{"mediaType":"a","dsseEnvelope":{{"payload":"{payload}"}}}}"#);
        let stated = Provenance::predicate_type(&bundle);
        assert_eq!(stated.as_deref(), Some("https://slsa.dev/provenance/v1"));
        for wrong in ["", "{}", "[]", r#"{"dsseEnvelope":{"payload":"!"}}"#] {
            assert_eq!(Provenance::predicate_type(wrong), None, "{wrong}");
        }
    }
}
