//! How the file of saved settings is read, locked and replaced.
//! Knows nothing of what is in it. Everything here blocks.
//!
//! ```text
//! <registry>/registry.json            the file
//! <registry>/registry.json.damaged-S  what made no sense, and was put aside S seconds after 1970
//! <registry>/.nopar/settings.lock     held by who changes it
//! <registry>/.nopar/settings.new      what is being written; a crash may leave it, and the next change replaces it
//! ```

use crate::regular::{self, naming, owned, sync_folder};
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// NOPAR's own folder in the directory of the registry.
const OWN: &str = ".nopar";
/// What only the owner may do.
const OF_OWNER: u32 = 0o600;

/// The text of a file, if it is there.
pub(super) fn read(place: &Path) -> io::Result<Option<String>> {
    match regular::read_to_string(place).map_err(naming(place)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(None),
        read => read.map(Some),
    }
}

/// Waits for everybody else who changes the file, and keeps them from it until what is returned is closed, also by the
/// system after a crash. Makes the folders that are missing.
pub(super) fn lock(registry: &Path) -> io::Result<File> {
    fs::create_dir_all(registry)?;
    let own = registry.join(OWN);
    owned::make_folder(&own)?;
    owned::lock(&own.join("settings.lock"))
}

/// Puts a text in the place of the file; who calls holds the lock. If there is a secret in it, only its owner may read the
/// file afterwards; else who may have read it may still, and a new one is its owner's.
pub(super) fn replace(place: &Path, text: &[u8], is_secret: bool) -> io::Result<()> {
    let registry = place.parent().unwrap_or(Path::new("."));
    let mode = match fs::symlink_metadata(place) {
        Ok(it) if it.is_symlink() => {
            let link = "it is a link, which is not replaced: put the file itself in its place";
            return Err(io::Error::other(link));
        }
        Ok(it) if !is_secret => it.permissions().mode() & 0o777,
        Ok(it) => it.permissions().mode() & OF_OWNER,
        Err(_) => OF_OWNER,
    };
    let unfinished = registry.join(OWN).join("settings.new");
    let written = write(&unfinished, text, mode).and_then(|()| fs::rename(&unfinished, place));
    if written.is_err() {
        // Best effort: the next change replaces it.
        let _ = fs::remove_file(&unfinished);
    }
    written?;
    sync_folder(registry)
}

/// Gives what is in the place of the file another name, beside it; which, if there is anything but a link, which is not
/// replaced. Who calls holds the lock.
pub(super) fn put_aside(place: &Path) -> io::Result<Option<PathBuf>> {
    match fs::symlink_metadata(place) {
        Ok(it) if !it.is_symlink() => {}
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => return Ok(None),
    }
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let mut name = place.as_os_str().to_owned();
    name.push(format!(".damaged-{seconds}"));
    fs::rename(place, &name)?;
    Ok(Some(name.into()))
}

/// The other way round, as far as it goes.
pub(super) fn put_back(aside: &Path, place: &Path) {
    // Best effort: else it stays beside its place.
    let _ = fs::rename(aside, place);
}

fn write(unfinished: &Path, text: &[u8], mode: u32) -> io::Result<()> {
    owned::clear(unfinished)?;
    let mut file = owned::create(unfinished)?;
    file.write_all(text)?;
    file.set_permissions(Permissions::from_mode(mode))?;
    file.sync_all()
}
