//! Pages for people, in HTML that needs no script: what stands on them, and what browsers are told about them.
//! Knows nothing of what is behind a page; takes values, and returns replies.

mod account;
mod confirm;
mod field;
mod files;
mod frame;
mod home;
mod line;
mod login;
mod markdown;
mod package;
mod packages;
mod plain;
mod qr;
mod refused;
mod rendered;
mod settings;
mod sign_in;
mod spark;
mod statics;
mod words;
mod wrong;

pub use account::{Account, Draft, Factor, FactorBegun, RecoveryCodes, TokenRow, TokenShown, When};
pub use confirm::Confirm;
pub use field::Wrong;
pub use files::{FilePage, FileRow, FileText, FilesPage, NoFilesPage};
pub use frame::Frame;
pub use home::{ClientHelp, Home, Requested, Stat, Trend, UpstreamRow};
pub use line::line;
pub use login::{AccountForm, Client, CodeForm, End, PasswordForm, SignedInAs};
pub use markdown::html as markdown;
pub use package::{
    Deed, DependencyRow, DependentRow, HeldLink, Install, NotHeldPage, PackagePage, ReadmePart,
    ReadmeShown, TagRow, VersionRow, VersionsPart,
};
pub use packages::{PackageRow, Packages, SortLink, Tab};
pub use plain::Plain;
pub use settings::{SettingField, SettingRow, SettingsPage};
pub use sign_in::{SignIn, SignInCode};
pub use spark::Spark;
pub use statics::{file, packed};
pub use words::{Moment, ago, bytes, count, part, span};
pub use wrong::wrong;

pub(crate) use statics::asset;

use crate::reply::Reply;
use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::StatusCode;
use http::header::{self, HeaderName};
use log::error;
use rendered::{Unrendered, rendered};
use ring::rand::{SecureRandom, SystemRandom};

/// The version, as pages name it.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// What a page may do: look and act as the files have it that it names itself, ask this registry, and send its forms there.
/// Nobody may show it as a part of theirs.
///
/// The style and the script are known by a nonce, and not by this registry's address: what strangers have published is sent
/// from there as well.
fn policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; img-src 'self' data:; \
         connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}

/// A text that nobody can guess, for one page. Empty if the system has no randomness: browsers take that for none, and a
/// page does without style and script.
fn nonce() -> String {
    let mut bytes = [0; 16];
    match SystemRandom::new().fill(&mut bytes) {
        Ok(()) => URL_SAFE_NO_PAD.encode(bytes),
        Err(_) => String::new(),
    }
}

/// A page as an answer that nobody keeps.
fn page(status: StatusCode, page: &impl Template) -> Reply {
    let nonce = nonce();
    let (status, text) = match rendered(page, &nonce) {
        Ok(text) => (status, Bytes::from(text)),
        Err(why) => {
            error!("a page could not be made: {why}");
            let text = match why {
                Unrendered::TooLong => "this page would be too long to be shown",
                Unrendered::Failed(_) => "this page could not be made: the registry's log says why",
            };
            (StatusCode::INTERNAL_SERVER_ERROR, Bytes::from_static(text.as_bytes()))
        }
    };
    Reply::text(status, "text/html; charset=utf-8", text)
        .with(header::CACHE_CONTROL, "no-store")
        .with(header::CONTENT_SECURITY_POLICY, policy(&nonce))
        .with(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .with(header::X_FRAME_OPTIONS, "DENY")
        // Not `no-referrer`: with that, browsers call the origin of a page's own form `null` (Fetch §3.2), and it would
        // be refused as another site's. To no other site do they tell more by this.
        .with(header::REFERRER_POLICY, "same-origin")
        .with(OPENER_POLICY, "same-origin")
}
