//! The files that pages are made up with: embedded, packed once, and named by what is in them, so that browsers keep
//! them for ever.
//! Knows nothing of pages.

use super::frame::prefix;
use crate::npm::hex;
use crate::reply::Reply;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{StatusCode, header};
use sha2::{Digest, Sha256};
use std::io::Write;
use std::sync::LazyLock;

/// Under its name a file never changes (RFC 8246).
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// So many bytes of a file's digest are in its name.
const DIGEST: usize = 6;

/// A file.
struct Static {
    /// As pages call it: `nopar.css`.
    name: &'static str,
    /// As it is served: `nopar.0123456789ab.css`.
    hashed: String,
    content_type: &'static str,
    plain: &'static [u8],
    /// With gzip; nothing if it cannot be packed.
    packed: Option<Bytes>,
}

static FILES: LazyLock<[Static; 3]> = LazyLock::new(|| {
    [
        Static::new(
            "nopar.css",
            "text/css; charset=utf-8",
            include_bytes!("../../assets/nopar.css"),
        ),
        Static::new(
            "nopar.js",
            "text/javascript; charset=utf-8",
            include_bytes!("../../assets/nopar.js"),
        ),
        Static::new("nopar.svg", "image/svg+xml", include_bytes!("../../assets/nopar.svg")),
    ]
});

impl Static {
    fn new(name: &'static str, content_type: &'static str, plain: &'static [u8]) -> Static {
        let digest = Sha256::digest(plain);
        let (stem, extension) = name.split_once('.').unwrap_or((name, ""));
        let hashed = format!("{stem}.{}.{extension}", hex(&digest[..DIGEST]));
        Static { name, hashed, content_type, plain, packed: packed(plain, Compression::best()) }
    }
}

/// A text with gzip; nothing if it cannot be packed.
pub fn packed(plain: &[u8], level: Compression) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 4), level);
    encoder.write_all(plain).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

/// The file that is served under this name, with gzip if that is wanted; `None` if there is none, as of another version
/// of NOPAR.
pub fn file(hashed: &str, gzip: bool) -> Option<Reply> {
    let file = FILES.iter().find(|file| file.hashed == hashed)?;
    let packed = file.packed.as_ref().filter(|_| gzip);
    let body = packed.cloned().unwrap_or(Bytes::from_static(file.plain));
    let reply = Reply::text(StatusCode::OK, file.content_type, body)
        .with(header::CACHE_CONTROL, FOR_EVER)
        .with(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    Some(if packed.is_some() { reply.with(header::CONTENT_ENCODING, "gzip") } else { reply })
}

/// Where a file is that pages of this registry call so; the path of one that is not there leads to nothing.
pub(crate) fn asset(registry: &str, name: &str) -> String {
    let hashed = FILES.iter().find(|file| file.name == name).map_or(name, |file| &file.hashed);
    format!("{}/-/static/{hashed}", prefix(registry))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::GzDecoder;
    use std::io::Read;

    fn header<'a>(reply: &'a Reply, name: &str) -> Option<&'a str> {
        let mut values = reply.headers.iter().filter(|(one, _)| one == name);
        values.next().map(|(_, value)| value.to_str().unwrap())
    }

    #[test]
    fn each_file_is_served_under_its_name_for_ever_packed_or_not() {
        for one in FILES.iter() {
            let path = asset("https://npm.example/npm", one.name);
            let name = path.strip_prefix("/npm/-/static/").unwrap();
            assert_eq!(name.split('.').count(), 3, "{name}");
            let (plain, packed) = (file(name, false).unwrap(), file(name, true).unwrap());
            assert_eq!(plain.body, one.plain);
            let mut unpacked = Vec::new();
            GzDecoder::new(&packed.body[..]).read_to_end(&mut unpacked).unwrap();
            assert_eq!(unpacked, one.plain);
            for reply in [&plain, &packed] {
                assert_eq!(header(reply, "cache-control"), Some(FOR_EVER));
                assert_eq!(header(reply, "content-type"), Some(one.content_type));
                assert_eq!(header(reply, "x-content-type-options"), Some("nosniff"));
            }
            assert_eq!(header(&plain, "content-encoding"), None);
            assert_eq!(header(&packed, "content-encoding"), Some("gzip"));
        }
    }

    #[test]
    fn what_has_another_name_is_not_there() {
        for name in ["", "nopar.css", "nopar.000000000000.css", "x"] {
            assert!(file(name, true).is_none(), "{name}");
        }
    }

    /// A style or script that names something elsewhere would be refused by browsers, and tell others who looks.
    #[test]
    fn nothing_is_loaded_from_elsewhere() {
        for one in FILES.iter() {
            let text = str::from_utf8(one.plain).unwrap();
            let elsewhere = text.replace("http://www.w3.org/2000/svg", "");
            assert!(!elsewhere.contains("://") && !elsewhere.contains("@import"), "{}", one.name);
            assert!(!text.contains("url(") && !text.contains("innerHTML"), "{}", one.name);
        }
    }
}
