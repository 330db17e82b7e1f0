//! Signatures of versions, and the keys that clients verify them with.
//! Knows nothing of how keys are kept, beyond where an operator finds them.

mod keys;
mod killed;
mod old;
mod published;
mod rotation;
mod trouble;

use std::net::SocketAddr;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use serde_json::Value;

use crate::asking::INSTALL;
use crate::support::client::{Request, get};
use crate::support::nopar::TestNopar;
use crate::support::publish::path_of;
use crate::support::upstream::FakeUpstream;

/// Where keys are asked for.
const KEYS: &str = "/-/npm/v1/keys";
/// Where they are kept, below the registry directory.
const FILE: &str = ".nopar/keys/keys.json";
/// Its folder.
const KEYS_FOLDER: &str = ".nopar/keys";

/// A NOPAR over a registry directory, whose upstream has nothing.
async fn over(registry: &Path) -> (FakeUpstream, TestNopar) {
    let upstream = FakeUpstream::start().await;
    let path = registry.to_str().expect("a path in UTF-8");
    let nopar = TestNopar::with(&upstream).env("NOPAR_REGISTRY_PATH", path).start().await;
    (upstream, nopar)
}

/// The keys that are offered.
async fn keys(addr: SocketAddr) -> Vec<Value> {
    let answer = get(addr, KEYS).await.expect(200);
    assert_eq!(answer.header("cache-control"), Some("no-cache"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    answer.json()["keys"].as_array().expect("keys").clone()
}

/// The full document.
async fn full(addr: SocketAddr, name: &str) -> Value {
    get(addr, &path_of(name)).await.expect(200).json()
}

/// The abbreviated one.
async fn abbreviated(addr: SocketAddr, name: &str) -> Value {
    let request = Request::get(addr, &path_of(name)).header("Accept", INSTALL);
    request.send().await.expect(200).json()
}

/// Verifies a version as npm's client does (pacote, `registry.js`); the time of a version is in full documents only.
fn verify(keys: &[Value], packument: &Value, version: &str) -> Result<(), String> {
    let manifest = &packument["versions"][version];
    let (name, dist) = (manifest["name"].as_str().ok_or("no name")?, &manifest["dist"]);
    let integrity = dist["integrity"].as_str().ok_or("no integrity")?;
    let signatures = dist["signatures"].as_array().filter(|them| !them.is_empty());
    for signature in signatures.ok_or("no signatures")? {
        let key = keys.iter().find(|key| key["keyid"] == signature["keyid"]);
        let key = key.ok_or("no key")?;
        for member in ["keytype", "scheme"] {
            assert_eq!(key[member], "ecdsa-sha2-nistp256");
        }
        let published = packument["time"][version].as_str().map(|time| time.parse::<Timestamp>());
        let expires = key["expires"].as_str().map(|time| time.parse::<Timestamp>());
        if let (Some(published), Some(expires)) = (published, expires)
            && published.expect("a time") >= expires.expect("a time")
        {
            return Err("the key had expired".to_owned());
        }
        let bytes = |value: &Value| STANDARD.decode(value.as_str().expect("a text")).ok();
        let (der, sig) =
            (bytes(&key["key"]).ok_or("no key")?, bytes(&signature["sig"]).ok_or("no sig")?);
        let text = format!("{name}@{version}:{integrity}");
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &der[26..])
            .verify(text.as_bytes(), &sig)
            .map_err(|_| "the signature is not of this".to_owned())?;
    }
    Ok(())
}

/// Fails the test unless each version of a package verifies, in both forms.
async fn check(addr: SocketAddr, keys: &[Value], name: &str) {
    for document in [full(addr, name).await, abbreviated(addr, name).await] {
        let versions = document["versions"].as_object().expect("versions");
        assert!(!versions.is_empty());
        for version in versions.keys() {
            assert_eq!(verify(keys, &document, version), Ok(()), "{name}@{version}");
        }
    }
}
