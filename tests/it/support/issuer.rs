//! A fake issuer of ID tokens, as CI systems have one: keys that can change, tokens that say anything.
//! Knows nothing of NOPAR.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

use super::upstream::FakeUpstream;

/// Where it says who it is, and where its keys are.
pub(crate) const DISCOVERY: &str = "/.well-known/openid-configuration";
/// Where its keys are, unless a test says otherwise.
pub(crate) const KEYS: &str = "/keys";

/// An issuer on a port of its own, until it is dropped. Its server can misbehave as any fake upstream can.
pub(crate) struct FakeIssuer {
    server: FakeUpstream,
    keys: Vec<Key>,
    made: usize,
}

/// A key and its ID.
pub(crate) struct Key {
    id: String,
    pair: EcdsaKeyPair,
}

impl Key {
    /// A new one, which nobody shows.
    pub(crate) fn new(id: &str) -> Self {
        let (random, kind) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(kind, &random).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(kind, pkcs8.as_ref(), &random).expect("a key");
        Self { id: id.to_owned(), pair }
    }

    /// A token with these claims.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        let header = json!({"alg": "ES256", "typ": "JWT", "kid": self.id});
        let [header, claims] = [&header, claims].map(|part| encode(part.to_string()));
        let signed = format!("{header}.{claims}");
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes());
        format!("{signed}.{}", encode(signature.expect("a signature")))
    }

    fn jwk(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        let [x, y] = [&point[1..33], &point[33..]].map(encode);
        json!({"kty": "EC", "crv": "P-256", "use": "sig", "kid": self.id, "x": x, "y": y})
    }
}

impl FakeIssuer {
    /// An issuer with one key.
    pub(crate) async fn start() -> Self {
        let mut issuer = Self { server: FakeUpstream::start().await, keys: Vec::new(), made: 0 };
        issuer.says(&issuer.url(), &format!("{}{KEYS}", issuer.url()));
        issuer.rotate();
        issuer
    }

    /// How it calls itself, and where it is.
    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    /// What answers for it, to misbehave.
    pub(crate) fn server(&self) -> &FakeUpstream {
        &self.server
    }

    /// Says of itself that it is `issuer`, whose keys are there.
    pub(crate) fn says(&self, issuer: &str, keys: &str) {
        let document = json!({"issuer": issuer, "jwks_uri": keys, "response_types_supported": []});
        self.server.file(DISCOVERY, document.to_string());
    }

    /// Shows a new key beside those that it shows, and signs by it from now on.
    pub(crate) fn rotate(&mut self) {
        self.made += 1;
        self.keys.push(Key::new(&format!("key-{}", self.made)));
        self.show();
    }

    /// Shows only the key by which it signs.
    pub(crate) fn forget(&mut self) {
        self.keys.drain(..self.keys.len() - 1);
        self.show();
    }

    fn show(&self) {
        let keys: Vec<Value> = self.keys.iter().map(Key::jwk).collect();
        self.server.file(KEYS, json!({"keys": keys}).to_string());
    }

    /// What it says of a usual job, with these claims in place of the usual ones; `null` takes one away.
    pub(crate) fn claims(&self, more: &Value) -> Value {
        let now = now();
        let mut claims = json!({
            "iss": self.url(),
            "aud": "npm:registry.example",
            "sub": "repo:acme/ui:ref:refs/tags/v1",
            "repository": "acme/ui",
            "repository_owner": "acme",
            "ref": "refs/tags/v1",
            "iat": now,
            "nbf": now,
            "exp": now + 300,
        });
        for (claim, value) in more.as_object().expect("claims") {
            claims[claim] = value.clone();
        }
        claims
    }

    /// A token of a usual job, but for these claims.
    pub(crate) fn token(&self, more: &Value) -> String {
        self.keys.last().expect("a key").sign(&self.claims(more))
    }
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("a time after 1970").as_secs()
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
