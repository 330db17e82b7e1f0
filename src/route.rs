//! What a request's path asks for; the only place where paths are read.
//! Knows nothing of configuration, users, disk or what NOPAR holds.

mod segments;

#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod tests;

use http::Method;

use self::segments::Segments;
use crate::npm::{
    InvalidName, InvalidSelector, InvalidTarballName, PackageName, Selector, TarballName,
    encode_segment,
};

/// The methods of everything that is only read.
const READ: &str = "GET, HEAD";

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
    /// `/lodash`, `/@types/node`, `/@types%2fnode`.
    Packument {
        /// Whose.
        name: PackageName,
    },
    /// `/lodash/4.17.21`, `/lodash/latest`.
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
    /// `/-/package/lodash/dist-tags`.
    DistTags {
        /// Whose.
        name: PackageName,
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

/// Why a request has no route.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// Not a path this registry could have given out: 400.
    #[error(transparent)]
    BadPath(#[from] BadPath),
    /// A decent path to nothing; nothing an upstream should be asked for: 404.
    #[error("there is nothing at this path")]
    NotFound,
    /// The path is known, but not for this method: 405.
    #[error("this path allows {allow} only")]
    MethodNotAllowed {
        /// The value of the `Allow` header.
        allow: &'static str,
    },
}

/// What is wrong with a path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPath {
    /// Longer than any name, version and file together.
    #[error("the path is longer than 4096 bytes")]
    TooLong,
    /// Neither absolute nor a URL.
    #[error("the path does not begin with a slash")]
    NotAbsolute,
    /// `//`, or a slash at the end of what is not a packument's path.
    #[error("the path has an empty segment")]
    EmptySegment,
    /// `.` or `..`, encoded or not.
    #[error("the path has a segment of dots")]
    Dots,
    /// A percent sign without two hex digits.
    #[error("the path has a broken percent-encoding")]
    Encoding,
    /// Decoded, it is not text.
    #[error("the path is not UTF-8")]
    NotUtf8,
    /// NUL, other control characters or a backslash, encoded or not.
    #[error("the path holds a control character or a backslash")]
    Forbidden,
    /// No package name.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// No file name, or one with a slash.
    #[error(transparent)]
    File(#[from] InvalidTarballName),
    /// No version or dist-tag.
    #[error(transparent)]
    Selector(#[from] InvalidSelector),
}

impl Route {
    /// Reads a request's target as received: path and query, or a whole URL (absolute-form).
    ///
    /// `prefix` (`/npm`, or empty) is the path of the base URL. Paths below it and paths
    /// without it mean the same, because proxies in front may cut it off or not; so `/npm/lodash`
    /// is `lodash`. What nobody can mean with the prefix is read without: a tarball of a package
    /// called like the prefix, and the bare `/npm`, since clients end their registry with a slash.
    pub fn parse(method: &Method, target: &[u8], prefix: &str) -> Result<Parsed, RouteError> {
        let (path, query) = segments::split_target(target)?;
        let route = Self::below(path, prefix)?;
        if method != Method::GET && method != Method::HEAD {
            return Err(RouteError::MethodNotAllowed { allow: READ });
        }
        let write = query.split(|&c| c == b'&').any(|pair| pair == b"write=true");
        Ok(Parsed { route, write })
    }

    /// A short word for logs and metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Packument { .. } => "packument",
            Self::Manifest { .. } => "manifest",
            Self::Tarball { .. } => "tarball",
            Self::DistTags { .. } => "dist_tags",
            Self::Ping => "ping",
            Self::Favicon => "favicon",
            Self::Robots => "robots",
        }
    }

    /// The package it is about, if it is about one.
    pub fn name(&self) -> Option<&PackageName> {
        match self {
            Self::Packument { name }
            | Self::Manifest { name, .. }
            | Self::Tarball { name, .. }
            | Self::DistTags { name } => Some(name),
            Self::Root | Self::Ping | Self::Favicon | Self::Robots => None,
        }
    }

    /// The path in its usual spelling, without prefix; it parses back to this route.
    pub fn path(&self) -> String {
        match self {
            Self::Root => "/".to_owned(),
            Self::Packument { name } => format!("/{}", name.encoded()),
            Self::Manifest { name, selector } => {
                format!("/{}/{}", name.encoded(), encode_segment(selector.as_str()))
            }
            Self::Tarball { name, file } => {
                format!("/{}/-/{}", name.path(), encode_segment(file.as_str()))
            }
            Self::DistTags { name } => format!("/-/package/{}/dist-tags", name.encoded()),
            Self::Ping => "/-/ping".to_owned(),
            Self::Favicon => "/favicon.ico".to_owned(),
            Self::Robots => "/robots.txt".to_owned(),
        }
    }

    fn below(path: &[u8], prefix: &str) -> Result<Self, RouteError> {
        let inner = path
            .strip_prefix(prefix.as_bytes())
            .filter(|inner| !prefix.is_empty() && inner.starts_with(b"/"));
        let Some(inner) = inner else {
            return Self::of_path(path);
        };
        Self::of_path(inner).or_else(|error| match Self::of_path(path) {
            Ok(route) if route.is_plain_tarball() => Ok(route),
            _ => Err(error),
        })
    }

    /// Whether it is a tarball whose file name is made of the package's name and a version;
    /// `/npm/-/whoami` below the prefix `/npm` is not one.
    fn is_plain_tarball(&self) -> bool {
        match self {
            Self::Tarball { name, file } => file.version_of(name).is_some(),
            _ => false,
        }
    }

    fn of_path(path: &[u8]) -> Result<Self, RouteError> {
        let Segments { decoded, trailing_slash } = Segments::parse(path)?;
        let parts: Vec<&str> = decoded.iter().map(String::as_str).collect();
        match parts.as_slice() {
            [] => return Ok(Self::Root),
            ["-", service @ ..] if !trailing_slash => return Self::of_service(service),
            ["-", ..] => return Err(RouteError::NotFound),
            ["favicon.ico"] if !trailing_slash => return Ok(Self::Favicon),
            ["robots.txt"] if !trailing_slash => return Ok(Self::Robots),
            [first, ..] if COUCHDB.contains(first) => return Err(RouteError::NotFound),
            _ => {}
        }
        let (name, rest) = split_name(&parts)?;
        if trailing_slash && !rest.is_empty() {
            return Err(BadPath::EmptySegment.into());
        }
        Self::of_package(name, rest)
    }

    /// What follows `/-/`.
    fn of_service(parts: &[&str]) -> Result<Self, RouteError> {
        match parts {
            ["ping"] => Ok(Self::Ping),
            ["package", named @ .., "dist-tags"] if !named.is_empty() => match split_name(named)? {
                (name, []) => Ok(Self::DistTags { name }),
                _ => Err(RouteError::NotFound),
            },
            _ => Err(RouteError::NotFound),
        }
    }

    /// What follows a package's name.
    fn of_package(name: PackageName, rest: &[&str]) -> Result<Self, RouteError> {
        let file = match *rest {
            [] => return Ok(Self::Packument { name }),
            ["-"] => return Err(RouteError::NotFound),
            [selector] => {
                let selector = Selector::parse(selector).map_err(BadPath::from)?;
                return Ok(Self::Manifest { name, selector });
            }
            ["-", file] => without_scope(&name, file),
            // Lockfiles of old repeat the scope before the file name.
            ["-", scope, file] if name.scope() == Some(scope) => file,
            _ => return Err(RouteError::NotFound),
        };
        let file = TarballName::parse(file).map_err(BadPath::from)?;
        Ok(Self::Tarball { name, file })
    }
}

/// The package name at the head of decoded segments, and what follows. A scope comes as a
/// segment of its own, or, where its slash was encoded, together with the basename.
fn split_name<'s, 'a>(parts: &'s [&'a str]) -> Result<(PackageName, &'s [&'a str]), BadPath> {
    match *parts {
        [scope, base, ref rest @ ..] if scope.starts_with('@') && !scope.contains('/') => {
            Ok((PackageName::parse(&format!("{scope}/{base}"))?, rest))
        }
        [name, ref rest @ ..] => Ok((PackageName::parse(name)?, rest)),
        [] => Ok((PackageName::parse("")?, &[])),
    }
}

/// `@s/n-1.0.0.tgz`, its slash encoded, as a file name of `@s/n`.
fn without_scope<'a>(name: &PackageName, file: &'a str) -> &'a str {
    name.scope().and_then(|scope| file.strip_prefix(scope)?.strip_prefix('/')).unwrap_or(file)
}
