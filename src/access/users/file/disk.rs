//! How a file is locked and replaced, so that it is whole whatever happens.
//! Knows nothing of what is in it. Everything here blocks.

use crate::regular::{owned, sync_folder};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Waits for everybody else who changes the file, and keeps them from it until what is returned is closed, also by the
/// system after a crash. Makes the folder that it is in if there is none.
pub(super) fn lock(place: &Path) -> io::Result<File> {
    make_folder(folder_of(place))?;
    let lock = place.with_extension("lock");
    loop {
        let file = owned::lock(&lock)?;
        // Who tidies up may have taken it away meanwhile, and another may have locked the next one.
        if fs::metadata(&lock).is_ok_and(|it| is_same(&it, &file)) {
            return Ok(file);
        }
    }
}

/// Puts these bytes in the place of the file. When this returns they are on the disk. After a crash before that it is
/// either file, as a whole; beside it there may be one that was not finished. Who calls holds the lock.
///
/// If it fails, it is the file from before; or the new one, if it is only not known whether it would be there after a
/// power failure.
pub(super) fn replace(place: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = unfinished(place);
    let written = owned::clear(&unfinished)
        .and_then(|()| owned::write(&unfinished, bytes))
        .and_then(|()| fs::rename(&unfinished, place));
    if written.is_err() {
        // Best effort: the next change replaces it.
        let _ = fs::remove_file(&unfinished);
    }
    written?;
    sync_folder(folder_of(place))
}

/// Makes the folder, which only NOPAR's user may look into if it is new, and sees to it that its name is on the disk.
fn make_folder(folder: &Path) -> io::Result<()> {
    if let Some(above) = folder.parent() {
        fs::create_dir_all(above)?;
    }
    owned::make_folder(folder)?;
    if let Some(above) = folder.parent() {
        // What cannot be opened was made by somebody else, long ago.
        let _ = sync_folder(above);
    }
    Ok(())
}

fn is_same(it: &fs::Metadata, file: &File) -> bool {
    file.metadata().is_ok_and(|file| (file.dev(), file.ino()) == (it.dev(), it.ino()))
}

fn unfinished(place: &Path) -> PathBuf {
    place.with_extension("json.new")
}

fn folder_of(place: &Path) -> &Path {
    place.parent().unwrap_or(Path::new("."))
}
