//! Pages for people, in HTML that needs no script: what stands on them, and what browsers are told about them.
//! Knows nothing of what is behind a page; takes values, and returns replies.

mod login;

pub use login::{AccountForm, Client, CodeForm, End, PasswordForm};

use crate::reply::Reply;
use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::StatusCode;
use http::header::{self, HeaderName};
use log::error;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// How all of them look.
const STYLE: &str = include_str!("../templates/style.css");

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// What a page may do: look as it does, and send its forms to where it came from. Nobody may show it as a part of theirs.
static CONTENT_SECURITY_POLICY: LazyLock<String> = LazyLock::new(|| {
    let style = STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
});

/// A page as an answer that nobody keeps.
fn page(status: StatusCode, page: &impl Template) -> Reply {
    let (status, text) = match page.render() {
        Ok(text) => (status, Bytes::from(text)),
        Err(why) => {
            error!("a page could not be made: {why}");
            let text = "this page could not be made: the registry's log says why";
            (StatusCode::INTERNAL_SERVER_ERROR, Bytes::from_static(text.as_bytes()))
        }
    };
    Reply::text(status, "text/html; charset=utf-8", text)
        .with(header::CACHE_CONTROL, "no-store")
        .with(header::CONTENT_SECURITY_POLICY, &*CONTENT_SECURITY_POLICY)
        .with(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .with(header::X_FRAME_OPTIONS, "DENY")
        // Not `no-referrer`: with that, browsers call the origin of a page's own form `null` (Fetch §3.2), and it would
        // be refused as another site's. To no other site do they tell more by this.
        .with(header::REFERRER_POLICY, "same-origin")
        .with(OPENER_POLICY, "same-origin")
}
