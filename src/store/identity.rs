//! Whose document a text is: the one thing a store must know of what it keeps.
//! Knows nothing of versions, tags and all else that documents say.

use crate::npm::PackageName;
use serde::Deserialize;
use serde_json::Value;

/// What a document says of itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Identity {
    /// Whose it is, unchecked.
    pub(super) name: String,
    /// An older NOPAR took it from its upstream.
    pub(super) copy: bool,
}

/// Why a text is not the document of a package.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unfit {
    #[error("it is not UTF-8")]
    NotText,
    #[error("it is not JSON: {0}")]
    NotJson(#[from] serde_json::Error),
    #[error("it is not a JSON object")]
    NotObject,
    #[error("it does not say the name of its package")]
    Nameless,
    #[error("it is the document of {0:?}")]
    Another(String),
}

/// The members that are looked at, of whatever type they are.
#[derive(Deserialize)]
struct Members {
    #[serde(default)]
    name: Value,
    #[serde(default, rename = "_id")]
    id: Value,
    #[serde(default, rename = "_proxied")]
    proxied: Value,
}

impl Identity {
    /// Of a document's bytes. Reads all of them: what is cut short has no identity.
    pub(super) fn of(document: &[u8]) -> Result<Identity, Unfit> {
        let text = std::str::from_utf8(document).map_err(|_| Unfit::NotText)?;
        // serde would take an array for the members in their order.
        if text.trim_ascii_start().starts_with('[') {
            return Err(Unfit::NotObject);
        }
        let members: Members = serde_json::from_str(text)?;
        let name = members.name.as_str().or(members.id.as_str()).ok_or(Unfit::Nameless)?;
        Ok(Identity { name: name.to_owned(), copy: members.proxied == Value::Bool(true) })
    }
}

/// Whether these are the bytes of a document of `name`.
pub(super) fn check(name: &PackageName, document: &[u8]) -> Result<(), Unfit> {
    let identity = Identity::of(document)?;
    if identity.name == name.as_str() { Ok(()) } else { Err(Unfit::Another(identity.name)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_whose_a_document_is() {
        for (text, name, copy) in [
            (r#"{"name":"x"}"#, "x", false),
            (r#" {"_id":"x","_rev":3}"#, "x", false),
            (r#"{"_id":"y","name":"x","_proxied":true}"#, "x", true),
            (r#"{"name":"\u0078","_proxied":false,"versions":{"1.0.0":{"name":"y"}}}"#, "x", false),
            (r#"{"name":"x","_proxied":"yes"}"#, "x", false),
            (r#"{"__proto__":{"name":"y"},"name":"x"}"#, "x", false),
        ] {
            let expected = Identity { name: name.to_owned(), copy };
            assert_eq!(Identity::of(text.as_bytes()).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_document_has_none() {
        for (text, fault) in [
            (&b""[..], "it is not JSON: EOF"),
            (b"{\"name\":\"x\"", "it is not JSON: EOF"),
            (b"{\"name\":\"x\"}{", "it is not JSON: trailing"),
            (b"[\"x\",\"x\",false]", "it is not a JSON object"),
            (b"\"x\"", "it is not JSON: invalid type"),
            (b"null", "it is not JSON: invalid type"),
            (b"{}", "it does not say the name"),
            (b"{\"name\":1}", "it does not say the name"),
            (b"{\"name\":\"x\",\"readme\":\"\xff\"}", "it is not UTF-8"),
            (b"\0\0\0\0", "it is not JSON"),
        ] {
            let unfit = Identity::of(text).unwrap_err().to_string();
            assert!(unfit.starts_with(fault), "{:?}: {unfit}", String::from_utf8_lossy(text));
        }
        let other = check(&"x".parse().unwrap(), b"{\"name\":\"X\"}").unwrap_err();
        assert_eq!(other.to_string(), "it is the document of \"X\"");
    }
}
