//! Places to listen on: `ADDRESS:PORT`, `[V6]:PORT`, `NAME:PORT`, `unix:/path`.
//! Knows nothing of sockets.

use super::value;
use super::wrong::Wrong;
use std::path::{Path, PathBuf};

/// A place to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// All addresses of a host.
    Host {
        /// A name, or an address; of IPv6 without brackets.
        name: String,
        /// Its port; 0 takes a free one.
        port: u16,
    },
    /// A unix socket at this path.
    Unix(PathBuf),
}

impl Place {
    /// The host and its port, if it is one.
    pub fn host(&self) -> Option<(&str, u16)> {
        match self {
            Place::Host { name, port } => Some((name, *port)),
            Place::Unix(_) => None,
        }
    }
}

/// The longest path of a socket in bytes (unix(7)).
const LONGEST_PATH: usize = 107;

pub(super) fn parse(text: &str) -> Result<Vec<Place>, Wrong> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let mut places = Vec::new();
    for part in parts {
        let place = one(part).map_err(|wrong| Wrong { part: Some(part.to_owned()), ..wrong })?;
        if places.contains(&place) && !matches!(place, Place::Host { port: 0, .. }) {
            let twice = Wrong::new("is there twice", "each place once is allowed");
            return Err(Wrong { part: Some(part.to_owned()), ..twice });
        }
        places.push(place);
    }
    Ok(places)
}

fn one(text: &str) -> Result<Place, Wrong> {
    let wrong = || {
        Wrong::new(
            "is no place to listen on",
            "an address or a name with a port, or unix: and a path from the root, such as 127.0.0.1:5984, [::1]:5984, unix:/run/nopar/nopar.http, is allowed",
        )
    };
    if let Some(path) = text.strip_prefix("unix:") {
        let is_path = path.starts_with('/') && !path.ends_with('/') && !path.contains('\0');
        return match path.len() {
            _ if !is_path => Err(wrong()),
            0..=LONGEST_PATH => Ok(Place::Unix(Path::new(path).to_owned())),
            _ => Err(Wrong::new(
                "is too long for a socket",
                "a path of at most 107 bytes is allowed",
            )),
        };
    }
    let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
    let (name, port) = (value::hostname(host), value::port(port));
    let (Ok(name), Ok(port)) = (name, port) else { return Err(wrong()) };
    // Which of its colons is that of the port cannot be told.
    if name.contains(':') && !name.starts_with('[') {
        return Err(wrong());
    }
    let name = name.trim_start_matches('[').trim_end_matches(']').to_owned();
    Ok(Place::Host { name, port })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_hosts_with_ports_and_unix_sockets() {
        let host = |name: &str, port| Place::Host { name: name.to_owned(), port };
        let unix = |path: &str| Place::Unix(PathBuf::from(path));
        for (text, expected) in [
            ("127.0.0.1:80", vec![host("127.0.0.1", 80)]),
            ("[::1]:5984,[::]:0", vec![host("::1", 5984), host("::", 0)]),
            ("npm.example:443", vec![host("npm.example", 443)]),
            ("localhost:0, localhost:0,", vec![host("localhost", 0), host("localhost", 0)]),
            ("unix:/run/nopar/nopar.http", vec![unix("/run/nopar/nopar.http")]),
            ("unix:/a b , 0.0.0.0:1", vec![unix("/a b"), host("0.0.0.0", 1)]),
            ("", vec![]),
        ] {
            assert_eq!(parse(text).ok(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_place_is_named() {
        let long = format!("unix:/{}", "a".repeat(LONGEST_PATH));
        for text in [
            "127.0.0.1",
            "5984",
            ":5984",
            "::1:5984",
            "[::1]",
            "a:b",
            "a:65536",
            "a:-1",
            "a b:1",
            "http://a:1",
            "unix:",
            "unix:a",
            "unix:/a/",
            "unix:/a\0b",
            "/run/nopar",
            &long,
        ] {
            let wrong = parse(&format!("127.0.0.1:1, {text}")).unwrap_err();
            assert_eq!(wrong.part.as_deref(), Some(text));
        }
        for twice in ["unix:/a", "a:1"] {
            let wrong = parse(&format!("{twice},{twice}")).unwrap_err();
            assert_eq!(wrong.problem, "is there twice");
        }
    }
}
