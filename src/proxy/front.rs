//! What NOPAR itself shows to who looks: its root, its icon, what robots may do.
//! Knows nothing of packages.

use crate::base_url::BaseUrl;
use crate::reply::Reply;
use http::{StatusCode, header};
use serde_json::json;

/// Browsers ask for it on their own account, whatever page they show.
const ICON: &[u8] = include_bytes!("../../assets/favicon.ico");
/// How long they keep what does not change before another version of NOPAR.
const A_DAY: &str = "public, max-age=86400";

/// What `/` answers, to clients in JSON.
pub(super) fn root(base: &BaseUrl) -> Reply {
    let body = json!({
        "db_name": "registry",
        "nopar": env!("CARGO_PKG_VERSION"),
        "registry": format!("{}/", base.as_str()),
    });
    Reply::json(StatusCode::OK, &body).with(header::CACHE_CONTROL, "no-cache")
}

/// `/-/health`: a process that answers this is alive, whatever it cannot do.
pub(super) fn health() -> Reply {
    Reply::json(StatusCode::OK, &json!({"status": "ok"})).with(header::CACHE_CONTROL, "no-store")
}

/// `/favicon.ico`.
pub(super) fn icon() -> Reply {
    Reply::text(StatusCode::OK, "image/x-icon", ICON).with(header::CACHE_CONTROL, A_DAY)
}

/// `/robots.txt`: a registry is not for search engines.
pub(super) fn robots() -> Reply {
    let nothing = "User-agent: *\nDisallow: /\n";
    Reply::text(StatusCode::OK, "text/plain", nothing).with(header::CACHE_CONTROL, A_DAY)
}

/// A path to nothing. What clients and crawlers of other registries ask for is not passed on to one.
pub(super) fn nothing() -> Reply {
    let error =
        "this registry has no such endpoint, and asks no other one for it; packages are at /NAME";
    Reply::error(StatusCode::NOT_FOUND, error, "no such endpoint")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The head of an icon's file, of the one image in it, and where that lies.
    #[test]
    fn the_icon_is_one() {
        assert_eq!(ICON[..6], [0, 0, 1, 0, 1, 0]);
        assert_eq!(ICON[6..8], [16, 16], "its size in pixels");
        let number = |at: usize| u32::from_le_bytes(ICON[at..at + 4].try_into().unwrap()) as usize;
        let (len, at) = (number(14), number(18));
        assert_eq!(at + len, ICON.len());
        assert_eq!((number(at), number(at + 4), number(at + 8)), (40, 16, 32), "a bitmap");
        assert!(ICON.len() < 1024);
    }
}
