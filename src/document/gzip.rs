//! gzip, bounded and in memory.
//! Knows nothing of what is packed.

use super::packer::pack;
use crate::npm::Template;
use bytes::Bytes;
use flate2::bufread::MultiGzDecoder;
use std::io::{self, Read};

/// Level of prebuilt views: they are packed once and sent thousands of times.
const LEVEL: u32 = 6;
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
}
