//! A body that comes packed, unpacked as it is read.
//! Knows nothing of limits but its own: who reads it counts what comes out.

use super::{BodyError, Incoming};
use bytes::{Buf, Bytes};
use flate2::write::{GzDecoder, ZlibDecoder};
use http::{HeaderMap, header};
use std::io::{self, Write};

/// So much is unpacked at once: it may become a thousand times as long.
const PIECE: usize = 1024;

/// A body, and how it is packed.
pub(in crate::proxy) struct Unpacked<'a> {
    body: Incoming<'a>,
    /// `None`: it is not packed.
    packing: Option<Packing>,
    /// What was read and is not unpacked.
    read: Bytes,
    is_read: bool,
}

/// What unpacks it.
pub(in crate::proxy) enum Packing {
    Gzip(GzDecoder<Vec<u8>>),
    Deflate(ZlibDecoder<Vec<u8>>),
}

/// It is packed in a way that NOPAR does not know.
#[derive(Debug)]
pub(in crate::proxy) struct UnknownCoding;

impl Packing {
    /// How a request's body is packed, by its Content-Encoding.
    pub(in crate::proxy) fn of(headers: &HeaderMap) -> Result<Option<Packing>, UnknownCoding> {
        let Some(coding) = headers.get(header::CONTENT_ENCODING) else { return Ok(None) };
        let coding = coding.to_str().map_err(|_| UnknownCoding)?.trim().to_ascii_lowercase();
        match coding.as_str() {
            "" | "identity" => Ok(None),
            "gzip" | "x-gzip" => Ok(Some(Packing::Gzip(GzDecoder::new(Vec::new())))),
            "deflate" => Ok(Some(Packing::Deflate(ZlibDecoder::new(Vec::new())))),
            _ => Err(UnknownCoding),
        }
    }

    fn feed(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Packing::Gzip(decoder) => decoder.write_all(bytes),
            Packing::Deflate(decoder) => decoder.write_all(bytes),
        }
    }

    fn end(&mut self) -> io::Result<()> {
        match self {
            Packing::Gzip(decoder) => decoder.try_finish(),
            Packing::Deflate(decoder) => decoder.try_finish(),
        }
    }

    fn take(&mut self) -> Bytes {
        let unpacked = match self {
            Packing::Gzip(decoder) => decoder.get_mut(),
            Packing::Deflate(decoder) => decoder.get_mut(),
        };
        Bytes::from(std::mem::take(unpacked))
    }
}

impl<'a> Unpacked<'a> {
    pub(in crate::proxy) fn new(body: Incoming<'a>, packing: Option<Packing>) -> Unpacked<'a> {
        Unpacked { body, packing, read: Bytes::new(), is_read: false }
    }

    /// The length of the body as it comes: unpacked, it is hardly ever less.
    pub(in crate::proxy) fn stated_length(&self) -> Option<u64> {
        self.body.stated_length()
    }

    /// How many bytes of it came so far, as they came.
    pub(in crate::proxy) fn came(&self) -> u64 {
        self.body.came
    }

    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// As of [`Incoming::next`], and when it is not packed as it should be.
    pub(in crate::proxy) async fn next(&mut self) -> Result<Option<Bytes>, BodyError> {
        let Some(packing) = &mut self.packing else { return self.body.next().await };
        loop {
            if self.read.is_empty() && !self.is_read {
                match self.body.next().await? {
                    Some(bytes) => self.read = bytes,
                    None => {
                        self.is_read = true;
                        packing.end().map_err(|_| BodyError::Broken)?;
                    }
                }
            }
            let part = &self.read[..self.read.len().min(PIECE)];
            packing.feed(part).map_err(|_| BodyError::Broken)?;
            let len = part.len();
            self.read.advance(len);
            let unpacked = packing.take();
            if !unpacked.is_empty() {
                return Ok(Some(unpacked));
            }
            if self.is_read && self.read.is_empty() {
                return Ok(None);
            }
        }
    }
}
