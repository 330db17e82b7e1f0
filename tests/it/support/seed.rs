//! Registry directories of the NOPARs before this one: a fixture of each generation, copied where it may be changed.
//! Knows nothing of what NOPAR makes of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::nopar::files_below;

/// The generations, by the last release of each: documents in `registry.json`; settings below `forwarder`; flat ones.
pub(crate) const GENERATIONS: [&str; 3] = ["0.1", "0.2", "0.9"];
/// What was published to each of them, in the versions 1.0.0 and 1.1.0.
pub(crate) const HOSTED: [&str; 3] = ["foo", "@s/bar", "JSONStream"];
/// What each of them took from its upstream, in the same versions.
pub(crate) const COPIED: [&str; 2] = ["copied", "@s/copied"];
/// A folder with a tarball and no document.
pub(crate) const LOST: &str = "lost";

/// A registry directory of old, as long as this lives.
pub(crate) struct Seed {
    generation: String,
    folder: TempDir,
}

impl Seed {
    /// A copy of the fixture of this generation, without the settings in it that lead to machines which are not there.
    pub(crate) fn of(generation: &str) -> Seed {
        let seed = Seed::with_settings(generation);
        let place = seed.path().join("registry.json");
        let mut text = fs::read_to_string(&place).expect("a file");
        for setting in [
            r#""hostname": "nopar.example","#,
            r#""registry": "https://registry.example","#,
            r#""forwarder.registry": "https://registry.example","#,
        ] {
            text = text.replace(setting, "");
        }
        fs::write(&place, text).expect("a file");
        seed
    }

    /// A copy of the fixture of this generation, as it is.
    pub(crate) fn with_settings(generation: &str) -> Seed {
        let (from, folder) = (fixture(generation), TempDir::new().expect("a directory"));
        for file in files_below(&from) {
            let to = folder.path().join(&file);
            fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
            fs::copy(from.join(&file), to).expect("a copy");
        }
        Seed { generation: generation.to_owned(), folder }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Whether manifests have an `integrity` besides their `shasum`: clients sent none before 2017.
    pub(crate) fn has_integrity(&self) -> bool {
        self.generation == "0.9"
    }

    /// The tarball of a version, by the file's name: that of 1.0.0 has the usual one, that of 1.1.0 an odd one.
    pub(crate) fn tarball(&self, name: &str, version: &str) -> Vec<u8> {
        let file = match version {
            "1.0.0" => format!("{name}/{}-1.0.0.tgz", base_of(name)),
            _ => odd_file(name),
        };
        fs::read(self.path().join(file)).expect("a tarball")
    }

    /// All files with their bytes, NOPAR's own affairs aside.
    pub(crate) fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let all = files_below(self.path()).into_iter();
        let packages = all.filter(|file| !file.starts_with(".nopar/"));
        let read = |file: String| {
            let bytes = fs::read(self.path().join(&file)).expect("a file");
            (file, bytes)
        };
        packages.map(read).collect()
    }
}

/// Where the fixture of a generation is.
fn fixture(generation: &str) -> PathBuf {
    // At run time: checkouts may share what is built, and are then told apart by nothing else.
    let root = std::env::var("CARGO_MANIFEST_DIR").expect("cargo says where the package is");
    Path::new(&root).join("tests/fixtures/seed").join(generation)
}

/// A package's name without its scope.
pub(crate) fn base_of(name: &str) -> &str {
    name.rsplit('/').next().expect("a base name")
}

/// The file of a package's document, below the directory, but for the generation that has all in one.
pub(crate) fn document_of(name: &str) -> String {
    format!("{name}/{}.json", base_of(name))
}

/// The tarball's file of version 1.1.0, below the directory.
pub(crate) fn odd_file(name: &str) -> String {
    format!("{name}/{}_1.1.tgz", base_of(name))
}
