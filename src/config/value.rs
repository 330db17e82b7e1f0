//! Values that only one or two settings have.
//! Knows nothing of where they come from, and of the settings themselves.

use super::wrong::Wrong;
use super::{Auth, LogFormat, Sendfile, StaleIfError, Verify, duration, switch};
use crate::base_url::{BaseUrl, Proxies};
use ipnet::IpNet;
use log::LevelFilter;
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use url::Url;

/// More than this at once are a slip of the keyboard.
const MOST_CONNECTIONS: usize = 1_000_000;
/// More requests to an upstream than this in a second are no limit.
const MOST_PER_SECOND: usize = 10_000;

pub(super) fn hostname(text: &str) -> Result<String, Wrong> {
    // What stands before a port in a URL; or an address as it is, which there needs brackets.
    let is_host = |text: &str| {
        !text.contains([':', '/']) && BaseUrl::parse(&format!("http://{text}")).is_ok()
    };
    if is_address(text) || is_host(text) {
        return Ok(text.to_owned());
    }
    Err(Wrong::new("is not a host", "a name or an IP address without a port is allowed"))
}

/// Whether it is an IP address; one of IPv6 may be in brackets, and name the interface that it is of (RFC 4007 §11).
fn is_address(text: &str) -> bool {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let (address, zone) =
        bare.unwrap_or(text).split_once('%').unwrap_or((bare.unwrap_or(text), "-"));
    let is_zone = !zone.is_empty() && zone.bytes().all(|c| c.is_ascii_graphic() && c != b'/');
    match address.parse() {
        Ok(IpAddr::V6(_)) => is_zone,
        Ok(IpAddr::V4(_)) => bare.is_none() && address == text,
        Err(_) => false,
    }
}

pub(super) fn port(text: &str) -> Result<u16, Wrong> {
    text.parse().map_err(|_| Wrong::new("is not a port", "a number from 0 to 65535 is allowed"))
}

pub(super) fn address(text: &str) -> Result<SocketAddr, Wrong> {
    let allowed = "an IP address with a port, such as 127.0.0.1:9598 or [::1]:9598, is allowed";
    text.parse().map_err(|_| Wrong::new("is not an address with a port", allowed))
}

pub(super) fn threads(text: &str) -> Result<usize, Wrong> {
    match text.parse() {
        Ok(0) => Ok(cores()),
        Ok(threads) if threads <= 1024 => Ok(threads),
        _ if text.eq_ignore_ascii_case("auto") => Ok(cores()),
        _ => Err(Wrong::new(
            "is not a number of threads",
            "auto, or a number from 0 (auto as well) to 1024, is allowed",
        )),
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

pub(super) fn user_agent(text: &str) -> Result<String, Wrong> {
    if text.chars().all(|c| c == ' ' || c.is_ascii_graphic()) {
        return Ok(text.to_owned());
    }
    Err(Wrong::new("is not a user agent", "printable ASCII characters are allowed"))
}

pub(super) fn path(text: &str) -> Result<PathBuf, Wrong> {
    if text.contains('\0') {
        return Err(Wrong::new("is not a path", "a path without NUL bytes is allowed"));
    }
    Ok(PathBuf::from(text))
}

pub(super) fn base_url(text: &str) -> Result<BaseUrl, Wrong> {
    let allowed = "an http or https URL without credentials, query or fragment is allowed";
    BaseUrl::parse(text).map_err(|_| Wrong::new("is not a base URL", allowed))
}

pub(super) fn proxies(text: &str) -> Result<Proxies, Wrong> {
    let wrong = || {
        Wrong::new(
            "holds what is no address or range",
            "addresses and ranges such as 127.0.0.1, 10.0.0.0/8 are allowed, and unix",
        )
    };
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let (unix, ranges): (Vec<&str>, Vec<&str>) =
        parts.partition(|part| part.eq_ignore_ascii_case("unix"));
    let range = |part: &str| {
        let range = part.parse::<IpNet>().or_else(|_| part.parse::<IpAddr>().map(IpNet::from));
        range.map_err(|_| wrong())
    };
    let ranges = ranges.into_iter().map(range).collect::<Result<_, _>>()?;
    Ok(Proxies::new(ranges, !unix.is_empty()))
}

pub(super) fn upstream(text: &str) -> Result<Url, Wrong> {
    let allowed = "an http or https URL without credentials, query or fragment is allowed (credentials: NOPAR_FORWARDER_TOKEN)";
    let url = Url::parse(text).map_err(|_| Wrong::new("is not a URL", allowed))?;
    let plain = url.username().is_empty() && url.password().is_none();
    let bare = url.query().is_none() && url.fragment().is_none();
    if matches!(url.scheme(), "http" | "https") && url.has_host() && plain && bare {
        Ok(url)
    } else {
        Err(Wrong::new("is not the URL of a registry", allowed))
    }
}

pub(super) fn level(text: &str) -> Result<LevelFilter, Wrong> {
    match text.to_ascii_lowercase().as_str() {
        // The words of the logger that the Node.js NOPAR used.
        "silly" => Ok(LevelFilter::Trace),
        "verbose" => Ok(LevelFilter::Debug),
        "warning" => Ok(LevelFilter::Warn),
        other => other.parse().map_err(|_| {
            Wrong::new("is not a level", "off, error, warn, info, debug or trace is allowed")
        }),
    }
}

pub(super) fn log_format(text: &str) -> Result<LogFormat, Wrong> {
    match text.to_ascii_lowercase().as_str() {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err(Wrong::new("is no format of a log", "text or json is allowed")),
    }
}

pub(super) fn connections(text: &str) -> Result<NonZeroUsize, Wrong> {
    let number = text.parse().ok().and_then(NonZeroUsize::new);
    number.filter(|number| number.get() <= MOST_CONNECTIONS).ok_or(Wrong::new(
        "is not a number of connections",
        "a number from 1 to 1000000 is allowed",
    ))
}

/// The same, or none for 0.
pub(super) fn connections_or_none(text: &str) -> Result<Option<NonZeroUsize>, Wrong> {
    if text == "0" {
        return Ok(None);
    }
    let allowed = "a number from 1 to 1000000, or 0 for no limit, is allowed";
    connections(text).map(Some).map_err(|wrong| Wrong { allowed, ..wrong })
}

pub(super) fn per_second(text: &str) -> Result<Option<NonZeroUsize>, Wrong> {
    match text.parse() {
        Ok(number @ 0..=MOST_PER_SECOND) => Ok(NonZeroUsize::new(number)),
        _ => Err(Wrong::new(
            "is not a number of requests",
            "a number from 1 to 10000, or 0 for no limit, is allowed",
        )),
    }
}

pub(super) fn sendfile(text: &str) -> Result<Sendfile, Wrong> {
    if text.eq_ignore_ascii_case("auto") {
        return Ok(Sendfile::Auto);
    }
    let wrong = |_| Wrong::new("is not auto, yes or no", "auto, yes or no is allowed");
    Ok(if switch::parse(text).map_err(wrong)? { Sendfile::Yes } else { Sendfile::No })
}

pub(super) fn stale_if_error(text: &str) -> Result<StaleIfError, Wrong> {
    if text.eq_ignore_ascii_case("unlimited") {
        return Ok(StaleIfError::Unlimited);
    }
    let allowed = "unlimited, seconds, or a number with ms, s, m, h or d, is allowed";
    let length = duration::parse(text).map_err(|wrong| Wrong { allowed, ..wrong })?;
    Ok(StaleIfError::For(length))
}

pub(super) fn verify(text: &str) -> Result<Verify, Wrong> {
    match text.to_ascii_lowercase().as_str() {
        "auto" => Ok(Verify::Auto),
        "always" => Ok(Verify::Always),
        _ => Err(Wrong::new("is no way to verify", "auto or always is allowed")),
    }
}

pub(super) fn users(text: &str) -> Result<BTreeSet<String>, Wrong> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let one = |part: &str| {
        let wrong = Wrong::new("is nobody", "names of users, separated by commas, are allowed");
        let is_user = super::who::is_user(part);
        is_user.then(|| part.to_owned()).ok_or(Wrong { part: Some(part.to_owned()), ..wrong })
    };
    parts.map(one).collect()
}

pub(super) fn auth(text: &str) -> Result<Auth, Wrong> {
    if text.eq_ignore_ascii_case("open") {
        return Ok(Auth::Open);
    }
    if text.eq_ignore_ascii_case("users") {
        return Ok(Auth::Users);
    }
    let allowed = "open (everyone may log in under any name, and publish) or users (nopar user add) is allowed";
    Err(Wrong::new("is no way of logging in", allowed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostname_is_what_can_be_listened_on() {
        for good in [
            "localhost",
            "npm.example",
            "npm.example.",
            "my_host",
            "192.0.2.1",
            "0.0.0.0",
            "::",
            "::1",
            "[::1]",
            "fe80::1%eth0",
        ] {
            assert_eq!(hostname(good).ok().as_deref(), Some(good));
        }
        for bad in [
            "<b>x",
            "a b",
            "a/b",
            "a:80",
            "[::1]:80",
            "http://a",
            "a..b",
            "a@b",
            "a?b",
            "300.1.1.1",
            "[192.0.2.1]",
            "192.0.2.1%eth0",
            "::1%",
            "[::1",
            "\"",
            &"a".repeat(254),
        ] {
            assert!(hostname(bad).is_err(), "{bad}");
        }
    }
}
