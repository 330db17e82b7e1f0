//! Directories with something of each kind in them, and commands that work with them.
//! Knows nothing of what commands say.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::binary::{Binary, Ended, PROGRAM};
use super::nopar::{TestNopar, files_below};
use super::publish::{Publish, bundle, path_of, send};
use super::upstream::{FakeUpstream, usual_path};

/// A directory of a registry, and one of a cache.
pub(crate) struct Kept {
    home: TempDir,
}

impl Kept {
    /// Nothing.
    pub(crate) fn empty() -> Self {
        Self { home: tempfile::tempdir().expect("a directory") }
    }

    /// Packages, one with attestations, a stage, a user, a token, keys and settings; and of the upstream's package `up` the
    /// packument, two tarballs and a view.
    pub(crate) async fn filled(upstream: &FakeUpstream) -> Self {
        let kept = Self::empty();
        upstream
            .package("up")
            .version("1.0.0", |v| v.tarball_size(300_000))
            .version("1.1.0", |v| v.tarball_size(2000));
        let [cache, registry] = [kept.cache(), kept.registry()];
        let mut nopar = TestNopar::with(upstream)
            .env("NOPAR_CACHE_PATH", text(&cache))
            .env("NOPAR_REGISTRY_PATH", text(&registry))
            .start()
            .await;
        let addr = nopar.addr();
        Publish::of("x", "1.0.0").succeed(addr).await;
        Publish::of("x", "1.1.0").bundle(&bundle().to_string()).succeed(addr).await;
        Publish::of("@s/n", "1.0.0").succeed(addr).await;
        // So that it is signed.
        nopar.get("/x").await.expect(200);
        let staged = Publish::of("x", "2.0.0").document();
        let path = format!("/-/stage/package{}", path_of("x"));
        send(addr, "POST", &path, &staged).send().await.expect(201);
        let body = json!({"name": "ann", "password": "correct horse", "type": "user"});
        send(addr, "PUT", "/-/user/org.couchdb.user:ann", &body).send().await.expect(201);
        for path in ["/up".to_owned(), usual_path("up", "1.0.0"), usual_path("up", "1.1.0")] {
            nopar.get(&path).await.expect(200);
        }
        let full = nopar.request("/up").header("Accept", crate::asking::INSTALL);
        full.send().await.expect(200);
        nopar.idle().await;
        nopar.stop().await;
        fs::write(registry.join("registry.json"), r#"{"version":"1.0.0","loglevel":"info"}"#)
            .expect("a file");
        let added = kept.run_with("user add ann", "correct horse").await;
        assert!(added.success, "{}", added.stderr);
        kept
    }

    /// A copy of all of it.
    pub(crate) fn copied(&self) -> Self {
        let copy = Self::empty();
        for file in files_below(self.home.path()) {
            let to = copy.home.path().join(&file);
            fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
            fs::copy(self.home.path().join(&file), to).expect("a copy");
        }
        copy
    }

    pub(crate) fn registry(&self) -> PathBuf {
        self.home.path().join("registry")
    }

    pub(crate) fn cache(&self) -> PathBuf {
        self.home.path().join("cache")
    }

    /// Something else beside these.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// What commands and servers find it by.
    pub(crate) fn env(&self) -> [(&'static str, String); 4] {
        [
            ("NOPAR_CACHE_PATH", text(&self.cache()).to_owned()),
            ("NOPAR_REGISTRY_PATH", text(&self.registry()).to_owned()),
            ("NOPAR_RUN_PATH", text(&self.beside("run")).to_owned()),
            ("NOPAR_CACHE_MIN_FREE", "0".to_owned()),
        ]
    }

    /// `nopar …`, to its end.
    pub(crate) async fn run(&self, arguments: &str) -> Ended {
        self.start(arguments).ended().await
    }

    /// `nopar …`, with this on standard input, to its end.
    pub(crate) async fn run_with(&self, arguments: &str, input: &str) -> Ended {
        let mut shell = std::process::Command::new("/bin/sh");
        shell.arg("-c").arg(format!("printf '%s' \"$INPUT\" | {PROGRAM} {arguments}"));
        let own = self.env();
        let mut env: Vec<(&str, &str)> = own.iter().map(|(key, value)| (*key, &**value)).collect();
        env.push(("INPUT", input));
        let folder = tempfile::tempdir().expect("a directory");
        Binary::start_as(folder, shell, &env).ended().await
    }

    /// `nopar …`, which is begun.
    pub(crate) fn start(&self, arguments: &str) -> Binary {
        let own = self.env();
        let env: Vec<(&str, &str)> = own.iter().map(|(key, value)| (*key, &**value)).collect();
        let arguments: Vec<&str> = arguments.split(' ').collect();
        Binary::start(&arguments, &env)
    }

    /// A NOPAR of its own that serves them, with a socket for commands.
    pub(crate) async fn served(&self, upstream: &str) -> (Binary, std::net::SocketAddr) {
        fs::create_dir_all(self.beside("run")).expect("a folder");
        let own = self.env();
        let env: Vec<(&str, &str)> = own.iter().map(|(key, value)| (*key, &**value)).collect();
        Binary::serving(upstream, &env).await
    }
}

/// The lines of JSON that a command has printed.
#[track_caller]
pub(crate) fn rows(ended: &Ended) -> Vec<Value> {
    let row =
        |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    ended.stdout.lines().map(row).collect()
}

/// Turns a byte of a file over.
pub(crate) fn damage(path: &Path, at: impl Fn(&[u8]) -> usize) {
    let mut bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let at = at(&bytes);
    bytes[at] ^= 0x10;
    fs::write(path, bytes).expect("it can be written");
}

/// The files below a directory that belong to nobody but their packages: their paths, and their bytes.
pub(crate) fn contents(top: &Path) -> std::collections::BTreeMap<String, Vec<u8>> {
    let is_kept = |path: &String| {
        let of_processes = [".nopar/locks/", ".nopar/tmp/"];
        let name = path.rsplit('/').next().unwrap_or_default();
        let is_lock = path.starts_with(".nopar/") && (name == "lock" || name.ends_with(".lock"));
        !is_lock && !of_processes.iter().any(|folder| path.starts_with(folder))
    };
    let read = |path: String| {
        let bytes = fs::read(top.join(&path)).expect("it can be read");
        (path, bytes)
    };
    files_below(top).into_iter().filter(is_kept).map(read).collect()
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}
