//! Entries' files looked at by who opens no cache: whether each is whole.
//! Knows nothing of which entries a NOPAR that runs has in memory. Writes nothing; everything here blocks.

use super::chunks::CHUNK;
use super::format::{self, Opening};
use super::key::{Key, Kind};
use super::name::FileName;
use super::peek::PEEK;
use super::read;
use crate::npm::{Digester, Integrity};
use crate::regular;
use bytes::Bytes;
use std::fs::File;
use std::io;
use std::path::Path;

/// What a file holds that is whole, as far as this can be said here.
#[derive(Debug)]
pub struct Inspected {
    /// What it is filed under.
    pub key: Key,
    /// What is in it.
    pub held: Inside,
}

/// What is in a file.
#[derive(Debug)]
pub enum Inside {
    /// A tarball, whose bytes digest to this.
    Tarball(Integrity),
    /// Something else: its body, whose parts are for who knows them to check.
    Parts(Bytes),
}

/// Why a file is no whole entry.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// Somebody removed it meanwhile.
    #[error("it is gone")]
    Gone,
    /// It cannot be read by whoever looks, or not now: that says nothing of it.
    #[error("it cannot be read: {0}")]
    Unread(#[source] io::Error),
    /// It is damaged.
    #[error("{why}")]
    Broken {
        /// What it is filed under, as far as that can be read.
        key: Option<Key>,
        /// What is wrong with it.
        why: String,
    },
}

/// Reads the file of an entry in the directory `cache` whole, and compares it with its checksums and digests; with
/// `expected`, that kind of digest is computed as well.
///
/// # Errors
/// When it is no whole entry.
pub fn inspect(
    cache: &Path,
    name: &FileName,
    expected: Option<&Integrity>,
) -> Result<Inspected, InspectError> {
    let of_no_key = |error| failed(None, error);
    let file = regular::open(&cache.join(name.relative())).map_err(of_no_key)?;
    let opening = opening(&file, name).map_err(of_no_key)?;
    let held = match opening.key.kind() {
        Kind::Tarball => tarball(&file, &opening, expected).map(Inside::Tarball),
        Kind::Packument => {
            read::bytes(&file, opening.body_at, opening.head.body_len).map(Inside::Parts)
        }
    };
    match held {
        Ok(held) => Ok(Inspected { key: opening.key, held }),
        Err(error) => Err(failed(Some(opening.key), error)),
    }
}

fn opening(file: &File, name: &FileName) -> io::Result<Opening> {
    read::check_len(file, name)?;
    let mut start = read::bytes(file, 0, name.size.min(PEEK))?;
    let head_len = format::head_len(&start).map_err(io::Error::other)? as u64;
    if head_len > start.len() as u64 {
        start = read::bytes(file, 0, head_len.min(name.size))?;
    }
    let opening = format::decode(&start, name.size).map_err(io::Error::other)?;
    if opening.key.hash() == name.hash {
        return Ok(opening);
    }
    Err(io::Error::other("its key is not the one it is filed under"))
}

/// The digests of a tarball whose chunks have the sums behind them, and whose digests are those that it came with.
fn tarball(file: &File, opening: &Opening, expected: Option<&Integrity>) -> io::Result<Integrity> {
    let Some(sums) = read::sums(file, opening)? else {
        return Err(io::Error::other("it has no checksums"));
    };
    let said = opening.head.integrity.as_deref().map(Integrity::parse).transpose();
    let said = said.map_err(io::Error::other)?;
    let mut digester = Digester::new(expected.or(said.as_ref()));
    let len = opening.head.body_len;
    for number in 0..len.div_ceil(CHUNK) {
        let from = number * CHUNK;
        let bytes = read::bytes(file, opening.body_at + from, CHUNK.min(len - from))?;
        if !sums.check(number, &bytes) {
            let why = format!("the checksum of its chunk {number} does not match");
            return Err(io::Error::other(why));
        }
        digester.update(&bytes);
    }
    let digests = digester.finish();
    match said.filter(|said| digests.matches(said) == Some(false)) {
        Some(said) => Err(io::Error::other(format!("its digests are {digests}, not {said}"))),
        None => Ok(digests),
    }
}

fn failed(key: Option<Key>, error: io::Error) -> InspectError {
    match error.kind() {
        io::ErrorKind::NotFound => InspectError::Gone,
        io::ErrorKind::PermissionDenied => InspectError::Unread(error),
        _ if read::passes(&error) => InspectError::Unread(error),
        _ => InspectError::Broken { key, why: error.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::{DiskCache, files_of};
    use crate::clock::Clock;
    use crate::counters::Counters;
    use std::fs;
    use std::path::PathBuf;
    use std::sync::Arc;
    use tempfile::TempDir;

    const UPSTREAM: &str = "https://registry.example/";

    fn body() -> Bytes {
        (0..CHUNK * 2 + 99).map(|at| (at % 251) as u8).collect::<Vec<u8>>().into()
    }

    /// A cache that holds this, its file, and where that is.
    async fn filled(key: Key, body: Bytes) -> (TempDir, FileName, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let (clock, counters) = (Clock::system(), Arc::new(Counters::new(1)));
        let cache = DiskCache::open(folder.path(), 1 << 30, clock, counters).unwrap();
        let cache: &'static DiskCache = Box::leak(Box::new(cache));
        cache.keep(key, vec![body]).await.unwrap();
        let names = files_of(folder.path()).unwrap().unwrap();
        assert_eq!(names.len(), 1);
        let path = folder.path().join(names[0].relative());
        (folder, names[0], path)
    }

    fn tarball_key() -> Key {
        Key::tarball(UPSTREAM, &"a".parse().unwrap(), "a-1.0.0.tgz")
    }

    #[tokio::test]
    async fn a_whole_tarball_has_its_digests_and_a_damaged_byte_of_it_is_noticed() {
        let (folder, name, path) = filled(tarball_key(), body()).await;
        let mut digester = Digester::new(None);
        digester.update(&body());
        let digests = digester.finish();
        let inspected = inspect(folder.path(), &name, None).unwrap();
        assert_eq!(inspected.key, tarball_key());
        assert!(matches!(inspected.held, Inside::Tarball(held) if held == digests));
        let whole = fs::read(&path).unwrap();
        let body_at = whole.len() - body().len() - 16;
        for at in [0, 64, body_at, body_at + 300_000, whole.len() - 17, whole.len() - 1] {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            fs::write(&path, damaged).unwrap();
            let error = inspect(folder.path(), &name, None).unwrap_err();
            assert!(matches!(error, InspectError::Broken { .. }), "byte {at}: {error}");
        }
        fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        let cut = inspect(folder.path(), &name, None).unwrap_err().to_string();
        assert!(cut.contains("its length"), "{cut}");
        fs::remove_file(&path).unwrap();
        assert!(matches!(inspect(folder.path(), &name, None), Err(InspectError::Gone)));
    }

    #[tokio::test]
    async fn what_is_filed_under_another_name_is_damage() {
        let (folder, name, path) = filled(tarball_key(), body()).await;
        let other = FileName { hash: [7; 16], ..name };
        let place = folder.path().join(other.relative());
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::copy(path, place).unwrap();
        let error = inspect(folder.path(), &other, None).unwrap_err().to_string();
        assert!(error.contains("filed under"), "{error}");
    }

    #[tokio::test]
    async fn of_what_is_no_tarball_the_body_is_had() {
        let key = Key::packument(UPSTREAM, &"a".parse().unwrap());
        let (folder, name, _) = filled(key.clone(), Bytes::from_static(b"parts")).await;
        let inspected = inspect(folder.path(), &name, None).unwrap();
        assert_eq!(inspected.key, key);
        assert!(matches!(inspected.held, Inside::Parts(body) if body == "parts"));
    }

    #[test]
    fn a_directory_that_is_no_cache_has_no_files_and_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        assert!(files_of(folder.path()).unwrap().is_none());
        assert!(files_of(&folder.path().join("none")).unwrap().is_none());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        fs::write(folder.path().join("nopar-cache-format"), "3").unwrap();
        let error = files_of(folder.path()).unwrap_err().to_string();
        assert!(error.contains("format 3"), "{error}");
    }
}
