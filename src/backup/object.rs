//! The bytes of a file that is kept, read and compared with their digest.
//! Knows nothing of where they lie, nor of where they go.

use super::snapshot::Kept;
use crate::npm::hex;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read, Write};

/// How much is read at once, in bytes.
const PIECE: usize = 256 << 10;

/// Why the bytes of a file are not to be had.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// There are none of this digest.
    #[error("its bytes are missing in the backup: {0}")]
    Missing(String),
    /// They are not those of this digest.
    #[error("its bytes in the backup are damaged: they do not digest to {0}")]
    Damaged(String),
    /// What the system said; they may be whole.
    #[error("its bytes in the backup cannot be read: {0}")]
    Unread(#[source] io::Error),
}

/// Why bytes are not copied.
#[derive(Debug)]
pub(super) enum Uncopied {
    /// They are not to be had.
    Wrong(ObjectError),
    /// They cannot be written where they are to go.
    Unwritten(io::Error),
}

/// Copies what is kept, and compares it with its digest.
pub(super) fn copy(mut from: File, to: &mut impl Write, kept: &Kept) -> Result<(), Uncopied> {
    let (mut digest, mut piece) = (Sha256::new(), vec![0; PIECE]);
    loop {
        let read = match from.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Uncopied::Wrong(ObjectError::Unread(error))),
        };
        digest.update(&piece[..read]);
        to.write_all(&piece[..read]).map_err(Uncopied::Unwritten)?;
    }
    match hex(&digest.finalize()) == kept.sha256 {
        true => Ok(()),
        false => Err(Uncopied::Wrong(ObjectError::Damaged(kept.sha256.clone()))),
    }
}

/// The same of a file that fits into memory.
pub(super) fn bytes_of(mut from: File, kept: &Kept) -> Result<Vec<u8>, ObjectError> {
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes).map_err(ObjectError::Unread)?;
    match hex(&Sha256::digest(&bytes)) == kept.sha256 {
        true => Ok(bytes),
        false => Err(ObjectError::Damaged(kept.sha256.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::Depot;
    use crate::keeper::Keeper;
    use std::fs;
    use std::os::unix::fs::symlink;

    /// Bytes that cannot be read just now were told as if they were lost.
    #[test]
    fn what_cannot_be_read_is_neither_missing_nor_damaged() {
        let home = tempfile::tempdir().unwrap();
        let depot = Depot::make(&home.path().join("backup"), Keeper::begin().unwrap()).unwrap();
        let file = home.path().join("file");
        fs::write(&file, "text").unwrap();
        let it = fs::metadata(&file).unwrap();
        let kept = Kept::of(&it, hex(&Sha256::digest(b"text")), 4, None);
        let error = || depot.bytes(&kept).unwrap_err();
        assert!(matches!(error(), ObjectError::Missing(_)), "{}", error());
        let (folder, name) =
            (home.path().join("backup/objects").join(&kept.sha256[..2]), &kept.sha256);
        fs::create_dir(&folder).unwrap();
        // It leads to itself.
        symlink(name, folder.join(name)).unwrap();
        assert!(matches!(error(), ObjectError::Unread(_)), "{}", error());
        fs::remove_file(folder.join(name)).unwrap();
        fs::write(folder.join(name), "test").unwrap();
        assert!(matches!(error(), ObjectError::Damaged(_)), "{}", error());
        fs::write(folder.join(name), "text").unwrap();
        assert_eq!(depot.bytes(&kept).unwrap(), b"text");
    }
}
