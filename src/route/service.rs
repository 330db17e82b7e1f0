//! What follows `/-/`, where no package is.
//! Knows nothing of methods: what is not there is not there for any, so that clients try another way.

use url::form_urlencoded;

use super::{
    Audit, BadPath, MAX_REVISION_BYTES, Raw, Route, RouteError, Which, at_most, cut_name, name_of,
};
use crate::npm::{PackageName, Selector, TarballName, holds_token};

/// Where attestations are.
pub(super) const ATTESTATIONS: &[u8] = b"/-/npm/v1/attestations/";

/// What CouchDB has before the names of its users.
const USER_ID: &str = "org.couchdb.user:";

/// Longest name of a user in bytes, as long as npm's limit of package names.
const MAX_USER_BYTES: usize = 214;

/// Longest dist-tag in bytes, as long as it may be to be read. With every byte encoded, it and the longest
/// name are still a path.
const MAX_TAG_BYTES: usize = 512;

/// Longest token in bytes.
const MAX_TOKEN_BYTES: usize = 1024;

/// Longest query in bytes that is read later on.
const MAX_QUERY_BYTES: usize = 2048;

/// Longest secret in the address of a login; 32 bytes are 43.
const MAX_SECRET_BYTES: usize = 64;

/// Longest name of a file that pages are made up with.
const MAX_STATIC_BYTES: usize = 64;

/// Longest id of what is staged; a UUID has 36.
const MAX_ID_BYTES: usize = 64;

/// Reads the decoded segments after `/-/`; `query` is as received.
pub(super) fn parse(parts: &[&str], query: &[u8]) -> Result<Route, RouteError> {
    Ok(match *parts {
        ["ping"] => Route::Ping,
        ["health"] => Route::Health,
        ["ready"] => Route::Ready,
        ["whoami"] => Route::Whoami,
        ["v1", "search"] => Route::Search { query: text(query)? },
        ["v1", "login"] => Route::WebLogin,
        ["v1", "login", text] => Route::LoginPage { secret: secret(text)? },
        ["v1", "done", text] => Route::LoginDone { secret: secret(text)? },
        ["npm", "v1", "keys"] => Route::Keys,
        ["npm", "v1", "oidc", "token", "exchange", "package", ref named @ ..] => {
            Route::Exchange { name: all_name(named)? }
        }
        ["npm", "v1", "user"] => Route::Profile,
        ["npm", "v1", "tokens"] => Route::Tokens { query: text(query)? },
        ["npm", "v1", "tokens", "token", shown] => {
            Route::TokenOf { shown: at_most(MAX_TOKEN_BYTES, shown).ok_or(BadPath::Token)? }
        }
        ["npm", "v1", "security", ref asked @ ..] => Route::Audit(audit(asked)?),
        ["stage", ref rest @ ..] => return stage(rest, query),
        ["package", ref rest @ ..] => return of_package(rest, query),
        // Before the packages of a user: of one called `token`, `/-/org/token/package` tells.
        ["user", "token", token] => {
            Route::Token { token: at_most(MAX_TOKEN_BYTES, token).ok_or(BadPath::Token)? }
        }
        // The revision decides nothing: clients write `undefined`.
        ["user", id] | ["user", id, "-rev", _] => {
            let name = id.strip_prefix(USER_ID).ok_or(RouteError::NotFound)?;
            Route::User { user: user(name)? }
        }
        ["org" | "user", name, "package"] => Route::PackagesOf { user: user(name)? },
        ["npm", "v1", "attestations", ref named @ ..] => return attestations(&named.join("/")),
        ["user", name, "stars"] | ["util", "user", name, "stars"] => {
            Route::Stars { user: user(name)? }
        }
        ["packages", which] => Route::Packages { which: self::which(which)?, query: text(query)? },
        ["settings"] => Route::Settings,
        ["static", file] if is_static(file) => Route::Static { file: file.to_owned() },
        ["login"] => Route::SignIn,
        ["logout"] => Route::SignOut,
        ["account"] => Route::Account,
        ["_view", "starredByUser"] => Route::StarredBy { user: key(query)? },
        _ => return Err(RouteError::NotFound),
    })
}

fn which(text: &str) -> Result<Which, RouteError> {
    Which::ALL.into_iter().find(|which| which.as_str() == text).ok_or(RouteError::NotFound)
}

fn is_static(file: &str) -> bool {
    (1..=MAX_STATIC_BYTES).contains(&file.len())
        && file.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
}

/// What follows `/-/npm/v1/security/`.
fn audit(parts: &[&str]) -> Result<Audit, RouteError> {
    match *parts {
        ["advisories", "bulk"] => Ok(Audit::Bulk),
        ["audits", "quick"] => Ok(Audit::Quick),
        ["audits"] => Ok(Audit::Full),
        _ => Err(RouteError::NotFound),
    }
}

/// What follows `/-/stage`. No id is `package`: ids are UUIDs.
fn stage(parts: &[&str], query: &[u8]) -> Result<Route, RouteError> {
    let id = |id: &str| if is_id(id) { Ok(id.to_owned()) } else { Err(RouteError::NotFound) };
    Ok(match *parts {
        [] => Route::Stages { query: text(query)? },
        ["package", ref named @ ..] if !named.is_empty() => {
            Route::StageOf { name: all_name(named)? }
        }
        [one] => Route::Stage { id: id(one)? },
        [one, "tarball"] => Route::StageTarball { id: id(one)? },
        [one, "approve"] => Route::StageApproval { id: id(one)? },
        _ => return Err(RouteError::NotFound),
    })
}

/// The name that these segments are, and nothing behind it.
fn all_name(named: &[&str]) -> Result<PackageName, RouteError> {
    let (name, rest) = cut_name(named);
    if named.is_empty() || !rest.is_empty() {
        return Err(RouteError::NotFound);
    }
    name_of(&name)
}

fn is_id(text: &str) -> bool {
    (1..=MAX_ID_BYTES).contains(&text.len())
        && text != "package"
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// What is behind a page that nobody shall find: a text in base64url. All else was never given out.
fn secret(text: &str) -> Result<String, RouteError> {
    let is_one = (1..=MAX_SECRET_BYTES).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if is_one { Ok(text.to_owned()) } else { Err(RouteError::NotFound) }
}

/// A query that is read later on.
fn text(query: &[u8]) -> Result<String, BadPath> {
    let text = str::from_utf8(query).ok().filter(|text| !text.contains(char::is_control));
    text.and_then(|text| at_most(MAX_QUERY_BYTES, text)).ok_or(BadPath::Query)
}

/// What follows `/-/package/`. A name is looked at only where something can be had of it: all else is
/// not found, and no bad name.
fn of_package(parts: &[&str], query: &[u8]) -> Result<Route, RouteError> {
    let (name, rest) = cut_name(parts);
    let name = || name_of(&name);
    Ok(match *rest {
        [] if parts.is_empty() => return Err(RouteError::NotFound),
        [] => Route::PackagePage { name: name()?, query: text(query)? },
        ["files", version, ref path @ ..] => {
            let version = Selector::parse(version).map_err(BadPath::from)?;
            Route::Files { name: name()?, version, path: inside(path)? }
        }
        ["raw"] => Route::Raw { name: name()?, what: Raw::Document },
        // It is read as clients read it: no upstream hears of somebody's token in a wrong place.
        ["raw", .., last] if last == "-" || holds_token(last) => return Err(RouteError::NotFound),
        ["raw", version] => {
            let version = Selector::parse(version).map_err(BadPath::from)?;
            Route::Raw { name: name()?, what: Raw::Manifest(version) }
        }
        ["raw", "-", file] => {
            let file = TarballName::parse(file).map_err(BadPath::from)?;
            Route::Raw { name: name()?, what: Raw::Tarball(file) }
        }
        ["dist-tags"] => Route::DistTags { name: name()? },
        ["dist-tags", tag] => {
            let tag = at_most(MAX_TAG_BYTES, tag).ok_or(BadPath::DistTag)?;
            Route::DistTag { name: name()?, tag }
        }
        ["visibility"] => Route::Visibility { name: name()? },
        ["collaborators"] => Route::Collaborators { name: name()? },
        ["owners"] => Route::Owners { name: name()? },
        ["owners", owner] => Route::Owner { name: name()?, user: user(owner)? },
        ["access"] => Route::Access { name: name()? },
        ["refresh"] => Route::Refresh { name: name()? },
        ["delete"] => Route::Delete { name: name()?, rev: revision(query)? },
        _ => return Err(RouteError::NotFound),
    })
}

/// A place in a tarball. A slash may be encoded: what it parts is looked at as well.
fn inside(parts: &[&str]) -> Result<String, RouteError> {
    let path = parts.join("/");
    let is_one = |part| !matches!(part, "" | "." | "..");
    if parts.is_empty() || path.split('/').all(is_one) {
        Ok(path)
    } else {
        Err(RouteError::NotFound)
    }
}

/// `NAME@VERSION`; a scope may come as a segment of its own.
fn attestations(named: &str) -> Result<Route, RouteError> {
    let at = named.rfind('@').filter(|at| *at > 0).ok_or(RouteError::NotFound)?;
    let name = name_of(&named[..at])?;
    let version = Selector::parse(&named[at + 1..]).map_err(BadPath::from)?;
    Ok(Route::Attestations { name, version })
}

/// The user that a view of CouchDB is asked for: a JSON text, of which npm knows the quotes only.
fn key(query: &[u8]) -> Result<String, RouteError> {
    let key = form_urlencoded::parse(query).find(|(name, _)| name == "key");
    let (_, text) = key.ok_or(RouteError::NotFound)?;
    let bare = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    Ok(user(bare.unwrap_or(&text))?)
}

/// The revision that a query says. An empty one is no way to say none: a script that has lost it would delete
/// what it has not seen.
fn revision(query: &[u8]) -> Result<Option<String>, BadPath> {
    let said = form_urlencoded::parse(query).find(|(name, _)| name == "rev");
    let Some((_, rev)) = said else { return Ok(None) };
    let is_one = (1..=MAX_REVISION_BYTES).contains(&rev.len()) && !rev.contains(char::is_control);
    if is_one { Ok(Some(rev.into_owned())) } else { Err(BadPath::Revision) }
}

fn user(text: &str) -> Result<String, BadPath> {
    if is_user(text) { Ok(text.to_owned()) } else { Err(BadPath::User) }
}

/// Whether a text can stand for a user in a path: what cannot, could not be asked for again.
pub fn is_user(text: &str) -> bool {
    (1..=MAX_USER_BYTES).contains(&text.len()) && !text.contains(char::is_control)
}
