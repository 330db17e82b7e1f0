//! A proxy on the way to the upstream.

use super::Secret;
use super::wrong::Wrong;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use url::Url;

/// Its address and NOPAR's credentials for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// Its URL, without credentials.
    pub url: Url,
    /// The value of `Proxy-Authorization`.
    pub authorization: Option<Secret>,
}

/// Reads `http://user:password@host:port`.
pub(super) fn parse(text: &str) -> Result<Proxy, Wrong> {
    let wrong = || {
        Wrong::new(
            "is not the URL of a proxy",
            "http://host:port, with user:password@ if it asks for them, is allowed",
        )
    };
    let mut url = Url::parse(text).map_err(|_| wrong())?;
    if url.scheme() != "http" || !url.has_host() {
        return Err(wrong());
    }
    let authorization = credentials(&url);
    url.set_username("").map_err(|()| wrong())?;
    url.set_password(None).map_err(|()| wrong())?;
    Ok(Proxy { url, authorization })
}

/// Basic credentials (RFC 7617) of what the URL holds percent-encoded.
fn credentials(url: &Url) -> Option<Secret> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let mut pair: Vec<u8> = percent_decode_str(url.username()).collect();
    pair.push(b':');
    pair.extend(percent_decode_str(url.password().unwrap_or_default()));
    Some(Secret::new(format!("Basic {}", STANDARD.encode(pair))))
}
