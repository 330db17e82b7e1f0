//! A tarball of another registry is read, compared with its digests, and brought into the store, under no name yet.
//! Knows nothing of documents.

use super::super::Problem;
use super::source::{Source, is_absent};
use crate::clock::iso;
use crate::npm::integrity::{Algorithm, Integrity};
use crate::npm::{Digester, hex};
use crate::store::{Store, Upload};
use crate::verdaccio::OwnVersion;
use bytes::Bytes;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::time::SystemTime;

/// Bytes that are read at a time.
const PIECE: usize = 256 << 10;

/// One that is what it should be.
pub(super) struct Loaded {
    /// Its bytes, if they were to be kept.
    pub(super) upload: Option<Box<dyn Upload>>,
    /// Its SHA-512 as an SRI string.
    pub(super) integrity: String,
    /// Its SHA-1 in hex digits.
    pub(super) shasum: String,
    /// How many bytes it has.
    pub(super) len: u64,
    /// When its file was written.
    pub(super) time: String,
}

/// Reads the tarball of a version in a folder, into the `store` if there is one; in words, why it cannot be had.
///
/// # Errors
/// When the store takes nothing more.
pub(super) async fn load(
    source: &Source,
    folder: &Path,
    own: &OwnVersion,
    store: Option<&dyn Store>,
) -> Result<Result<Loaded, String>, Problem> {
    let unreadable = |error: io::Error| Ok(Err(format!("its tarball cannot be read: {error}")));
    let mut file = match find(source, folder, own) {
        Ok(Some(file)) => file,
        Ok(None) => return Ok(Err("its tarball is missing".to_owned())),
        Err(error) => return unreadable(error),
    };
    let mut upload = match store {
        Some(store) => Some(store.upload().await?),
        None => None,
    };
    let (mut digester, mut len) = (Digester::of_all(), 0);
    loop {
        let mut piece = vec![0; PIECE];
        let read = match file.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) => return unreadable(error),
        };
        piece.truncate(read);
        digester.update(&piece);
        len += read as u64;
        if let Some(upload) = &mut upload {
            upload.write(Bytes::from(piece)).await?;
        }
    }
    let computed = digester.finish();
    if len == 0 || own.stated.iter().any(|stated| computed.matches(stated) != Some(true)) {
        return Ok(Err(format!(
            "its tarball is damaged: its {len} bytes do not match the digests it was published with"
        )));
    }
    let time = file.metadata().and_then(|it| it.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
    let (integrity, shasum) = (sri(&computed), sha1(&computed));
    Ok(Ok(Loaded { upload, integrity, shasum, len, time: iso(time) }))
}

/// The first of the files that it may be which is there.
fn find(source: &Source, folder: &Path, own: &OwnVersion) -> io::Result<Option<File>> {
    for file in &own.files {
        match source.open(&folder.join(file.as_str())) {
            Err(error) if is_absent(&error) => {}
            opened => return opened.map(Some),
        }
    }
    Ok(None)
}

fn sri(digests: &Integrity) -> String {
    let sha512 = digests.digests().iter().find(|it| it.algorithm() == Algorithm::Sha512);
    sha512.map(ToString::to_string).unwrap_or_default()
}

fn sha1(digests: &Integrity) -> String {
    let sha1 = digests.digests().iter().find(|it| it.algorithm() == Algorithm::Sha1);
    sha1.map(|it| hex(it.bytes())).unwrap_or_default()
}
