//! `nopar cache …`: what is held is listed, removed, summed up and collected, beside a NOPAR that serves and without one.
//! Knows nothing of how commands reach what they are about.

mod alone;
mod collecting;
mod serving;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::binary::{Binary, Ended, PROGRAM};
use crate::support::client::get;
use crate::support::deadline::once;
use crate::support::documented::expect_documented;
use crate::support::nopar::files_below;
use crate::support::upstream::{FakeUpstream, usual_path};

/// Directories, and an upstream with two packages.
struct Scene {
    upstream: FakeUpstream,
    home: TempDir,
    /// More settings than the usual ones, for all that is started.
    more: Vec<(String, String)>,
}

/// A NOPAR that serves.
struct Serving {
    binary: Binary,
    addr: SocketAddr,
}

impl Scene {
    async fn new() -> Self {
        let upstream = FakeUpstream::start().await;
        for (name, size) in [("a", 300_000), ("@s/n", 3_000)] {
            upstream.package(name).version("1.0.0", |v| v.tarball_size(size));
        }
        Self { upstream, home: tempfile::tempdir().expect("a directory"), more: Vec::new() }
    }

    /// The same with one setting more.
    fn with(mut self, name: &str, value: &str) -> Self {
        self.more.push((name.to_owned(), value.to_owned()));
        self
    }

    fn path(&self, below: &str) -> PathBuf {
        self.home.path().join(below)
    }

    fn cache(&self) -> PathBuf {
        self.path("cache")
    }

    /// What commands and NOPARs have in common.
    fn env(&self) -> Vec<(String, String)> {
        let text = |path: PathBuf| path.to_str().expect("a path in UTF-8").to_owned();
        let mut env = vec![
            ("NOPAR_RUN_PATH".to_owned(), text(self.path("run"))),
            ("NOPAR_CACHE_PATH".to_owned(), text(self.cache())),
            ("NOPAR_REGISTRY_PATH".to_owned(), text(self.path("registry"))),
            ("NOPAR_FORWARDER_URL".to_owned(), self.upstream.url()),
            ("NOPAR_CACHE_MIN_FREE".to_owned(), "0".to_owned()),
        ];
        env.extend(self.more.iter().cloned());
        env
    }

    /// A NOPAR on these directories.
    async fn serve(&self) -> Serving {
        self.serve_with(&[]).await
    }

    async fn serve_with(&self, more: &[(&str, &str)]) -> Serving {
        let env = self.env();
        let env: Vec<_> = env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let folder = tempfile::tempdir().expect("a directory");
        let (command, env) = (Command::new(PROGRAM), [&env[..], more].concat());
        let (binary, addr) = Binary::serving_as(folder, command, &self.upstream.url(), &env).await;
        Serving { binary, addr }
    }

    /// `nopar cache …`, with some settings changed.
    async fn cache_with(&self, arguments: &[&str], more: &[(&str, &str)]) -> Ended {
        self.run_with(&[&["cache"], arguments].concat(), more).await
    }

    /// `nopar …`, with some settings changed.
    async fn run_with(&self, arguments: &[&str], more: &[(&str, &str)]) -> Ended {
        let env = self.env();
        let env: Vec<_> = env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        Binary::start(arguments, &[&env[..], more].concat()).ended().await
    }

    /// `nopar cache …`, which is to succeed: what it said.
    async fn done(&self, arguments: &[&str]) -> String {
        let ended = self.cache_with(arguments, &[]).await;
        assert!(ended.success, "{arguments:?}: {}{}", ended.stdout, ended.stderr);
        ended.stdout
    }

    /// The same where it is not: what it said, and why.
    async fn failed(&self, arguments: &[&str]) -> (String, String) {
        let ended = self.cache_with(arguments, &[]).await;
        assert!(!ended.success, "{arguments:?}: {}{}", ended.stdout, ended.stderr);
        (ended.stdout, ended.stderr)
    }

    /// The lines that it said, as JSON.
    async fn rows(&self, arguments: &[&str]) -> Vec<Value> {
        let rows = rows(&self.done(arguments).await);
        expect_documented(&format!("cache {}", arguments[0]), &rows);
        rows
    }

    /// Entries' files.
    fn files(&self) -> Vec<String> {
        entries_in(&self.cache())
    }
}

fn rows(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

/// The files of entries in a cache.
fn entries_in(cache: &Path) -> Vec<String> {
    let mut files = files_below(cache);
    files.retain(|file| file.as_bytes().get(2) == Some(&b'/'));
    files
}

impl Serving {
    /// Has everything fetched that its upstream has.
    async fn fill(&self, scene: &Scene) {
        for name in ["a", "@s/n"] {
            let path = format!("/{}", name.replace('/', "%2f"));
            get(self.addr, &path).await.expect(200);
            let answer = get(self.addr, &usual_path(name, "1.0.0")).await.expect(200);
            assert!(answer.body == scene.upstream.tarball(name, "1.0.0"));
        }
        once("four entries", async || match scene.files() {
            files if files.len() == 4 => Ok(()),
            files => Err(format!("{files:?}")),
        })
        .await;
    }

    async fn end(self) {
        self.binary.signal("TERM");
        let ended = self.binary.ended().await;
        assert!(ended.success && !ended.stderr.contains("panicked"), "{}", ended.stderr);
    }
}
