//! What a request's path asks for; the only place where paths are read.
//! Knows nothing of configuration, users, disk or what NOPAR holds.

mod error;
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
use self::segments::Segments;
pub use self::service::is_user;
use crate::npm::{PackageName, Selector, TarballName};

/// The methods of everything that is only read; those of all that can be read begin so.
const READ: &str = "GET, HEAD";

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

/// What a path asks for, decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// `/`.
    Root,
    /// `/lodash`, `/@types/node`, `/@types%2fnode`. `PUT` publishes.
    Packument {
        /// Whose.
        name: PackageName,
    },
    /// `/lodash/-rev/2-abc`. `PUT` changes what that revision holds, `DELETE` unpublishes all of it.
    Revision {
        /// Whose.
        name: PackageName,
        /// Any text of at most 256 bytes.
        rev: String,
    },
    /// `/lodash/4.17.21`, `/lodash/latest`. `PUT` sets a tag, as npm 1 and 2 do.
    Manifest {
        /// Whose.
        name: PackageName,
        /// An exact version, else a dist-tag.
        selector: Selector,
    },
    /// `/lodash/-/lodash-4.17.21.tgz`, with the scope before the file name or without.
    Tarball {
        /// Whose.
        name: PackageName,
        /// Without scope.
        file: TarballName,
    },
    /// `/lodash/-/lodash-4.17.21.tgz/-rev/2-abc`. `DELETE` follows when a version was unpublished.
    TarballRevision {
        /// Whose.
        name: PackageName,
        /// Without scope.
        file: TarballName,
        /// Any text of at most 256 bytes.
        rev: String,
    },
    /// `/-/package/lodash/dist-tags`.
    DistTags {
        /// Whose.
        name: PackageName,
    },
    /// `/-/package/lodash/dist-tags/beta`.
    DistTag {
        /// Whose.
        name: PackageName,
        /// Any text of at most 512 bytes: whether it may be set is the vocabulary's to say.
        tag: String,
    },
    /// `/-/package/lodash/visibility`.
    Visibility {
        /// Whose.
        name: PackageName,
    },
    /// `/-/package/lodash/collaborators`.
    Collaborators {
        /// Whose.
        name: PackageName,
    },
    /// `/-/npm/v1/attestations/lodash@4.17.21`: the provenance of a version.
    Attestations {
        /// Whose.
        name: PackageName,
        /// An exact version.
        version: Selector,
    },
    /// `/-/package/lodash/owners`. `PUT` adds one, as pnpm does.
    Owners {
        /// Whose.
        name: PackageName,
    },
    /// `/-/package/lodash/owners/me`. `DELETE` removes that one.
    Owner {
        /// Whose.
        name: PackageName,
        /// As in [`Route::User`].
        user: String,
    },
    /// `/-/package/lodash/access`.
    Access {
        /// Whose.
        name: PackageName,
    },
    /// `/-/package/lodash/refresh`. `GET` and `POST` have the upstream confirm the copy that is held: neither
    /// reads it, so there is no `HEAD`.
    Refresh {
        /// Whose.
        name: PackageName,
    },
    /// `/-/package/lodash/delete?rev=2-abc`. `POST` unpublishes all of it, or discards the copy of it.
    Delete {
        /// Whose.
        name: PackageName,
        /// The revision that is meant, if the query says one: 1 to 256 bytes without control characters.
        rev: Option<String>,
    },
    /// `/-/user/org.couchdb.user:me`, and the same with `/-rev/` and anything behind it, by which clients
    /// log in where the user is there already. `PUT` logs in.
    User {
        /// Any text of 1 to 214 bytes without control characters: no name for a file.
        user: String,
    },
    /// `/-/user/token/npm_abc`. `DELETE` logs out.
    Token {
        /// A secret of at most 1024 bytes: not to be shown.
        token: String,
    },
    /// `/-/whoami`.
    Whoami,
    /// `/_session`, CouchDB's own way of logging in.
    Session,
    /// `/-/org/me/package`, `/-/user/me/package`: npm asks for either, not knowing what a name is of.
    PackagesOf {
        /// As in [`Route::User`].
        user: String,
    },
    /// `/-/user/me/stars`, which pnpm asks for.
    Stars {
        /// As in [`Route::User`].
        user: String,
    },
    /// `/-/_view/starredByUser?key="me"`.
    StarredBy {
        /// As in [`Route::User`].
        user: String,
    },
    /// `/-/ping`.
    Ping,
    /// `/favicon.ico`.
    Favicon,
    /// `/robots.txt`.
    Robots,
}

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
    /// with a slash.
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

    /// The methods it has, as the `Allow` header lists them.
    pub fn allow(&self) -> &'static str {
        match self {
            Self::Packument { .. } | Self::Manifest { .. } | Self::User { .. } => "GET, HEAD, PUT",
            Self::Access { .. } => "GET, HEAD, POST",
            Self::Revision { .. } => "PUT, DELETE",
            Self::TarballRevision { .. } | Self::Token { .. } => "DELETE",
            Self::DistTag { .. } => "PUT, POST, DELETE",
            Self::Session | Self::Delete { .. } => "POST",
            Self::Refresh { .. } => "GET, POST",
            Self::Owners { .. } => "GET, HEAD, PUT",
            Self::Owner { .. } => "DELETE",
            Self::Root
            | Self::Tarball { .. }
            | Self::DistTags { .. }
            | Self::Attestations { .. }
            | Self::Visibility { .. }
            | Self::Collaborators { .. }
            | Self::Whoami
            | Self::PackagesOf { .. }
            | Self::Stars { .. }
            | Self::StarredBy { .. }
            | Self::Ping
            | Self::Favicon
            | Self::Robots => READ,
        }
    }

    fn allows(&self, method: &Method) -> bool {
        let allow = self.allow();
        // Nearly all requests read, and are not to wait for a search.
        if (method == Method::GET || method == Method::HEAD) && allow.starts_with(READ) {
            return true;
        }
        allow.split(", ").any(|one| one == method.as_str())
    }

    /// A short word for logs and metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Packument { .. } => "packument",
            Self::Revision { .. } => "revision",
            Self::Manifest { .. } => "manifest",
            Self::Tarball { .. } => "tarball",
            Self::TarballRevision { .. } => "tarball_revision",
            Self::DistTags { .. } => "dist_tags",
            Self::DistTag { .. } => "dist_tag",
            Self::Attestations { .. } => "attestations",
            Self::Visibility { .. } => "visibility",
            Self::Collaborators { .. } => "collaborators",
            Self::Owners { .. } => "owners",
            Self::Owner { .. } => "owner",
            Self::Access { .. } => "access",
            Self::Refresh { .. } => "refresh",
            Self::Delete { .. } => "delete",
            Self::User { .. } => "user",
            Self::Token { .. } => "token",
            Self::Whoami => "whoami",
            Self::Session => "session",
            Self::PackagesOf { .. } => "packages_of",
            Self::Stars { .. } => "stars",
            Self::StarredBy { .. } => "starred_by",
            Self::Ping => "ping",
            Self::Favicon => "favicon",
            Self::Robots => "robots",
        }
    }

    /// The package it is about, if it is about one.
    pub fn name(&self) -> Option<&PackageName> {
        match self {
            Self::Packument { name }
            | Self::Revision { name, .. }
            | Self::Manifest { name, .. }
            | Self::Tarball { name, .. }
            | Self::TarballRevision { name, .. }
            | Self::DistTags { name }
            | Self::DistTag { name, .. }
            | Self::Attestations { name, .. }
            | Self::Visibility { name }
            | Self::Collaborators { name }
            | Self::Owners { name }
            | Self::Owner { name, .. }
            | Self::Access { name }
            | Self::Refresh { name }
            | Self::Delete { name, .. } => Some(name),
            Self::Root
            | Self::User { .. }
            | Self::Token { .. }
            | Self::Whoami
            | Self::Session
            | Self::PackagesOf { .. }
            | Self::Stars { .. }
            | Self::StarredBy { .. }
            | Self::Ping
            | Self::Favicon
            | Self::Robots => None,
        }
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
            _ => {}
        }
        let (name, rest) = cut_name(&parts);
        let name = PackageName::parse(&name).map_err(BadPath::from)?;
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

/// `@s/n-1.0.0.tgz`, its slash encoded, as a file name of `@s/n`.
fn without_scope<'a>(name: &PackageName, file: &'a str) -> &'a str {
    name.scope().and_then(|scope| file.strip_prefix(scope)?.strip_prefix('/')).unwrap_or(file)
}

/// The text, if it is not longer.
fn at_most(bytes: usize, text: &str) -> Option<String> {
    (text.len() <= bytes).then(|| text.to_owned())
}
