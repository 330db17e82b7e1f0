//! What a tarball unpacks to, no more of it than may be read.
//! Knows nothing of files.

use super::archive::Unreadable;
use flate2::bufread::MultiGzDecoder;
use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;

/// Longest tarball that is looked into, in bytes; and the most that it may unpack to.
pub(super) const LONGEST: u64 = 64 << 20;
const MOST: u64 = 256 << 20;
/// How much larger than itself it may be unpacked, once it is larger than a few megabytes: source code is packed to a
/// third or a tenth, and zeros to a thousandth.
const MOST_TIMES: u64 = 100;
const ANYWAY: u64 = 8 << 20;

/// The unpacked bytes.
pub(super) struct Unpacked<R: Read> {
    inner: Inner<R>,
    /// Packed bytes that were read.
    packed: Rc<Cell<u64>>,
    given: u64,
}

enum Inner<R: Read> {
    Gzip(Box<MultiGzDecoder<BufReader<Counted<R>>>>),
    /// npm takes tarballs that are not packed, too.
    Plain(BufReader<Counted<R>>),
}

/// What counts the bytes that are read through it.
struct Counted<R> {
    inner: R,
    count: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let len = self.inner.read(out)?;
        self.count.set(self.count.get() + len as u64);
        Ok(len)
    }
}

impl<R: Read> Unpacked<R> {
    /// What these bytes unpack to.
    pub(super) fn new(packed: R) -> io::Result<Unpacked<R>> {
        let count = Rc::new(Cell::new(0));
        let counted = Counted { inner: packed, count: Rc::clone(&count) };
        let mut reader = BufReader::with_capacity(32 << 10, counted);
        let inner = if reader.fill_buf()?.starts_with(&[0x1f, 0x8b]) {
            Inner::Gzip(Box::new(MultiGzDecoder::new(reader)))
        } else {
            Inner::Plain(reader)
        };
        Ok(Unpacked { inner, packed: count, given: 0 })
    }
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let len = match &mut self.inner {
            Inner::Gzip(gzip) => gzip.read(out)?,
            Inner::Plain(plain) => plain.read(out)?,
        };
        self.given += len as u64;
        let is_bomb = self.given > ANYWAY && self.given / MOST_TIMES > self.packed.get();
        if self.given > MOST || is_bomb {
            return Err(io::Error::other(Unreadable::TooLarge));
        }
        Ok(len)
    }
}
