//! gzip, bounded and in memory.
//! Knows nothing of what is packed.

use super::packer::{Packing, pack};
use crate::npm::{Document, Form, PackageName, Template};
use bytes::Bytes;
use flate2::bufread::MultiGzDecoder;
use std::io::{self, Read};

/// Level of views.
///
/// Nanoseconds per byte, and how much shorter it gets, of the views of 40 packuments of well-known
/// packages (1.8 MB abbreviated, 4.2 MB full; `benches/levels.rs`, 2026-11-23, AMD EPYC):
///
/// | level | abbreviated | full | making and sending 10 times | 100 times | 1000 times |
/// |---|---|---|---|---|---|
/// | 1 | 1.92, 3.86x | 1.23, 6.61x | 19 ms | 118 ms | 1101 ms |
/// | 2 | 3.41, 4.85x | 2.06, 8.29x | 23 ms | 102 ms | 885 ms |
/// | 3 | 4.13, 5.09x | 2.48, 8.93x | 26 ms | 99 ms | 834 ms |
/// | **4** | 4.72, 5.19x | 2.85, 9.34x | 28 ms | 99 ms | 809 ms |
/// | 5 | 5.44, 5.30x | 3.44, 9.65x | 32 ms | 101 ms | 792 ms |
/// | 6 | 6.00, 5.31x | 3.71, 9.68x | 34 ms | 103 ms | 792 ms |
/// | 7 | 8.09, 5.38x | 5.17, 10.25x | 43 ms | 110 ms | 773 ms |
/// | 8 | 10.13, 5.44x | 5.61, 10.31x | 49 ms | 115 ms | 772 ms |
/// | 9 | 10.91, 5.31x | 6.96, 10.18x | 56 ms | 123 ms | 793 ms |
///
/// A byte sent is taken for a nanosecond: the kernel's copies and TLS, one core at 1 GB/s. A fleet asks
/// some packuments once and some thousands of times between two changes: 4 costs least at a hundred, a
/// sixth less than zlib's usual 6 at ten, and a fiftieth more at a thousand.
const LEVEL: u32 = 4;
/// Level of a source an upstream sent unpacked: it is read back rarely.
const SOURCE_LEVEL: u32 = 1;

/// A gzip body cannot be unpacked.
#[derive(Debug, thiserror::Error)]
pub enum GunzipError {
    /// It is not gzip, or damaged.
    #[error("it is not valid gzip: {0}")]
    Damaged(#[from] io::Error),
    /// It unpacks to more than is allowed.
    #[error("it unpacks to more than {0} bytes (NOPAR_MAX_PACKUMENT)")]
    TooLarge(u64),
}

/// Unpacks a gzip body of at most `limit` bytes unpacked.
///
/// # Errors
/// When it is damaged or longer; no more than `limit` bytes are ever held.
pub fn gunzip(packed: &[u8], limit: u64) -> Result<Vec<u8>, GunzipError> {
    let mut text = Vec::with_capacity(size_hint(packed, limit));
    let mut unpacked = MultiGzDecoder::new(packed).take(limit.saturating_add(1));
    unpacked.read_to_end(&mut text)?;
    if text.len() as u64 > limit {
        return Err(GunzipError::TooLarge(limit));
    }
    Ok(text)
}

/// The length that gzip's trailer states (RFC 1952 §2.3.1), if it is believable: deflate packs at
/// most about 1:1032.
fn size_hint(packed: &[u8], limit: u64) -> usize {
    let Some(trailer) = packed.last_chunk::<4>() else { return 0 };
    let stated = u64::from(u32::from_le_bytes(*trailer));
    if stated > limit || stated > packed.len() as u64 * 1032 { 0 } else { stated as usize }
}

/// Packs a template filled with a base URL, without holding it filled.
pub fn pack_template(template: &Template, base: &str) -> Bytes {
    pack(template.segments(base), LEVEL)
}

/// Packs a document as one of its views, without holding it rendered.
pub fn pack_view(document: &Document<'_>, name: &PackageName, form: Form, base: &str) -> Bytes {
    let mut packing = Packing::new(LEVEL);
    let mut is_first = true;
    document.read_template(name, form, &mut |text| {
        if !std::mem::take(&mut is_first) {
            packing.write(base.as_bytes());
        }
        packing.write(text);
    });
    packing.finish()
}

/// Packs a source document.
pub(super) fn pack_source(text: &[u8]) -> Bytes {
    pack([text], SOURCE_LEVEL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_unpacks_and_the_limit_holds() {
        let text = b"packument ".repeat(10_000);
        let packed = pack_source(&text);
        assert_eq!(gunzip(&packed, text.len() as u64).unwrap(), text);
        let over = gunzip(&packed, text.len() as u64 - 1);
        assert!(matches!(over, Err(GunzipError::TooLarge(_))), "{over:?}");
        assert!(gunzip(&packed[..packed.len() - 9], u64::MAX).is_err());
        assert!(gunzip(b"not gzip", u64::MAX).is_err());
    }

    #[test]
    fn a_view_in_pieces_is_the_view_as_a_whole() {
        let name: PackageName = "@s/n".parse().unwrap();
        for text in [
            "{}",
            r#"{"name":"@s/n","versions":{"1.0.0":{"dist":{"tarball":"x"},"bin":1},"2.0.0":{"dist":{"tarball":"y","attestations":{"url":"https://registry.example/-/npm/v1/attestations/a"}}}},"readme":"r"}"#,
            r#"{"versions":{"1.0.0":7,"1.0.1":{"dist":{"tarball":"x"}}},"time":{"1.0.0":"t"}}"#,
        ] {
            let document = Document::parse(text.as_bytes()).unwrap();
            for form in [Form::Full, Form::Abbreviated] {
                let whole = document.template(&name, form);
                let packed = pack_view(&document, &name, form, "http://b");
                assert_eq!(gunzip(&packed, u64::MAX).unwrap(), whole.fill("http://b"), "{text}");
                if form == Form::Abbreviated {
                    assert_eq!(document.digest(&name, form), whole.digest(), "{text}");
                }
            }
        }
    }
}
