//! Doors for the fuzz targets of `tests/fuzz`, there with the feature `fuzzing` only.
//! Knows nothing of what is tried.

use super::chunks::CHUNK;
use super::name::FileName;
use super::{format, read};
use std::path::Path;

/// Reads text as the name of an entry's file and writes it again. `None` when it is none.
pub fn name(text: &str) -> Option<String> {
    let relative = FileName::parse(text)?.relative();
    Some(relative.split_once('/')?.1.to_owned())
}

/// Reads `bytes`, put at `path`, as an entry's file would be read after a start; a tarball's body
/// comes back. `None` when they are refused, or are a packument's.
///
/// # Panics
/// When the file cannot be written.
pub fn body(path: &Path, bytes: &[u8]) -> Option<Vec<u8>> {
    let size = bytes.len() as u64;
    let key = format::decode(bytes, size).ok()?.key;
    let name = FileName { hash: key.hash(), id: 1, size };
    std::fs::write(path, bytes).expect("the file can be written");
    let (file, entry) = read::entry(path, name).ok()?;
    entry.sums.as_ref()?;
    let chunks = (0..entry.body_len().div_ceil(CHUNK))
        .map(|number| read::chunk(&file, &entry, number).expect("it was checked a moment ago"));
    Some(chunks.collect::<Vec<_>>().concat())
}
