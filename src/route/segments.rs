//! A request target cut into decoded segments; decoding happens once, and here.
//! Knows nothing of what the segments mean.

use super::BadPath;

/// Longest path in bytes, as received.
const MAX_PATH_BYTES: usize = 4096;

/// The segments of a path. Decoded ones may hold slashes; the router decides where that is
/// allowed. None is empty, `.` or `..`, and none holds a control character or a backslash.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Segments {
    pub(super) decoded: Vec<String>,
    /// Whether the path ends in a slash (the root's own slash is none).
    pub(super) trailing_slash: bool,
}

impl Segments {
    pub(super) fn parse(path: &[u8]) -> Result<Self, BadPath> {
        if path.len() > MAX_PATH_BYTES {
            return Err(BadPath::TooLong);
        }
        let inner = path.strip_prefix(b"/").ok_or(BadPath::NotAbsolute)?;
        if inner.is_empty() {
            return Ok(Self { decoded: Vec::new(), trailing_slash: false });
        }
        let (inner, trailing_slash) = match inner.strip_suffix(b"/") {
            Some(inner) => (inner, true),
            None => (inner, false),
        };
        let decoded = inner.split(|&c| c == b'/').map(decode).collect::<Result<_, _>>()?;
        Ok(Self { decoded, trailing_slash })
    }
}

/// Cuts a target into path and query. Of an absolute-form target, which clients send to
/// proxies, only the path counts.
pub(super) fn split_target(target: &[u8]) -> Result<(&[u8], &[u8]), BadPath> {
    let query_at = target.iter().position(|&c| c == b'?');
    let (path, query) = match query_at {
        Some(at) => (&target[..at], &target[at + 1..]),
        None => (target, &target[target.len()..]),
    };
    if path.starts_with(b"/") {
        return Ok((path, query));
    }
    let after_scheme = ["http://", "https://"].iter().find_map(|scheme| {
        let (head, rest) = path.split_at_checked(scheme.len())?;
        head.eq_ignore_ascii_case(scheme.as_bytes()).then_some(rest)
    });
    let after_scheme = after_scheme.ok_or(BadPath::NotAbsolute)?;
    let path_at = after_scheme.iter().position(|&c| c == b'/');
    Ok((path_at.map_or(b"/", |at| &after_scheme[at..]), query))
}

fn decode(raw: &[u8]) -> Result<String, BadPath> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        bytes.push(match first {
            b'%' => {
                let (pair, tail) = rest.split_first_chunk::<2>().ok_or(BadPath::Encoding)?;
                rest = tail;
                hex(pair[0])? << 4 | hex(pair[1])?
            }
            other => other,
        });
    }
    let text = String::from_utf8(bytes).map_err(|_| BadPath::NotUtf8)?;
    match text.as_str() {
        "" => Err(BadPath::EmptySegment),
        "." | ".." => Err(BadPath::Dots),
        _ if text.contains(|c: char| c.is_control() || c == '\\') => Err(BadPath::Forbidden),
        _ => Ok(text),
    }
}

fn hex(digit: u8) -> Result<u8, BadPath> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        b'A'..=b'F' => Ok(digit - b'A' + 10),
        _ => Err(BadPath::Encoding),
    }
}
