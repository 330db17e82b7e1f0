//! The address under which a caller reaches this registry, and so where its tarballs are.
//! Knows nothing of documents and routes; takes headers and returns a value.

mod authority;
mod forwarded;
mod proxies;

#[cfg(test)]
mod tests;

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use http::HeaderMap;

use self::authority::Authority;
use self::forwarded::Forwarded;
pub use self::proxies::Proxies;

/// Longest path prefix in bytes.
const MAX_PREFIX_BYTES: usize = 512;

/// An absolute base URL: `https://npm.example/prefix`.
///
/// Invariants of every value:
/// - scheme http or https, a valid host in lower case, the port only if it is not the scheme's;
/// - no credentials, query, fragment or trailing slash;
/// - path segments are not empty, not `.` or `..`, and made of letters, digits and
///   `-._~!$&()*+,;=:@`;
/// - so nothing in it needs escaping inside a JSON string.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BaseUrl {
    text: String,
    /// Where the path begins in `text`; its length when there is none.
    path_at: usize,
}

/// Why a configured text is not a base URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a base URL: {reason}")]
pub struct InvalidBaseUrl {
    text: String,
    reason: &'static str,
}

/// A request that does not say, in a form fit for a URL, by which address it came.
///
/// The header's text is left out on purpose: this error is shown to callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("bad {header}: {reason}")]
pub struct BadHost {
    /// The header, or what stands in for one.
    pub header: &'static str,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// The two schemes a registry is reached by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Http,
    Https,
}

impl BaseUrl {
    /// Parses a configured base URL. A trailing slash is dropped, host names are lower-cased.
    /// Hosts beyond ASCII are written in punycode.
    pub fn parse(text: &str) -> Result<Self, InvalidBaseUrl> {
        Self::read(text).map_err(|reason| InvalidBaseUrl { text: text.to_owned(), reason })
    }

    /// The URL without trailing slash.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The path below which the registry lives: empty, or `/prefix` without trailing slash.
    pub fn path_prefix(&self) -> &str {
        &self.text[self.path_at..]
    }

    /// Scheme, host and port without the path: as browsers write the origin of a page that lies below it
    /// (RFC 6454 §6.2).
    pub fn origin(&self) -> &str {
        &self.text[..self.path_at]
    }

    /// The host without its port: a name, an IPv4 address, or an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        let (_, authority) = self.origin().split_once("://").unwrap_or_default();
        // Between brackets there are colons.
        let end = match authority.find(']') {
            Some(bracket) => Some(bracket + 1),
            None => authority.find(':'),
        };
        &authority[..end.unwrap_or(authority.len())]
    }

    /// The base URL by which a request came.
    ///
    /// A configured one is always right. Else the host is that of the request's target
    /// (`uri_authority`: HTTP/2, absolute-form), else of its Host header, else (HTTP/1.0)
    /// `fallback_addr`, the connection's local address. If the peer is `trusted`, what it says
    /// in `X-Forwarded-Proto`, `-Host`, `-Port` and `-Prefix`, or without any of these in
    /// `Forwarded`, goes first; if not, none of it is read. `scheme_tls` is the own connection's.
    pub fn of_request(
        configured: Option<&BaseUrl>,
        trusted: bool,
        scheme_tls: bool,
        headers: &HeaderMap,
        uri_authority: Option<&str>,
        fallback_addr: Option<SocketAddr>,
    ) -> Result<Self, BadHost> {
        if let Some(configured) = configured {
            return Ok(configured.clone());
        }
        let forwarded = match trusted {
            true => Forwarded::read(|name| line(headers, name))?,
            false => Forwarded::default(),
        };
        let host = only_host(headers)?;
        forwarded.with(Scheme::own(scheme_tls), || authority_of(uri_authority, host, fallback_addr))
    }

    /// The same for a request that has one Host header and at most one line of each header that `said`
    /// knows by its name: those of a trusted peer, none of another.
    ///
    /// # Errors
    /// When something is wrong with one of them, be it of no account: [`BaseUrl::of_request`] knows better.
    pub fn of_lines<'a>(
        scheme_tls: bool,
        host: &str,
        said: impl Fn(&str) -> Option<&'a str>,
    ) -> Result<Self, BadHost> {
        let own =
            Authority::parse(host.trim()).map_err(|reason| BadHost { header: "Host", reason })?;
        Forwarded::read(|name| Ok(said(name)))?.with(Scheme::own(scheme_tls), || Ok(own))
    }

    fn read(text: &str) -> Result<Self, &'static str> {
        let (scheme, rest) = text
            .split_once("://")
            .and_then(|(scheme, rest)| Some((Scheme::parse(scheme)?, rest)))
            .ok_or("it does not begin with http:// or https://")?;
        if rest.contains(['?', '#']) {
            return Err("it has a query or a fragment");
        }
        let path_at = rest.find('/').unwrap_or(rest.len());
        let (authority, path) = rest.split_at(path_at);
        if authority.contains('@') {
            return Err("it holds credentials");
        }
        let authority = Authority::parse(authority)?;
        Ok(Self::assemble(scheme, &authority, parse_prefix(path)?))
    }

    fn assemble(scheme: Scheme, authority: &Authority, prefix: &str) -> Self {
        let mut text = format!("{}://{}", scheme.name(), authority.host);
        if let Some(port) = authority.port.filter(|&port| port != scheme.default_port()) {
            text.push_str(&format!(":{port}"));
        }
        let path_at = text.len();
        text.push_str(prefix);
        Self { text, path_at }
    }
}

impl Scheme {
    fn own(is_tls: bool) -> Self {
        if is_tls { Self::Https } else { Self::Http }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Http, Self::Https]
            .into_iter()
            .find(|scheme| scheme.name().eq_ignore_ascii_case(text))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// The first line of a header.
fn line<'a>(headers: &'a HeaderMap, header: &'static str) -> forwarded::Line<'a> {
    let value = headers.get(header).map(|value| value.to_str());
    let reason = "it holds characters beyond ASCII";
    value.transpose().map_err(|_| BadHost { header, reason })
}

/// The Host header's text, if there is one that is not empty.
fn only_host(headers: &HeaderMap) -> Result<Option<&str>, BadHost> {
    let bad = |reason| BadHost { header: "Host", reason };
    let mut hosts = headers.get_all(http::header::HOST).iter();
    let Some(host) = hosts.next() else {
        return Ok(None);
    };
    // Two hosts are how requests are smuggled past proxies that read the other one.
    if hosts.next().is_some() {
        return Err(bad("there is more than one"));
    }
    let text = host.to_str().map_err(|_| bad(authority::NOT_A_HOST))?;
    Ok(Some(text.trim()).filter(|text| !text.is_empty()))
}

fn authority_of(
    uri_authority: Option<&str>,
    host: Option<&str>,
    fallback_addr: Option<SocketAddr>,
) -> Result<Authority, BadHost> {
    let (header, text) = match (uri_authority, host) {
        (Some(text), _) => ("request target", text),
        (None, Some(text)) => ("Host", text),
        (None, None) => {
            let none = BadHost { header: "Host", reason: "there is none" };
            return fallback_addr.map(Authority::of_address).ok_or(none);
        }
    };
    Authority::parse(text).map_err(|reason| BadHost { header, reason })
}

/// A path prefix without its trailing slash; empty for none.
fn parse_prefix(path: &str) -> Result<&str, &'static str> {
    let path = path.strip_suffix('/').unwrap_or(path);
    if path.is_empty() {
        return Ok("");
    }
    if path.len() > MAX_PREFIX_BYTES {
        return Err("its path is longer than 512 bytes");
    }
    let segments = path.strip_prefix('/').ok_or("its path does not begin with a slash")?;
    let safe = |c: u8| c.is_ascii_alphanumeric() || b"-._~!$&()*+,;=:@".contains(&c);
    for segment in segments.split('/') {
        if segment.is_empty() || segment == "." || segment == ".." {
            return Err("its path has an empty segment, or one of dots");
        }
        if !segment.bytes().all(safe) {
            return Err(
                "its path holds other characters than letters, digits and -._~!$&()*+,;=:@",
            );
        }
    }
    Ok(path)
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for BaseUrl {
    type Err = InvalidBaseUrl;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}
