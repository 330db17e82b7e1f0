//! How a file is locked and replaced, so that it is whole whatever happens.
//! Knows nothing of what is in it. Everything here blocks.

use crate::regular;
use log::debug;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

/// Only NOPAR's user may read it.
const MODE: u32 = 0o600;

/// Waits for everybody else who changes the file, and keeps them from it until what is returned is closed, also by the
/// system after a crash. Makes the folder that it is in if there is none.
pub(super) fn lock(place: &Path) -> io::Result<File> {
    make_folder(folder_of(place))?;
    let lock = place.with_extension("lock");
    loop {
        let mut options = File::options();
        options.write(true).create(true).truncate(false).mode(MODE);
        let file = regular::open_with(&mut options, &lock).map_err(regular::naming(&lock))?;
        give_to_owner_of(folder_of(place), &file);
        hold(&file)?;
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
    let written = write(place, &unfinished, bytes).and_then(|()| fs::rename(&unfinished, place));
    if written.is_err() {
        // Best effort: the next change replaces it.
        let _ = fs::remove_file(&unfinished);
    }
    written?;
    sync_folder(folder_of(place))
}

fn write(place: &Path, unfinished: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::remove_file(unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        // One that a crash has left.
        _ => {}
    }
    let mut options = File::options();
    let mut file = options.write(true).create_new(true).mode(MODE).open(unfinished)?;
    give_to_owner_of(folder_of(place), &file);
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes the folder, which only NOPAR's user may look into if it is new, and sees to it that its name is on the disk.
fn make_folder(folder: &Path) -> io::Result<()> {
    match DirBuilder::new().recursive(true).mode(0o700).create(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => {}
        other => other?,
    }
    if let Some(above) = folder.parent() {
        // What cannot be opened was made by somebody else, long ago.
        let _ = sync_folder(above);
    }
    Ok(())
}

/// A command that is run by root makes no file that NOPAR cannot read. Best effort: nobody else can give files away, and
/// whoever else may write here is meant to.
fn give_to_owner_of(folder: &Path, file: &File) {
    let (Ok(folder), Ok(now)) = (fs::metadata(folder), file.metadata()) else { return };
    if folder.uid() == now.uid() {
        return;
    }
    if let Err(error) = fchown(file, Some(folder.uid()), Some(folder.gid())) {
        debug!("access: a file of users stays with user {}: {error}", now.uid());
    }
}

fn hold(file: &File) -> io::Result<()> {
    loop {
        match file.lock() {
            // A signal came: that is no answer.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
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

/// Waits until the names in a folder are on the disk.
fn sync_folder(path: &Path) -> io::Result<()> {
    let path = if path == Path::new("") { Path::new(".") } else { path };
    File::open(path)?.sync_all()
}
