//! Which folders of a registry's directory are copied, in which order; and which files in them are not.
//! Knows nothing of how they are copied.
//!
//! What waits to be approved comes first: approved meanwhile, it is there as a stage, or as a version, or as both, which
//! the next approval sees to. Keys come after the versions that they have signed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// NOPAR's own folder.
const OWN: &str = ".nopar";
/// Folders below any other: what is deeper is no registry's, or a link that leads back.
const DEEPEST: usize = 16;
/// What a name is that no snapshot has.
pub(super) const NOT_UTF_8: &str = "its name is not UTF-8";
/// What documents end in, and what tarballs do.
const ENDS: (&str, &str) = (".json", ".tgz");

/// The folders, below the directory.
#[derive(Debug, Default)]
pub(super) struct Folders {
    /// Those of stages.
    pub(super) stages: Vec<PathBuf>,
    /// Those of packages, and of scopes.
    pub(super) packages: Vec<PathBuf>,
    /// All others, the directory itself among them.
    pub(super) rest: Vec<PathBuf>,
    /// What cannot be listed.
    pub(super) problems: Vec<String>,
    /// What is not copied, as it is no part of a registry.
    pub(super) left_out: Vec<String>,
}

impl Folders {
    /// Those in a directory.
    ///
    /// # Errors
    /// When it cannot be listed.
    pub(super) fn of(root: &Path) -> io::Result<Folders> {
        let mut folders = Folders::default();
        fs::read_dir(root)?;
        folders.add(root, Path::new(""), 0);
        for all in [&mut folders.stages, &mut folders.packages, &mut folders.rest] {
            all.sort_unstable();
        }
        Ok(folders)
    }

    fn add(&mut self, root: &Path, below: &Path, depth: usize) {
        let own = below.strip_prefix(OWN).ok();
        match own.map(|own| own.components().next().map(|it| it.as_os_str().to_owned())) {
            // Of processes, and of nobody else.
            Some(Some(part)) if part == "tmp" || part == "locks" => return,
            Some(Some(part)) if part == "stage" => self.stages.push(below.to_owned()),
            Some(_) => self.rest.push(below.to_owned()),
            None if below == Path::new("") => self.rest.push(below.to_owned()),
            None => self.packages.push(below.to_owned()),
        }
        let entries = match fs::read_dir(root.join(below)) {
            // It was removed meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            Err(error) => return self.problem(below, &error.to_string()),
            Ok(entries) => entries,
        };
        for entry in entries {
            let found = entry.and_then(|entry| {
                let kind = entry.file_type()?;
                let leads =
                    kind.is_symlink() && fs::metadata(entry.path()).is_ok_and(|it| it.is_dir());
                Ok((below.join(entry.file_name()), kind.is_dir(), leads))
            });
            match found {
                // No package is there, and no snapshot has such a path.
                Ok((path, is_folder, leads)) if (is_folder || leads) && path.to_str().is_none() => {
                    self.leave(&path, NOT_UTF_8);
                }
                // What is in place of a package, a scope or a folder of NOPAR's own may be a link, to another disk.
                Ok((path, is_folder, leads)) if is_folder || leads && may_be_link(root, &path) => {
                    match depth < DEEPEST {
                        true => self.add(root, &path, depth + 1),
                        // No package is there either.
                        false => self.leave(&path, &too_deep()),
                    }
                }
                Ok((path, _, true)) => {
                    self.leave(&path, "a link to a folder, where nothing is kept of any package");
                }
                Ok(_) => {}
                Err(error) => self.problem(below, &error.to_string()),
            }
        }
    }

    fn leave(&mut self, below: &Path, why: &str) {
        self.left_out.push(format!("{}: {why}", below.display()));
    }

    fn problem(&mut self, below: &Path, why: &str) {
        self.problems.push(format!("{}: {why}", below.display()));
    }
}

fn too_deep() -> String {
    format!("more than {DEEPEST} directories deep")
}

/// Whether a folder that is a link is looked into: where the store would find something of a package, or of its own, by it.
/// Anything else may lead anywhere.
fn may_be_link(root: &Path, path: &Path) -> bool {
    let starts = |path: &Path, with: &[u8]| path.as_os_str().as_encoded_bytes().starts_with(with);
    let (top, folder) = (Path::new(""), root.join(path));
    match path.parent().unwrap_or(top) {
        above if above == top && path == Path::new(OWN) => true,
        above if above == top && starts(path, b"@") => has_packages(&folder),
        above if above == top => !starts(path, b".") && has_package(&folder),
        above if above == Path::new(OWN) => true,
        above => starts(above, b"@") && above.parent() == Some(top) && has_package(&folder),
    }
}

/// Whether there is the folder of a package in a scope's.
fn has_packages(scope: &Path) -> bool {
    any_in(scope, |entry| entry.is_dir() && has_package(entry))
}

/// Whether there is a document in a folder, or a tarball.
fn has_package(folder: &Path) -> bool {
    let base = folder.file_name().unwrap_or_default().to_string_lossy();
    let (document, tarball) = (format!("{base}{}", ENDS.0), ENDS.1);
    any_in(folder, |entry| {
        let name = entry.file_name().unwrap_or_default().to_string_lossy();
        name == document.as_str() || name.ends_with(tarball)
    })
}

/// Whether something in a folder is so. One that cannot be looked into may have it: that it cannot be is told, and nothing is
/// passed over.
fn any_in(folder: &Path, is_so: impl Fn(&Path) -> bool) -> bool {
    let Ok(mut entries) = fs::read_dir(folder) else { return true };
    entries.any(|entry| entry.is_ok_and(|entry| is_so(&entry.path())))
}

/// Whether a file is left out: locks, and what NOPAR has not finished.
pub(super) fn is_left_out(folder: &Path, name: &str) -> bool {
    let is_unfinished = name.ends_with(".new") || name.starts_with('.') && name.ends_with(".tmp");
    folder.starts_with(OWN) && (name == "lock" || name.ends_with(".lock") || is_unfinished)
}

/// Whether a folder is a stage's.
pub(super) fn is_stage(folder: &Path) -> bool {
    folder.parent().is_some_and(|above| above.ends_with(".nopar/stage"))
}

/// Whether a folder is NOPAR's own.
pub(super) fn is_own(folder: &Path) -> bool {
    folder.starts_with(OWN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    #[test]
    fn stages_come_first_and_keys_last_and_processes_have_nothing_that_is_kept() {
        let home = tempfile::tempdir().unwrap();
        let (root, away) = (home.path().join("registry"), home.path().join("away"));
        for folder in [".nopar/stage/x", ".nopar/tmp/1", ".nopar/locks", ".nopar/keys", "@s/a", "b"]
        {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        fs::create_dir(&away).unwrap();
        fs::write(away.join("linked.json"), "{}").unwrap();
        symlink(&away, root.join("linked")).unwrap();
        // It leads back, for ever.
        symlink("..", root.join("b/loop")).unwrap();
        let folders = Folders::of(&root).unwrap();
        let paths = |all: &[PathBuf]| -> Vec<String> {
            all.iter().map(|it| it.display().to_string()).collect()
        };
        assert_eq!(paths(&folders.stages), [".nopar/stage", ".nopar/stage/x"]);
        let packages = paths(&folders.packages);
        assert!(
            ["@s", "@s/a", "b", "linked"].iter().all(|it| packages.contains(&(*it).to_owned()))
        );
        assert_eq!(paths(&folders.rest), ["", ".nopar", ".nopar/keys"]);
        assert!(!packages.iter().any(|it| it.contains("loop")), "{packages:?}");
        assert_eq!((folders.left_out.len(), folders.problems.len()), (1, 0), "{folders:?}");
        assert!(Folders::of(&home.path().join("none")).is_err());
    }

    /// All of `/etc` was in a backup.
    #[test]
    fn links_are_followed_where_packages_are_and_nowhere_else() {
        let home = tempfile::tempdir().unwrap();
        let (root, away) = (home.path().join("registry"), home.path().join("away"));
        for (path, file) in [
            ("document", "document.json"),
            ("tarball", "gone-1.0.0.tgz"),
            ("scope/in-it", "in-it.json"),
            ("keys", "keys.json"),
            ("etc", "passwd"),
            ("etc/apt", "sources"),
        ] {
            fs::create_dir_all(away.join(path)).unwrap();
            fs::write(away.join(path).join(file), "text").unwrap();
        }
        for (link, to, is_followed) in [
            ("document", "document", true),
            ("tarball", "tarball", true),
            // It has another name than its document.
            ("other", "document", false),
            ("etc", "etc", false),
            (".hidden", "tarball", false),
            ("@scope", "scope", true),
            ("@etc", "etc", false),
            ("@real/document", "document", true),
            ("@real/etc", "etc", false),
            ("real/document", "document", false),
            (".nopar/keys", "keys", true),
        ] {
            let place = root.join(link);
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            symlink(away.join(to), &place).unwrap();
            let folders = Folders::of(&root).unwrap();
            let mut all = folders.packages.iter().chain(&folders.rest);
            assert_eq!(all.any(|it| it == Path::new(link)), is_followed, "{link}");
            assert_eq!(folders.left_out.is_empty(), is_followed, "{link}: {folders:?}");
            fs::remove_file(&place).unwrap();
        }
    }

    #[test]
    fn what_has_a_name_that_is_no_text_is_left_out() {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join(OsStr::from_bytes(b"a\xff"))).unwrap();
        let folders = Folders::of(home.path()).unwrap();
        assert_eq!((folders.left_out.len(), folders.problems.len()), (1, 0), "{folders:?}");
        assert!(folders.left_out[0].ends_with(NOT_UTF_8), "{folders:?}");
    }

    #[test]
    fn locks_and_what_is_unfinished_are_left_out_of_nopars_own_folder_only() {
        for (folder, name, is_out) in [
            (".nopar", "lock", true),
            (".nopar", "users.lock", true),
            (".nopar", "users.json.new", true),
            (".nopar/keys", "lock", true),
            (".nopar/tokens", ".abc.tmp", true),
            (".nopar", "users.json", false),
            ("lock", "lock", false),
            ("a.lock", "a.lock", false),
        ] {
            assert_eq!(is_left_out(Path::new(folder), name), is_out, "{folder}/{name}");
        }
    }
}
