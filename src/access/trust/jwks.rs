//! The document in which an issuer shows its public keys (RFC 7517).
//! Knows nothing of where it comes from, nor when.

use super::key::{Algorithm, Key};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// The longest document in bytes. Those of CI systems have up to 20 KB.
pub(super) const LONGEST: usize = 256 * 1024;

/// How many keys of a document are looked at: an issuer has a handful.
const MOST: usize = 100;

/// The longest ID of a key that is kept.
const LONGEST_ID: usize = 256;

/// The keys of an issuer by their IDs, those that can be used here.
#[derive(Debug, Default)]
pub(super) struct KeySet(HashMap<String, Arc<Key>>);

/// Why a document is none; the end of a sentence about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoKeySet {
    #[error("is longer than 256 KiB")]
    Long,
    #[error("is no JSON Web Key Set")]
    Form,
    #[error("has no key that can be used: RSA, P-256 and Ed25519 can, each with its ID")]
    Empty,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

/// One key as it is written; what is for other kinds is passed over.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: String,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl KeySet {
    /// Reads a document. What is in it beside keys that can be used is passed over; of two with one ID the first is
    /// taken.
    pub(super) fn parse(document: &[u8]) -> Result<KeySet, NoKeySet> {
        if document.len() > LONGEST {
            return Err(NoKeySet::Long);
        }
        let document: Document = serde_json::from_slice(document).map_err(|_| NoKeySet::Form)?;
        let mut keys = HashMap::new();
        for value in document.keys.into_iter().take(MOST) {
            let Ok(jwk) = serde_json::from_value::<Jwk>(value) else { continue };
            if let Some(key) = jwk.key().filter(|_| jwk.kid.len() <= LONGEST_ID) {
                keys.entry(jwk.kid).or_insert_with(|| Arc::new(key));
            }
        }
        if keys.is_empty() { Err(NoKeySet::Empty) } else { Ok(KeySet(keys)) }
    }

    pub(super) fn get(&self, id: &str) -> Option<Arc<Key>> {
        self.0.get(id).map(Arc::clone)
    }
}

impl Jwk {
    /// The key, if it is one to verify signatures by.
    fn key(&self) -> Option<Key> {
        let is_to_sign = self.usage.as_deref().is_none_or(|usage| usage == "sig");
        let is_to_verify = |ops: &Vec<String>| ops.iter().any(|op| op == "verify");
        if !is_to_sign || !self.key_ops.as_ref().is_none_or(is_to_verify) {
            return None;
        }
        let key = match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => Key::Rsa { n: number(&self.n)?, e: number(&self.e)? },
            ("EC", Some("P-256")) => {
                let (x, y) = (coordinate(&self.x)?, coordinate(&self.y)?);
                // SEC 1 §2.3.3: 4 says that both follow.
                Key::P256([&[4][..], &x, &y].concat())
            }
            ("OKP", Some("Ed25519")) => Key::Ed25519(coordinate(&self.x)?),
            _ => return None,
        };
        let fits = |alg: &String| Algorithm::parse(alg) == Some(key.algorithm());
        self.alg.as_ref().is_none_or(fits).then_some(key)
    }
}

fn bytes(text: &Option<String>) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text.as_ref()?).ok()
}

/// A number, without the zeros before it that some write.
fn number(text: &Option<String>) -> Option<Vec<u8>> {
    let bytes = bytes(text)?;
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    Some(bytes[zeros..].to_vec())
}

fn coordinate(text: &Option<String>) -> Option<Vec<u8>> {
    bytes(text).filter(|bytes| bytes.len() == 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key of Ed25519 with these members more.
    fn key(more: &str) -> String {
        let x = URL_SAFE_NO_PAD.encode([7; 32]);
        format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}"{more}}}"#)
    }

    fn set(keys: &[String]) -> Result<KeySet, NoKeySet> {
        KeySet::parse(format!(r#"{{"keys":[{}],"more":1}}"#, keys.join(",")).as_bytes())
    }

    #[test]
    fn keys_are_found_by_their_ids() {
        let coordinate = URL_SAFE_NO_PAD.encode([1; 32]);
        let p256 = format!(
            r#"{{"kty":"EC","crv":"P-256","kid":"b","x":"{coordinate}","y":"{coordinate}","alg":"ES256"}}"#
        );
        let n = URL_SAFE_NO_PAD.encode([&[0, 0, 9][..], &[1; 255]].concat());
        let rsa =
            format!(r#"{{"kty":"RSA","kid":"c","n":"{n}","e":"AQAB","use":"sig","x5c":["x"]}}"#);
        let other = key(r#","kid":"a","alg":"EdDSA","key_ops":["verify"]"#);
        let keys = set(&[other, p256, rsa]).unwrap();
        assert_eq!(*keys.get("a").unwrap(), Key::Ed25519(vec![7; 32]));
        assert_eq!(*keys.get("b").unwrap(), Key::P256([&[4][..], &[1; 64]].concat()));
        let n = [&[9][..], &[1; 255]].concat();
        assert_eq!(*keys.get("c").unwrap(), Key::Rsa { n, e: vec![1, 0, 1] });
        assert_eq!(keys.get("d"), None);
    }

    #[test]
    fn what_cannot_be_used_is_passed_over() {
        let good = key(r#","kid":"good""#);
        let long = format!(r#","kid":"{}""#, "x".repeat(LONGEST_ID + 1));
        for bad in [
            "null".to_owned(),
            "7".to_owned(),
            key(""),
            key(r#","kid":7"#),
            key(&long),
            key(r#","kid":"bad","use":"enc""#),
            key(r#","kid":"bad","key_ops":["sign"]"#),
            key(r#","kid":"bad","alg":"RS256""#),
            key(r#","kid":"bad","alg":"HS256""#),
            key(r#","kid":"bad""#).replace("OKP", "oct"),
            key(r#","kid":"bad""#).replace("OKP", "EC"),
            key(r#","kid":"bad""#).replace("OKP", "RSA"),
            key(r#","kid":"bad""#).replace("Ed25519", "X25519"),
            key(r#","kid":"bad""#).replace("\"x\":\"Bw", "\"x\":\"!!"),
            key(r#","kid":"bad""#).replace("\"x\":\"BwcH", "\"x\":\""),
        ] {
            let keys = set(&[bad.clone(), good.clone()]).unwrap();
            assert!(keys.get("good").is_some() && keys.get("bad").is_none(), "{bad}");
            assert_eq!(set(&[bad]).unwrap_err(), NoKeySet::Empty);
        }
        let second = key(r#","kid":"good""#).replace("\"x\":\"Bw", "\"x\":\"AA");
        assert_eq!(*set(&[good, second]).unwrap().get("good").unwrap(), Key::Ed25519(vec![7; 32]));
    }

    #[test]
    fn what_is_no_document_or_too_long_is_none() {
        for text in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":1}"#, "{\"keys\":[", "\u{1}"] {
            assert_eq!(KeySet::parse(text.as_bytes()).unwrap_err(), NoKeySet::Form, "{text}");
        }
        let nested = format!(r#"{{"keys":{}}}"#, "[".repeat(100_000));
        assert_eq!(KeySet::parse(nested.as_bytes()).unwrap_err(), NoKeySet::Form);
        assert_eq!(set(&[]).unwrap_err(), NoKeySet::Empty);
        let good = key(r#","kid":"good""#);
        let long = format!(r#"{{"keys":[{good}],"x":"{}"}}"#, "x".repeat(LONGEST));
        assert_eq!(KeySet::parse(long.as_bytes()).unwrap_err(), NoKeySet::Long);
        let many: Vec<String> = (0..=MOST).map(|it| key(&format!(r#","kid":"{it}""#))).collect();
        let keys = set(&many).unwrap();
        assert!(keys.get("99").is_some() && keys.get("100").is_none());
    }
}
