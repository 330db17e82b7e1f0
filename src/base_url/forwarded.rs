//! What a trusted proxy says about the request it passes on.
//! Knows nothing of who is trusted; asked only when someone is.

use std::borrow::Cow;

use super::authority::{Authority, parse_port};
use super::{BadHost, BaseUrl, Scheme, parse_prefix};

const FORWARDED: &str = "Forwarded";
const PROTO: &str = "X-Forwarded-Proto";
const HOST: &str = "X-Forwarded-Host";
const PORT: &str = "X-Forwarded-Port";
const PREFIX: &str = "X-Forwarded-Prefix";

/// The parts of a base URL as the outermost proxy saw them; what it did not say is `None`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Forwarded {
    pub(super) scheme: Option<Scheme>,
    pub(super) authority: Option<Authority>,
    pub(super) port: Option<u16>,
    /// Without trailing slash; empty for none.
    pub(super) prefix: String,
}

/// The first line of a header, if there is one.
pub(super) type Line<'a> = Result<Option<&'a str>, BadHost>;

impl Forwarded {
    /// Reads the `X-Forwarded-*` headers; `Forwarded` (RFC 7239) only where there is none of
    /// them. A proxy that speaks one dialect often passes the caller's own words in the other.
    pub(super) fn read<'a>(line: impl Fn(&'static str) -> Line<'a>) -> Result<Self, BadHost> {
        let spoken = [PROTO, HOST, PORT, PREFIX];
        if spoken.iter().any(|name| !matches!(line(name), Ok(None))) {
            Self::read_x(line)
        } else {
            Self::read_rfc7239(line(FORWARDED)?.unwrap_or_default())
        }
    }

    fn read_x<'a>(line: impl Fn(&'static str) -> Line<'a>) -> Result<Self, BadHost> {
        let first = |name| line(name).map(first);
        Ok(Self {
            scheme: first(PROTO)?.map(|text| parse_scheme(PROTO, text)).transpose()?,
            authority: first(HOST)?
                .map(|text| Authority::parse(text).map_err(bad(HOST)))
                .transpose()?,
            port: first(PORT)?.map(|text| parse_port(text).map_err(bad(PORT))).transpose()?,
            prefix: first(PREFIX)?.map_or(Ok(""), parse_prefix).map_err(bad(PREFIX))?.to_owned(),
        })
    }

    fn read_rfc7239(line: &str) -> Result<Self, BadHost> {
        let mut forwarded = Self::default();
        let element = split_unquoted(line, ',').next().unwrap_or_default();
        for pair in split_unquoted(element, ';') {
            let Some((key, value)) = pair.split_once('=') else {
                continue;
            };
            let value = unquoted(value.trim());
            match key.trim().to_ascii_lowercase().as_str() {
                "proto" => forwarded.scheme = Some(parse_scheme(FORWARDED, &value)?),
                "host" => {
                    let authority = Authority::parse(&value).map_err(bad(FORWARDED))?;
                    forwarded.authority = Some(authority);
                }
                _ => {}
            }
        }
        Ok(forwarded)
    }

    /// The base URL, where `own` stands in for what was not said.
    pub(super) fn with(
        self,
        own_scheme: Scheme,
        own: impl FnOnce() -> Result<Authority, BadHost>,
    ) -> Result<BaseUrl, BadHost> {
        let mut authority = self.authority.map_or_else(own, Ok)?;
        authority.port = authority.port.or(self.port);
        Ok(BaseUrl::assemble(self.scheme.unwrap_or(own_scheme), &authority, &self.prefix))
    }
}

fn bad(header: &'static str) -> impl Fn(&'static str) -> BadHost {
    move |reason| BadHost { header, reason }
}

fn parse_scheme(header: &'static str, text: &str) -> Result<Scheme, BadHost> {
    Scheme::parse(text).ok_or(bad(header)("its scheme is neither http nor https"))
}

/// The first element of a header's list: what the proxy nearest to the caller said.
fn first(line: Option<&str>) -> Option<&str> {
    let element = line.and_then(|text| text.split(',').next());
    element.map(str::trim).filter(|text| !text.is_empty())
}

/// Splits at a character that does not stand inside a quoted string.
fn split_unquoted(text: &str, at: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |c| {
        let escapes = quoted && c == '\\' && !escaped;
        if c == '"' && !escaped {
            quoted = !quoted;
        }
        escaped = escapes;
        c == at && !quoted
    })
}

/// The content of a quoted string; any other text as it is.
fn unquoted(text: &str) -> Cow<'_, str> {
    let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match inner {
        None => Cow::Borrowed(text),
        // A backslash quotes the next character; no host or scheme needs one.
        Some(inner) => Cow::Owned(inner.replace('\\', "")),
    }
}
