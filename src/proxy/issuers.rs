//! The keys of the issuers of ID tokens, as they show them (OpenID Connect Discovery 1.0 §4).
//! Knows nothing of tokens, nor of whom an issuer is trusted about.

use crate::access::Keys;
use crate::upstream::{Answer, Target, Upstream, Upstreams};
use async_trait::async_trait;
use bytes::Bytes;
use http::StatusCode;
use http::header::{self, HeaderValue};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::io;
use std::sync::Arc;

/// What an issuer says of itself, below its URL.
const DISCOVERY: &str = ".well-known/openid-configuration";

/// The longest document in bytes, of either kind. Those that many know have 1 to 15 KB.
const LONGEST: u64 = 256 << 10;

/// The longest URL of keys, in bytes.
const LONGEST_URL: usize = 2048;

/// Fetches keys from issuers, by the way to the default upstream.
pub(super) struct KeysOf(pub(super) Arc<Upstreams>);

/// What is looked at of what an issuer says of itself.
#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

#[async_trait]
impl Keys for KeysOf {
    async fn keys(&self, issuer: &str) -> io::Result<Bytes> {
        let issuers = self.0.issuers();
        let client = issuers.get(issuer).ok_or_else(|| io::Error::other("it is not known"))?;
        let at = client.service(DISCOVERY);
        let document = fetch(client, &at).await?;
        let wrong = |wrong: String| io::Error::other(format!("{at} {}", clipped(&wrong)));
        let keys = keys_at(client, issuer, &document).map_err(wrong)?;
        fetch(client, &keys).await
    }
}

/// Where an issuer says that its keys are; what is wrong with the document, otherwise.
fn keys_at(client: &Upstream, issuer: &str, document: &[u8]) -> Result<Target, String> {
    let no_json = |error| format!("does not say where the keys are: {error}");
    // As an object first: serde would take an array for the members in their order.
    let members: Map<String, Value> = serde_json::from_slice(document).map_err(no_json)?;
    let told: Discovery = serde_json::from_value(members.into()).map_err(no_json)?;
    // Discovery §4.3: else one issuer could answer with the keys of another.
    if told.issuer != issuer {
        return Err(format!("is of another issuer, {}", told.issuer));
    }
    if told.jwks_uri.len() > LONGEST_URL {
        return Err(format!("has a jwks_uri of more than {LONGEST_URL} bytes"));
    }
    let target = client.named(&told.jwks_uri).map_err(|bad| format!("has a jwks_uri: {bad}"))?;
    if !target.tls && !client.service("").same_origin(&target) {
        return Err(format!("has a jwks_uri without https: {}", told.jwks_uri));
    }
    Ok(target)
}

/// What an issuer wrote, as one short line.
fn clipped(text: &str) -> String {
    text.chars().take(200).flat_map(char::escape_debug).collect()
}

async fn fetch(client: &Upstream, at: &Target) -> io::Result<Bytes> {
    let headers = [(header::ACCEPT, HeaderValue::from_static("application/json"))];
    let answer = client.fetch(at, &headers, None, LONGEST).await.map_err(io::Error::other)?;
    match answer {
        Answer { status: StatusCode::OK, body, .. } => Ok(body),
        Answer { status, .. } => Err(io::Error::other(format!("{at} answered with {status}"))),
    }
}
