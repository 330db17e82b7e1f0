//! The attestations of a version as an entry of the cache keeps them: what the upstream said, and its ETag.
//! Knows nothing of what is in them: clients verify that.

use super::gzip::{GunzipError, gunzip};
use super::{DocumentLost, read_part, read_start, work};
use crate::cache::{DiskCache, Entry, PartsWriter};
use crate::npm::hex;
use bytes::Bytes;
use serde::Deserialize;
use serde::de::IgnoredAny;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use tokio::task::JoinError;

/// The parts of such an entry's body.
#[derive(Clone, Copy)]
enum Part {
    Etag,
    Text,
}

pub(super) const PARTS: usize = 2;

/// What an upstream says of how a version was built and published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attestations {
    /// The ETag of the text, with its quotes.
    pub etag: String,
    /// JSON as it came, unpacked.
    pub text: Bytes,
}

/// Why an upstream's answer is not kept.
#[derive(Debug, thiserror::Error)]
pub enum BadAttestations {
    /// It cannot be unpacked.
    #[error(transparent)]
    Gunzip(GunzipError),
    /// It is too long.
    #[error("it is longer than {} bytes", Attestations::LONGEST)]
    TooLarge,
    /// It is no text.
    #[error("it is not UTF-8")]
    NotUtf8(#[from] std::str::Utf8Error),
    /// It is something else.
    #[error("it is no object with a list of attestations: {0}")]
    Json(#[from] serde_json::Error),
    /// It is JSON of another type.
    #[error("it is not a JSON object")]
    NotAnObject,
}

/// What has to be there. Bundles are looked at by clients.
#[derive(Deserialize)]
struct Frame {
    #[serde(rename = "attestations")]
    _attestations: Vec<IgnoredAny>,
}

impl Attestations {
    /// Most that is taken of an upstream, in bytes, packed or not. npm's own are of 10 to 40 KB, and a bundle that
    /// is published here has 1 MiB at most.
    pub const LONGEST: u64 = 4 << 20;

    /// What an upstream sent, checked, when it is its turn.
    ///
    /// # Errors
    /// When it is none; the outer error when the work panicked.
    pub async fn of_sent(
        sent: Bytes,
        packed: bool,
    ) -> Result<Result<Attestations, BadAttestations>, JoinError> {
        let turn = work::turn(sent.len() as u64, packed).await;
        let (read, _room) = turn.work(move || read(sent, packed)).await?;
        Ok(read)
    }

    /// The body of an entry of it, in pieces to be written one after another.
    pub fn body(&self) -> Vec<Bytes> {
        let etag = Bytes::from(self.etag.clone());
        let writer = PartsWriter::default().part(etag).part(self.text.clone());
        writer.finish(&[Part::Etag as usize, Part::Text as usize])
    }

    /// Reads what an entry holds.
    ///
    /// # Errors
    /// When the entry is damaged or gone.
    pub async fn open(
        cache: &'static DiskCache,
        entry: &Arc<Entry>,
    ) -> Result<Attestations, DocumentLost> {
        let (parts, start) = read_start(cache, entry, PARTS).await?;
        let etag = read_part(cache, entry, &parts, Part::Etag as usize, &start).await?;
        let text = read_part(cache, entry, &parts, Part::Text as usize, &start).await?;
        Ok(Attestations { etag: String::from_utf8_lossy(&etag).into_owned(), text })
    }
}

fn read(sent: Bytes, packed: bool) -> Result<Attestations, BadAttestations> {
    let text = if packed {
        let text = gunzip(&sent, Attestations::LONGEST).map_err(|error| match error {
            GunzipError::TooLarge(_) => BadAttestations::TooLarge,
            error => BadAttestations::Gunzip(error),
        })?;
        Bytes::from(text)
    } else {
        sent
    };
    if text.len() as u64 > Attestations::LONGEST {
        return Err(BadAttestations::TooLarge);
    }
    // What is a list would pass for an object with as many members.
    if !text.trim_ascii_start().starts_with(b"{") {
        return Err(BadAttestations::NotAnObject);
    }
    serde_json::from_str::<Frame>(std::str::from_utf8(&text)?)?;
    let etag = format!("\"{}\"", hex(&Sha256::digest(&text)[..16]));
    Ok(Attestations { etag, text })
}

#[cfg(test)]
mod tests {
    use super::super::gzip::pack_source;
    use super::*;

    #[test]
    fn an_object_with_a_list_is_taken_as_it_came() {
        for text in
            [r#"{"attestations":[]}"#, " {\"a\":1.50, \"attestations\" :[ {\"bundle\":{}}, 7 ]}\n"]
        {
            let sent = Bytes::from(text);
            let plain = read(sent.clone(), false).unwrap();
            assert_eq!(plain.text, text);
            assert_eq!(read(pack_source(&sent), true).unwrap(), plain);
        }
        let etag = |text: &'static str| read(Bytes::from(text), false).unwrap().etag;
        assert_ne!(etag(r#"{"attestations":[]}"#), etag(r#"{"attestations":[1]}"#));
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            &b""[..],
            b"{",
            b"[]",
            b"[[]]",
            b"null",
            b"<html>",
            b"{}",
            br#"{"attestations":{}}"#,
            br#"{"attestations":null}"#,
            br#"{"attestations":[}"#,
            br#"{"attestations":[]}{}"#,
            br#"{"attestations":[],"attestations":[]}"#,
            b"{\"attestations\":[\"\xff\"]}",
        ] {
            let shown = String::from_utf8_lossy(text);
            assert!(read(Bytes::from(text), false).is_err(), "{shown}");
        }
        assert!(matches!(
            read(Bytes::from_static(b"not gzip"), true),
            Err(BadAttestations::Gunzip(_))
        ));
    }

    #[test]
    fn what_is_too_long_is_refused_packed_or_not() {
        let longest = usize::try_from(Attestations::LONGEST).unwrap();
        let frame = r#"{"attestations":[""]}"#.len();
        let text =
            |len: usize| Bytes::from(format!(r#"{{"attestations":["{}"]}}"#, "x".repeat(len)));
        for (len, fits) in [(longest - frame, true), (longest - frame + 1, false)] {
            let text = text(len);
            for (sent, packed) in [(text.clone(), false), (pack_source(&text), true)] {
                let read = read(sent, packed);
                assert_eq!(read.is_ok(), fits, "{len} {packed}");
                assert!(fits || matches!(read, Err(BadAttestations::TooLarge)));
            }
        }
    }
}
