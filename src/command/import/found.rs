//! Where a Verdaccio keeps what it has: its configuration, storage, packages and users.
//! Knows nothing of what is done with them.

use super::super::Problem;
use super::source::Source;
use crate::cli::VerdaccioOptions;
use crate::verdaccio::{self, Settings};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The longest configuration, and list of packages, in bytes.
const LONGEST: u64 = 64 << 20;

/// What was found.
#[derive(Debug)]
pub(super) struct Found {
    /// The storage.
    pub(super) storage: PathBuf,
    /// What the configuration says, if there is one.
    pub(super) settings: Option<Settings>,
    /// The names of packages that were published there, if there is a list.
    pub(super) listed: Option<BTreeSet<String>>,
    /// The folders that may be packages', by what their names would be.
    pub(super) folders: BTreeMap<String, PathBuf>,
    /// The file of users, if there may be one, and whether there has to be.
    pub(super) htpasswd: Option<(PathBuf, bool)>,
}

impl Found {
    /// Looks for it.
    ///
    /// # Errors
    /// When what is there cannot be read, or is nothing of a Verdaccio.
    pub(super) fn of(source: &Source, options: &VerdaccioOptions) -> Result<Found, Problem> {
        let settings = settings(source, &options.dir)?;
        let storage = storage(options, settings.as_ref())?;
        let mut folders = BTreeMap::new();
        for root in roots(&storage, settings.as_ref()) {
            folders_in(source, &root, &mut folders)
                .or_else(|error| {
                    // A folder of some packages, of which none was published yet.
                    if root != storage && super::source::is_absent(&error) {
                        Ok(())
                    } else {
                        Err(error)
                    }
                })
                .map_err(|error| {
                    format!(
                        "the storage {} cannot be read: {error} (if it is elsewhere, use --storage)",
                        root.display()
                    )
                })?;
        }
        let listed = listed(source, &storage)?;
        if listed.is_none() && !folders.values().any(|folder| has_document(source, folder)) {
            return Err(format!(
                "{} is not a Verdaccio storage: it has no {}, and none of its folders has a {}; give the storage, or the \
                 directory with {}",
                storage.display(),
                verdaccio::DATABASES[0],
                verdaccio::DOCUMENT,
                verdaccio::SETTINGS[0],
            )
            .into());
        }
        let htpasswd = htpasswd(options, &storage, settings.as_ref());
        Ok(Found { storage, settings, listed, folders, htpasswd })
    }
}

fn settings(source: &Source, dir: &Path) -> Result<Option<Settings>, Problem> {
    for name in verdaccio::SETTINGS {
        let place = dir.join(name);
        let text = source.find(&place, LONGEST);
        let text = text.map_err(|error| format!("{} cannot be read: {error}", place.display()))?;
        if let Some(text) = text {
            let settings = Settings::parse(&String::from_utf8_lossy(&text));
            return Ok(Some(settings.map_err(|error| format!("{}: {error}", place.display()))?));
        }
    }
    Ok(None)
}

fn storage(options: &VerdaccioOptions, settings: Option<&Settings>) -> Result<PathBuf, Problem> {
    if let Some(storage) = &options.storage {
        return Ok(storage.clone());
    }
    let Some(settings) = settings else { return Ok(options.dir.clone()) };
    let said = settings.storage.as_ref().ok_or_else(|| {
        let dir = options.dir.display();
        format!("the configuration in {dir} does not say where the storage is: use --storage")
    })?;
    Ok(options.dir.join(said.trim_start_matches("./")))
}

/// The storage, and the folders of it that are for some packages only.
fn roots(storage: &Path, settings: Option<&Settings>) -> BTreeSet<PathBuf> {
    let packages = settings.map(|it| it.packages.as_slice()).unwrap_or_default();
    let others = packages.iter().filter_map(|(_, access)| access.storage.as_ref());
    let others = others.map(|below| storage.join(below));
    others.chain([storage.to_owned()]).collect()
}

fn folders_in(
    source: &Source,
    root: &Path,
    folders: &mut BTreeMap<String, PathBuf>,
) -> std::io::Result<()> {
    let below = |name: &str| Some(name.to_owned()).filter(|name| !name.starts_with('.'));
    for entry in source.list(root)?.into_iter().filter(|entry| entry.is_folder) {
        let Some(name) = below(&entry.name) else { continue };
        let folder = root.join(&name);
        if !name.starts_with('@') {
            folders.insert(name, folder);
            continue;
        }
        for inner in source.list(&folder)?.into_iter().filter(|inner| inner.is_folder) {
            folders.insert(format!("{name}/{}", inner.name), folder.join(&inner.name));
        }
    }
    Ok(())
}

fn has_document(source: &Source, folder: &Path) -> bool {
    source.open(&folder.join(verdaccio::DOCUMENT)).is_ok()
}

fn listed(source: &Source, storage: &Path) -> Result<Option<BTreeSet<String>>, Problem> {
    for name in verdaccio::DATABASES {
        let place = storage.join(name);
        let text = source.find(&place, LONGEST);
        let text = text.map_err(|error| format!("{} cannot be read: {error}", place.display()))?;
        if let Some(text) = text {
            let names = verdaccio::listed(&text);
            return Ok(Some(names.map_err(|why| format!("{}: {why}", place.display()))?));
        }
    }
    Ok(None)
}

fn htpasswd(
    options: &VerdaccioOptions,
    storage: &Path,
    settings: Option<&Settings>,
) -> Option<(PathBuf, bool)> {
    if options.no_users {
        return None;
    }
    if let Some(file) = &options.htpasswd {
        return Some((file.clone(), true));
    }
    let said = settings.and_then(|it| it.htpasswd.as_deref());
    // Without a configuration, the storage was named; the file is beside it as a rule.
    let place = match (settings, said) {
        (_, Some(said)) => options.dir.join(said),
        (Some(_), None) => options.dir.join(verdaccio::HTPASSWD),
        (None, None) => storage.join("..").join(verdaccio::HTPASSWD),
    };
    Some((place, false))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn found(dir: &Path) -> Result<Found, String> {
        let options = VerdaccioOptions { dir: dir.to_owned(), ..VerdaccioOptions::default() };
        Found::of(&Source::start().unwrap(), &options).map_err(|problem| problem.to_string())
    }

    fn write(home: &Path, file: &str, text: &str) {
        let place = home.join(file);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, text).unwrap();
    }

    #[test]
    fn a_configuration_says_where_things_are_and_a_storage_is_where_it_is() {
        let home = tempfile::tempdir().unwrap();
        write(
            home.path(),
            "config.yaml",
            "storage: ./s\npackages: { 'x-*': { storage: some }, 'y-*': { storage: none } }\n",
        );
        write(home.path(), "s/.verdaccio-db.json", r#"{"list":["a"]}"#);
        for file in [
            "s/a/package.json",
            "s/@b/c/package.json",
            "s/some/x-y/package.json",
            "s/.git/package.json",
        ] {
            write(home.path(), file, "{}");
        }
        let by_settings = found(home.path()).unwrap();
        let names: Vec<&str> = by_settings.folders.keys().map(String::as_str).collect();
        assert_eq!(names, ["@b/c", "a", "some", "x-y"]);
        assert_eq!(by_settings.folders["x-y"], home.path().join("./s/some/x-y"));
        assert_eq!(by_settings.listed, Some(["a".to_owned()].into()));
        assert_eq!(by_settings.htpasswd, Some((home.path().join("htpasswd"), false)));
        let storage = home.path().join("s");
        let alone = found(&storage).unwrap();
        assert_eq!((alone.storage.as_path(), alone.settings), (storage.as_path(), None));
        assert_eq!(alone.htpasswd, Some((storage.join("../htpasswd"), false)));
    }

    #[test]
    fn what_is_nothing_of_a_verdaccio_is_said_to_be_so() {
        let home = tempfile::tempdir().unwrap();
        let told = found(home.path()).unwrap_err();
        assert!(told.contains("is not a Verdaccio storage"), "{told}");
        let told = found(&home.path().join("gone")).unwrap_err();
        assert!(told.contains("cannot be read") && told.contains("--storage"), "{told}");
        write(home.path(), "config.yaml", "auth: {}\n");
        let told = found(home.path()).unwrap_err();
        assert!(told.contains("does not say where the storage is"), "{told}");
        write(home.path(), "config.yaml", "storage: /nowhere/at/all\n");
        let told = found(home.path()).unwrap_err();
        assert!(told.contains("/nowhere/at/all cannot be read"), "{told}");
        write(home.path(), "config.yaml", "storage: [\n");
        let told = found(home.path()).unwrap_err();
        assert!(told.contains("config.yaml: it cannot be read as a configuration"), "{told}");
        write(home.path(), "config.yaml", "storage: s\n");
        write(home.path(), "s/.verdaccio-db.json", "{");
        let told = found(home.path()).unwrap_err();
        assert!(told.contains(".verdaccio-db.json: it is damaged"), "{told}");
    }
}
