//! What a request's path asks for; the only place where paths are read.
//! Knows nothing of configuration, users, disk or what NOPAR holds.

mod error;
mod routes;
mod segments;
mod service;
mod spell;

#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use http::Method;

pub use self::error::{BadPath, RouteError};
pub use self::routes::{Audit, Raw, Route, Which, is_purge};
use self::segments::Segments;
pub use self::service::is_user;
use crate::npm::{PackageName, Selector, TarballName, holds_token};

/// Longest revision in bytes. A `_rev` is a number and a digest; pnpm, which has none, writes `undefined`.
const MAX_REVISION_BYTES: usize = 256;

/// CouchDB's own names, which registries of old showed. They are never asked of an upstream:
/// some answer with documents without end.
const COUCHDB: [&str; 9] = [
    "_all_dbs",
    "_all_docs",
    "_changes",
    "_design",
    "_replicate",
    "_session",
    "_users",
    "_utils",
    "_uuids",
];

/// A request's target, read once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// What the path asks for.
    pub route: Route,
    /// Whether the query holds `write=true`, by which npm says that it is about to change
    /// what it reads and wants no cached copy.
    pub write: bool,
}

impl Route {
    /// Reads a request's target as received: path and query, or a whole URL (absolute-form).
    ///
    /// `prefix` (`/npm`, or empty) is the path of the base URL. Paths below it and paths
    /// without it mean the same, because proxies in front may cut it off or not; so `/npm/lodash`
    /// is `lodash`. What nobody can mean with the prefix is read without: a tarball or a revision
    /// of a package called like the prefix, and the bare `/npm`, since clients end their registry
    /// with a slash. Attestations are found below the prefix twice as well.
    ///
    /// # Errors
    /// Where there is nothing, or nothing for this method.
    pub fn parse(method: &Method, target: &[u8], prefix: &str) -> Result<Parsed, RouteError> {
        let (path, query) = segments::split_target(target)?;
        let route = Self::below(path, query, prefix)?;
        if !route.allows(method) {
            return Err(RouteError::MethodNotAllowed { allow: route.allow() });
        }
        let write = query.split(|&c| c == b'&').any(|pair| pair == b"write=true");
        Ok(Parsed { route, write })
    }

    /// The path in its usual spelling, without prefix, and with a query where that is part of it;
    /// it parses back to this route.
    pub fn path(&self) -> String {
        spell::path(self)
    }

    fn below(path: &[u8], query: &[u8], prefix: &str) -> Result<Self, RouteError> {
        let inner = path
            .strip_prefix(prefix.as_bytes())
            .filter(|inner| !prefix.is_empty() && inner.starts_with(b"/"));
        let Some(inner) = inner else {
            return Self::of_path(path, query);
        };
        // pacote puts the path of the URL in a packument behind its registry's, and both have the prefix.
        let twice = inner.strip_prefix(prefix.as_bytes());
        if let Some(twice) = twice.filter(|twice| twice.starts_with(service::ATTESTATIONS)) {
            return Self::of_path(twice, query);
        }
        let below = Self::of_path(inner, query);
        // `/npm/-rev/1` is something below the prefix as well: a version of a package `-rev`.
        if below.is_ok() && !inner.starts_with(b"/-rev/") {
            return below;
        }
        match Self::of_path(path, query) {
            Ok(route) if route.is_plainly_a_packages() => Ok(route),
            _ => below,
        }
    }

    /// Whether it is a revision, or a tarball whose file name is made of the package's name and
    /// a version; `/npm/-/whoami` below the prefix `/npm` is neither.
    fn is_plainly_a_packages(&self) -> bool {
        match self {
            Self::Revision { .. } => true,
            Self::Tarball { name, file } | Self::TarballRevision { name, file, .. } => {
                file.version_of(name).is_some()
            }
            _ => false,
        }
    }

    fn of_path(path: &[u8], query: &[u8]) -> Result<Self, RouteError> {
        let Segments { decoded, trailing_slash } = Segments::parse(path)?;
        let parts: Vec<&str> = decoded.iter().map(String::as_str).collect();
        match parts.as_slice() {
            [] => return Ok(Self::Root),
            ["-", service @ ..] if !trailing_slash => return service::parse(service, query),
            ["-", ..] => return Err(RouteError::NotFound),
            ["favicon.ico"] if !trailing_slash => return Ok(Self::Favicon),
            ["robots.txt"] if !trailing_slash => return Ok(Self::Robots),
            ["_session"] if !trailing_slash => return Ok(Self::Session),
            [first, ..] if COUCHDB.contains(first) => return Err(RouteError::NotFound),
            // Somebody's token in a wrong place: no upstream hears of it.
            parts if parts.iter().any(|part| holds_token(part)) => {
                return Err(RouteError::NotFound);
            }
            _ => {}
        }
        let (name, rest) = cut_name(&parts);
        let name = name_of(&name)?;
        if trailing_slash && !rest.is_empty() {
            return Err(BadPath::EmptySegment.into());
        }
        Self::of_package(name, rest)
    }

    /// What follows a package's name.
    fn of_package(name: PackageName, rest: &[&str]) -> Result<Self, RouteError> {
        let (of, rev) = match rest {
            [of @ .., "-rev", rev] => {
                (of, Some(at_most(MAX_REVISION_BYTES, rev).ok_or(BadPath::Revision)?))
            }
            _ => (rest, None),
        };
        let (file, rev) = match (of, rev) {
            ([], None) => return Ok(Self::Packument { name }),
            ([], Some(rev)) => return Ok(Self::Revision { name, rev }),
            (["-"], _) => return Err(RouteError::NotFound),
            ([selector], None) => {
                let selector = Selector::parse(selector).map_err(BadPath::from)?;
                return Ok(Self::Manifest { name, selector });
            }
            (["-", file], rev) => (without_scope(&name, file), rev),
            // Lockfiles of old repeat the scope before the file name.
            (["-", scope, file], rev) if name.scope() == Some(*scope) => (*file, rev),
            _ => return Err(RouteError::NotFound),
        };
        let file = TarballName::parse(file).map_err(BadPath::from)?;
        Ok(match rev {
            None => Self::Tarball { name, file },
            Some(rev) => Self::TarballRevision { name, file, rev },
        })
    }
}

/// The text of a package name at the head of decoded segments, and what follows. A scope comes as a
/// segment of its own, or, where its slash was encoded, together with the basename.
fn cut_name<'s, 'a>(parts: &'s [&'a str]) -> (Cow<'a, str>, &'s [&'a str]) {
    match *parts {
        [scope, base, ref rest @ ..] if scope.starts_with('@') && !scope.contains('/') => {
            (Cow::Owned(format!("{scope}/{base}")), rest)
        }
        [name, ref rest @ ..] => (Cow::Borrowed(name), rest),
        [] => (Cow::Borrowed(""), &[]),
    }
}

/// The package of this name. What looks like a token is the name of none, and asked of nobody.
fn name_of(text: &str) -> Result<PackageName, RouteError> {
    if holds_token(text) {
        return Err(RouteError::NotFound);
    }
    Ok(PackageName::parse(text).map_err(BadPath::from)?)
}

/// `@s/n-1.0.0.tgz`, its slash encoded, as a file name of `@s/n`.
fn without_scope<'a>(name: &PackageName, file: &'a str) -> &'a str {
    name.scope().and_then(|scope| file.strip_prefix(scope)?.strip_prefix('/')).unwrap_or(file)
}

/// The text, if it is not longer.
fn at_most(bytes: usize, text: &str) -> Option<String> {
    (text.len() <= bytes).then(|| text.to_owned())
}
