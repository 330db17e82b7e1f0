//! Commands that work in the directory of a registry, as its owner: also where root runs them.
//! Knows nothing of what they do there.
//!
//! Whoever owns a directory may put a link, or another link a moment later, wherever a command is about to read or write
//! there. Root's rights would be good for any file of the machine then; the owner's are good for what is theirs.

use rustix::fs::{Gid, Uid};
use rustix::process::geteuid;
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};
use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The user who may do everything.
const ROOT: u32 = 0;

/// Why a command does not go on.
#[derive(Debug, thiserror::Error)]
pub(super) enum OwnerError {
    /// The directory cannot be looked at.
    #[error("{} cannot be looked at: {source} (NOPAR_REGISTRY_PATH, NOPAR_CACHE_PATH)", path.display())]
    Unknown {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Root may not do it, as in some containers.
    #[error(
        "the directory belongs to user {owner}, and root may not act as that user here: run this command as user {owner}: {source}"
    )]
    Bound {
        /// The user.
        owner: u32,
        /// What the system said.
        source: io::Error,
    },
    /// The owner cannot reach it.
    #[error(
        "user {owner}, who owns {}, cannot reach it: let that user enter the directories above it (chmod +x): {source}",
        path.display()
    )]
    Shut {
        /// The user.
        owner: u32,
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// That there is no directory of a registry, in words, if there is none. One that may not be looked for is not taken for
/// absent.
pub(super) fn absent(registry: &Path) -> Option<String> {
    let is_absent = match fs::metadata(registry) {
        Ok(it) => !it.is_dir(),
        Err(error) => matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory),
    };
    let told =
        || format!("there is no registry directory {} (NOPAR_REGISTRY_PATH)", registry.display());
    is_absent.then(told)
}

/// Goes on as the owner of the directory of a registry, or of that which it is to be made in, if this is root and it is
/// somebody else's. It holds for this thread, and for those that it begins; so it comes before any is begun. Who runs the
/// command stays known (the real user).
///
/// # Errors
/// When that cannot be, or the owner cannot reach it; see [`OwnerError`].
pub(super) fn become_owner_of(registry: &Path) -> Result<(), OwnerError> {
    if geteuid().as_raw() != ROOT {
        return Ok(());
    }
    let unknown = |source| OwnerError::Unknown { path: registry.to_owned(), source };
    let (place, it) = nearest(registry).map_err(unknown)?;
    let owner = it.uid();
    if owner == ROOT {
        return Ok(());
    }
    become_user(owner, it.gid()).map_err(|source| OwnerError::Bound { owner, source })?;
    let shut = |source| OwnerError::Shut { owner, path: place.to_owned(), source };
    fs::metadata(place).map(drop).map_err(shut)
}

/// A directory, or the nearest one above it that is there.
fn nearest(path: &Path) -> io::Result<(&Path, Metadata)> {
    for place in path.ancestors() {
        let place = if place == Path::new("") { Path::new(".") } else { place };
        match fs::metadata(place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            found => return found.map(|it| (place, it)),
        }
    }
    fs::metadata(".").map(|it| (Path::new("."), it))
}

/// From here on this thread has the rights of that user, and of that group alone.
fn become_user(owner: u32, group: u32) -> io::Result<()> {
    let (user, group) = (Uid::from_raw(owner), Gid::from_raw(group));
    set_thread_groups(&[])?;
    set_thread_res_gid(group, group, group)?;
    Ok(set_thread_res_uid(None::<Uid>, user, user)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, chown};
    use std::thread;
    use tempfile::TempDir;

    /// `nobody` of most systems; any but root would do.
    const NOBODY: u32 = 65_534;

    /// A directory of nobody's; `None`, with the reason told, where we are not root.
    fn nobodys() -> Option<TempDir> {
        if geteuid().as_raw() != ROOT {
            eprintln!("skipped: only root acts as others");
            return None;
        }
        let home = tempfile::tempdir().unwrap();
        fs::set_permissions(home.path(), Permissions::from_mode(0o755)).unwrap();
        chown(home.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        Some(home)
    }

    /// What comes of it on a thread of its own, which is then the owner; and who has made a file there.
    fn made(home: &Path, registry: PathBuf) -> (Result<(), OwnerError>, Option<(u32, u32)>) {
        let file = home.join("made");
        let work = move || {
            let done = become_owner_of(&registry);
            let owner = fs::write(&file, "").and_then(|()| fs::metadata(&file));
            (done, owner.ok().map(|it| (it.uid(), it.gid())))
        };
        thread::spawn(work).join().unwrap()
    }

    #[test]
    fn root_acts_as_the_owner_also_of_a_directory_that_is_not_there_yet() {
        for below in ["", "registry", "a/b"] {
            let Some(home) = nobodys() else { return };
            let (done, owner) = made(home.path(), home.path().join(below));
            done.unwrap();
            assert_eq!(owner, Some((NOBODY, NOBODY)), "{below}");
        }
    }

    #[test]
    fn root_stays_root_in_a_directory_of_its_own() {
        let Some(home) = nobodys() else { return };
        chown(home.path(), Some(ROOT), Some(ROOT)).unwrap();
        let (done, owner) = made(home.path(), home.path().to_owned());
        done.unwrap();
        assert_eq!(owner, Some((ROOT, ROOT)));
    }

    #[test]
    fn a_directory_is_absent_only_where_it_is_known_not_to_be_there() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("file");
        fs::write(&file, "").unwrap();
        assert_eq!(absent(home.path()), None);
        for registry in [home.path().join("mistyped"), file.join("below"), file] {
            let told = absent(&registry).unwrap();
            assert!(told.contains(registry.to_str().unwrap()), "{told}");
            assert!(told.contains("NOPAR_REGISTRY_PATH"), "{told}");
        }
        let long = home.path().join("x".repeat(1000));
        assert_eq!(absent(&long), None, "what the system does not say is not known");
    }

    #[test]
    fn an_owner_who_does_not_get_there_is_told_of() {
        let Some(home) = nobodys() else { return };
        let registry = home.path().join("registry");
        fs::create_dir(&registry).unwrap();
        chown(&registry, Some(NOBODY), Some(NOBODY)).unwrap();
        chown(home.path(), Some(ROOT), Some(ROOT)).unwrap();
        fs::set_permissions(home.path(), Permissions::from_mode(0o700)).unwrap();
        let (done, owner) = made(home.path(), registry);
        let told = done.unwrap_err().to_string();
        assert!(told.contains("cannot reach it") && told.contains("chmod +x"), "{told}");
        assert_eq!(owner, None);
    }

    #[test]
    fn a_directory_that_cannot_be_looked_at_is_told_of() {
        let Some(home) = nobodys() else { return };
        let file = home.path().join("file");
        fs::write(&file, "").unwrap();
        let (done, _) = made(home.path(), file.join("registry"));
        let told = done.unwrap_err().to_string();
        assert!(
            told.contains("cannot be looked at") && told.contains("NOPAR_REGISTRY_PATH"),
            "{told}"
        );
    }
}
