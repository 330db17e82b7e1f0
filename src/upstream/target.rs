//! Where a request to an upstream goes: origin and path.
//! Knows nothing of connections.

use std::fmt;
use url::Url;

/// A URL cannot be fetched from.
#[derive(Debug, thiserror::Error)]
pub enum BadTarget {
    /// It is not a URL.
    #[error("not a URL: {0}")]
    Syntax(#[from] url::ParseError),
    /// It is a URL of another kind, or without a host.
    #[error("{0} is not an http or https URL")]
    Kind(String),
}

/// Origin and path of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Whether the origin speaks TLS.
    pub tls: bool,
    /// Host name or address, without the brackets of IPv6.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Path and query, beginning with a slash.
    pub path: String,
}

impl Target {
    /// The target of a URL; credentials and fragment in it are ignored.
    ///
    /// # Errors
    /// When it is not an `http` or `https` URL.
    pub fn parse(url: &Url) -> Result<Target, BadTarget> {
        let tls = match url.scheme() {
            "http" => false,
            "https" => true,
            _ => return Err(BadTarget::Kind(url.to_string())),
        };
        let no_host = || BadTarget::Kind(url.to_string());
        let host = match url.host().ok_or_else(no_host)? {
            url::Host::Ipv6(address) => address.to_string(),
            other => other.to_string(),
        };
        let port = url.port_or_known_default().ok_or_else(no_host)?;
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let path = format!("{}{query}", url.path());
        Ok(Target { tls, host, port, path })
    }

    /// The target at `path` (encoded, without a leading slash) below this one.
    pub fn join(&self, path: &str) -> Target {
        let root = self.path.trim_end_matches('/');
        Target { path: format!("{root}/{path}"), ..self.clone() }
    }

    /// The target of a `Location` header in this one's answer.
    ///
    /// # Errors
    /// When it leads to no `http` or `https` URL.
    pub fn redirected(&self, location: &str) -> Result<Target, BadTarget> {
        Target::parse(&Url::parse(&self.to_string())?.join(location)?)
    }

    /// Whether both have the same scheme, host and port (RFC 6454).
    pub fn same_origin(&self, other: &Target) -> bool {
        (self.tls, self.port) == (other.tls, other.port)
            && self.host.eq_ignore_ascii_case(&other.host)
    }

    /// The `Host` header: the port only where it is not the scheme's own.
    pub fn authority(&self) -> String {
        let host =
            if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        match (self.tls, self.port) {
            (true, 443) | (false, 80) => host,
            (_, port) => format!("{host}:{port}"),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority(), self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str) -> Target {
        Target::parse(&Url::parse(url).unwrap()).unwrap()
    }

    #[test]
    fn targets_print_as_the_urls_they_came_from() {
        for url in [
            "https://registry.example/lodash",
            "http://registry.example:8080/npm/@a%2fb?x=1",
            "http://[::1]:5984/lodash",
            "https://registry.example:80/",
        ] {
            assert_eq!(target(url).to_string(), url);
        }
        assert_eq!(
            target("https://u:p@registry.example:443/x#y").to_string(),
            "https://registry.example/x"
        );
        assert!(Target::parse(&Url::parse("ftp://registry.example/").unwrap()).is_err());
        assert!(Target::parse(&Url::parse("file:///etc/passwd").unwrap()).is_err());
    }

    #[test]
    fn joining_keeps_the_root_path() {
        assert_eq!(target("https://r.example").join("lodash").path, "/lodash");
        assert_eq!(target("https://r.example/npm/").join("@a%2fb").path, "/npm/@a%2fb");
    }

    #[test]
    fn redirects_are_relative_to_the_request() {
        let from = target("https://r.example/a/b.tgz");
        assert_eq!(from.redirected("/c.tgz").unwrap().to_string(), "https://r.example/c.tgz");
        assert_eq!(
            from.redirected("//cdn.example/c").unwrap().to_string(),
            "https://cdn.example/c"
        );
        assert!(from.redirected("javascript:alert(1)").is_err());
        assert!(!from.same_origin(&target("http://r.example:443/")));
        assert!(from.same_origin(&target("https://R.example/x")));
    }
}
