//! A token of an issuer: its form (RFC 7515, RFC 7519), its signature, its claims.
//! Knows nothing of who is trusted, nor where keys come from.

use super::Refused;
use super::key::{Algorithm, Key};
use crate::npm::PackageName;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::borrow::Cow;

/// The longest token in bytes. Those of CI systems have 1 to 3 KB.
const LONGEST: usize = 16 * 1024;

/// By how many seconds an issuer's clock may differ.
const LEEWAY: u64 = 60;

/// How long a token may be good, in seconds: as long as it is remembered that it was shown. Those of GitHub are good for
/// some minutes, those of GitLab for as long as a job may take.
const LONGEST_LIFE: u64 = 24 * 3600;

/// A token as it is written. Nothing of it is believed.
pub(super) struct Unverified<'a> {
    algorithm: Algorithm,
    key_id: String,
    claims: Claims,
    signed: &'a str,
    signature: Vec<u8>,
}

/// The first part of a token.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// What must be understood beside this; nothing is.
    crit: Option<Value>,
}

impl<'a> Unverified<'a> {
    /// Takes a token apart.
    pub(super) fn parse(token: &'a str) -> Result<Unverified<'a>, Refused> {
        if token.len() > LONGEST {
            return Err(Refused::Unknown);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(Refused::Unknown)?;
        let (header, payload) = signed.split_once('.').ok_or(Refused::Unknown)?;
        let [header, payload, signature] =
            [header, payload, signature].map(|part| URL_SAFE_NO_PAD.decode(part));
        let (Ok(header), Ok(payload), Ok(signature)) = (header, payload, signature) else {
            return Err(Refused::Unknown);
        };
        let header: Header = serde_json::from_slice(&header).map_err(|_| Refused::Unknown)?;
        let all: Map<String, Value> =
            serde_json::from_slice(&payload).map_err(|_| Refused::Unknown)?;
        let issuer = all.get("iss").and_then(Value::as_str).ok_or(Refused::Missing("iss"))?;
        let claims = Claims { issuer: issuer.to_owned(), all };
        let algorithm = Algorithm::parse(&header.alg).ok_or(Refused::Algorithm)?;
        let key_id = header.kid.filter(|_| header.crit.is_none()).ok_or(Refused::Algorithm)?;
        Ok(Unverified { algorithm, key_id, claims, signed, signature })
    }

    /// Whose it says it is: whose keys to look at.
    pub(super) fn issuer(&self) -> &str {
        &self.claims.issuer
    }

    /// By which of them it says it was signed.
    pub(super) fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The part of it that is signed: all but the signature, of which there may be more than one that is right.
    pub(super) fn signed(&self) -> &'a str {
        self.signed
    }

    /// What it says, signed or not: for the log.
    pub(super) fn claims(&self) -> &Claims {
        &self.claims
    }

    /// Its claims, if it was signed by that key. What algorithm that is for is the key's to say: a token that names
    /// another is none.
    pub(super) fn verify(self, key: &Key) -> Result<Claims, Refused> {
        if key.algorithm() != self.algorithm {
            return Err(Refused::Algorithm);
        }
        if !key.has_signed(self.signed.as_bytes(), &self.signature) {
            return Err(Refused::Signature);
        }
        Ok(self.claims)
    }
}

/// What a token says that its issuer has signed.
pub(super) struct Claims {
    issuer: String,
    all: Map<String, Value>,
}

impl Claims {
    /// Whose word it is.
    pub(super) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// A claim that is a text.
    pub(super) fn text(&self, claim: &str) -> Option<&str> {
        self.all.get(claim)?.as_str()
    }

    /// Whether a claim says something; numbers and truths do so by their text, lists and objects never.
    pub(super) fn says(&self, claim: &str, expected: impl Fn(&str) -> bool) -> bool {
        self.shown(claim).is_some_and(|said| expected(&said))
    }

    /// What a claim says, as a text; `None` if it has none.
    pub(super) fn shown(&self, claim: &str) -> Option<Cow<'_, str>> {
        match self.all.get(claim)? {
            Value::String(text) => Some(text.into()),
            value @ (Value::Number(_) | Value::Bool(_)) => Some(value.to_string().into()),
            _ => None,
        }
    }

    /// Whether it was made for this audience, perhaps among others.
    pub(super) fn is_for(&self, audience: &str) -> bool {
        match self.all.get("aud") {
            Some(Value::String(one)) => one == audience,
            Some(Value::Array(several)) => several.iter().any(|one| one.as_str() == Some(audience)),
            _ => false,
        }
    }

    /// Whether it is good at `now`, and until when it has to be remembered: in seconds since 1970.
    pub(super) fn check_time(&self, now: u64) -> Result<u64, Refused> {
        let expires = self.time("exp")?.ok_or(Refused::Missing("exp"))?;
        let issued = self.time("iat")?.ok_or(Refused::Missing("iat"))?;
        let until = expires.saturating_add(LEEWAY);
        if until <= now {
            return Err(Refused::Time("has expired: have a new one made"));
        }
        if issued.max(self.time("nbf")?.unwrap_or(0)) > now.saturating_add(LEEWAY) {
            return Err(Refused::Time("is not good yet: compare the clocks"));
        }
        if expires.saturating_sub(issued) > LONGEST_LIFE {
            return Err(Refused::Time("is good for more than a day: have a shorter one made"));
        }
        Ok(until)
    }

    /// What a token is remembered by, when it is shown for a package: what its issuer calls it (`jti`), or else what is
    /// signed of it. The signature is no part of that: whoever has one of ES256 can make another (RFC 6979 aside, of
    /// `s` and `n - s` both are right).
    pub(super) fn identity(&self, signed: &str, name: &PackageName) -> [u8; 32] {
        let (kind, id) = self.text("jti").map_or(("signed", signed), |id| ("jti", id));
        let mut digest = Sha256::new();
        // No part of it can be taken for another.
        for part in [&self.issuer, kind, id, name.as_str()] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        digest.finalize().into()
    }

    /// A claim that is a time: seconds since 1970, which may have a fraction (RFC 7519 §2).
    fn time(&self, claim: &'static str) -> Result<Option<u64>, Refused> {
        let Some(value) = self.all.get(claim) else { return Ok(None) };
        let whole = value.as_u64();
        let time = whole.or_else(|| value.as_f64().filter(|it| *it >= 0.0).map(|it| it as u64));
        time.map(Some).ok_or(Refused::Missing(claim))
    }
}
