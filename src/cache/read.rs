//! Entries' files, read and checked. Everything here blocks, but for what says that it does not.
//! Knows nothing of which entries there are.

use super::chunks::{CHUNK, Sums};
use super::entry::Entry;
use super::format::{self, Opening};
use super::key::Kind;
use super::name::FileName;
use crate::regular;
use bytes::Bytes;
use rustix::io::{ReadWriteFlags, preadv2};
use std::fs::File;
use std::io::{self, IoSliceMut};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// The first read of a file: its head, and of nearly all packuments the view that is asked for. The
/// system reads as much from the disk for a single byte.
const FIRST_READ: u64 = 64 * 1024;

/// Reads a file's head, and a tarball's checksums. With it comes as much of the body as was read.
///
/// # Errors
/// When the file is gone or damaged.
pub(super) fn entry(path: &Path, name: FileName) -> io::Result<(File, Entry, Bytes)> {
    let file = regular::open(path)?;
    check_len(&file, &name)?;
    let mut start = bytes(&file, 0, name.size.min(FIRST_READ))?;
    let head_len = format::head_len(&start).map_err(io::Error::other)? as u64;
    if head_len > name.size {
        return Err(io::Error::other("its head is longer than the file"));
    }
    if head_len > start.len() as u64 {
        start = bytes(&file, 0, head_len)?;
    }
    let opening = format::decode(&start, name.size).map_err(io::Error::other)?;
    if opening.key.hash() != name.hash {
        return Err(io::Error::other("its key is not the one it is filed under"));
    }
    let sums = sums(&file, &opening)?;
    let entry = Entry::new(name, opening, sums, 0);
    let entry = entry.ok_or_else(|| io::Error::other("its header cannot be read"))?;
    check_body(&file, &entry)?;
    let body = start.slice((entry.body_at as usize).min(start.len())..);
    Ok((file, entry, body))
}

/// Checks a tarball's body once, when this process first meets it: damage found here costs a fetch,
/// damage found while sending costs a broken connection.
fn check_body(file: &File, entry: &Entry) -> io::Result<()> {
    if entry.sums.is_none() {
        return Ok(());
    }
    (0..entry.body_len().div_ceil(CHUNK))
        .try_for_each(|number| chunk(file, entry, number).map(drop))
}

/// The checksums behind a tarball; `None` of what is none.
pub(super) fn sums(file: &File, opening: &Opening) -> io::Result<Option<Sums>> {
    if opening.key.kind() != Kind::Tarball {
        return Ok(None);
    }
    let body_len = opening.head.body_len;
    let table = bytes(file, opening.body_at + body_len, Sums::encoded_len(body_len))?;
    let sums = Sums::decode(&table);
    sums.map(Some).ok_or_else(|| io::Error::other("the table of its checksums is damaged"))
}

/// Whether an error says nothing of the file: the process has too many open, or no memory.
pub(super) fn passes(error: &io::Error) -> bool {
    let passing = [libc::EMFILE, libc::ENFILE, libc::ENOMEM, libc::EAGAIN, libc::EINTR];
    error.raw_os_error().is_some_and(|code| passing.contains(&code))
}

/// Whether the file still has the length its name says.
pub(super) fn check_len(file: &File, name: &FileName) -> io::Result<()> {
    if file.metadata()?.len() == name.size {
        return Ok(());
    }
    Err(io::Error::other("its length is not what its name says"))
}

/// Reads `len` bytes, unchecked.
pub(super) fn bytes(file: &File, at: u64, len: u64) -> io::Result<Bytes> {
    let mut bytes = vec![0; usize::try_from(len).map_err(io::Error::other)?];
    file.read_exact_at(&mut bytes, at)?;
    Ok(Bytes::from(bytes))
}

/// Fills `buffer` with what is in the page cache from `at` on; whether it was all there. A file system
/// that cannot say (`RWF_NOWAIT`, preadv2(2)) says no. Does not block.
pub(super) fn now(file: &File, at: u64, buffer: &mut [u8]) -> bool {
    let mut done = 0;
    while done < buffer.len() {
        let mut rest = [IoSliceMut::new(&mut buffer[done..])];
        match preadv2(file, &mut rest, at + done as u64, ReadWriteFlags::NOWAIT) {
            Ok(0) | Err(_) => return false,
            Ok(read) => done += read,
        }
    }
    true
}

/// The same as [`bytes()`], if it is all in the page cache. Does not block.
pub(super) fn bytes_now(file: &File, at: u64, len: u64) -> Option<Bytes> {
    let mut bytes = vec![0; usize::try_from(len).ok()?];
    now(file, at, &mut bytes).then(|| Bytes::from(bytes))
}

/// Reads a tarball's chunk and checks it.
pub(super) fn chunk(file: &File, entry: &Entry, number: u64) -> io::Result<Bytes> {
    let from = number * CHUNK;
    let len = CHUNK.min(entry.body_len().saturating_sub(from));
    let bytes = bytes(file, entry.body_at + from, len)?;
    check_chunk(entry, number, &bytes).map(|()| bytes)
}

/// Whether these are the bytes of a tarball's chunk.
///
/// # Errors
/// When they are not.
pub(super) fn check_chunk(entry: &Entry, number: u64, bytes: &[u8]) -> io::Result<()> {
    match &entry.sums {
        Some(sums) if bytes.is_empty() || sums.check(number, bytes) => Ok(()),
        _ => Err(io::Error::other(format!("the checksum of its chunk {number} does not match"))),
    }
}
