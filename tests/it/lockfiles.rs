//! `nopar prefetch` and `nopar check`: through a NOPAR that runs, and alone.
//! Knows nothing of the forms of lock files, which unit tests read: one is enough here.

mod failing;
mod serving;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::support::binary::{Binary, Ended, PROGRAM};
use crate::support::client::{Request, get};
use crate::support::documented::expect_documented;
use crate::support::publish::Publish;
use crate::support::upstream::FakeUpstream;

/// Directories that NOPARs share one after the other, and commands with them.
struct Site {
    upstream: FakeUpstream,
    home: TempDir,
    more: Vec<(String, String)>,
}

impl Site {
    async fn new() -> Self {
        Self::with(&[]).await
    }

    /// One with these settings besides.
    async fn with(more: &[(&str, &str)]) -> Self {
        let upstream = FakeUpstream::start().await;
        let home = tempfile::tempdir().expect("a directory");
        std::fs::create_dir(home.path().join("run")).expect("a directory");
        let more = more.iter().map(|(name, value)| (name.to_string(), value.to_string()));
        Self { upstream, home, more: more.collect() }
    }

    fn env(&self) -> Vec<(String, String)> {
        let below = |name: &str| self.path(name).to_str().expect("UTF-8").to_owned();
        let own = [
            ("NOPAR_CACHE_PATH", below("cache")),
            ("NOPAR_REGISTRY_PATH", below("registry")),
            ("NOPAR_RUN_PATH", below("run")),
            ("NOPAR_FORWARDER_URL", self.upstream.url()),
            ("NOPAR_CACHE_MIN_FREE", "0".to_owned()),
        ];
        let own = own.into_iter().map(|(name, value)| (name.to_owned(), value));
        own.chain(self.more.iter().cloned()).collect()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// A NOPAR that serves.
    async fn serving(&self) -> (Binary, SocketAddr) {
        let env = self.env();
        let env: Vec<_> = env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let folder = tempfile::tempdir().expect("a directory");
        Binary::serving_as(folder, Command::new(PROGRAM), &self.upstream.url(), &env).await
    }

    /// A command of NOPAR that has begun.
    fn begin(&self, arguments: &[&str]) -> Binary {
        let env = self.env();
        let env: Vec<_> = env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        Binary::start(arguments, &env)
    }

    /// A command that has ended with this code.
    async fn ends(&self, code: i32, arguments: &[&str]) -> Ended {
        let ended = self.begin(arguments).ended().await;
        let said = format!("{}\n{}", ended.stdout, ended.stderr);
        assert_eq!(ended.code, Some(code), "{arguments:?}: {said}");
        ended
    }

    /// A lock file that names these versions, as the upstream has them.
    fn lock(&self, name: &str, versions: &[(&str, &str)]) -> String {
        let row = |(package, version): &(&str, &str)| {
            let packument = self.upstream.packument(package);
            let integrity = packument["versions"][version]["dist"]["integrity"].clone();
            (
                format!("node_modules/{version}/node_modules/{package}"),
                version.to_string(),
                integrity,
            )
        };
        let rows = versions.iter().map(row);
        self.lock_of(name, rows)
    }

    /// A lock file with rows of where, version and integrity.
    fn lock_of(&self, name: &str, rows: impl Iterator<Item = (String, String, Value)>) -> String {
        let rows = rows.map(|(at, version, integrity)| {
            (at, json!({"version": version, "integrity": integrity}))
        });
        let packages: Map<String, Value> = rows.collect();
        let lock = json!({"lockfileVersion": 3, "packages": packages});
        let path = self.path(name);
        std::fs::write(&path, lock.to_string()).expect("writing a lock file");
        path.to_str().expect("UTF-8").to_owned()
    }
}

/// The rows of JSON that a command printed; nothing else is on its standard output.
fn rows(ended: &Ended) -> Vec<Value> {
    let lines = ended.stdout.lines();
    let rows = lines.map(|line| serde_json::from_str(line).expect("a row of JSON"));
    let rows: Vec<Value> = rows.collect();
    expect_documented("check", &rows);
    rows
}

/// The first and second version of one package, and one of another whose name has a scope.
fn three(upstream: &FakeUpstream) -> [(&'static str, &'static str); 3] {
    let large = |v: crate::support::upstream::VersionBuilder| v.tarball_size(300_000);
    upstream.package("lantern").version("1.0.0", |v| v).version("2.0.0", large);
    upstream.package("@s/wick").version("1.0.0", |v| v);
    [("lantern", "1.0.0"), ("lantern", "2.0.0"), ("@s/wick", "1.0.0")]
}

const FILES: [&str; 3] =
    ["/lantern/-/lantern-1.0.0.tgz", "/lantern/-/lantern-2.0.0.tgz", "/@s/wick/-/wick-1.0.0.tgz"];

/// Everything is served without the upstream.
async fn expect_served(site: &Site, addr: SocketAddr) {
    site.upstream.stop().await;
    for name in ["/lantern", "/@s%2fwick"] {
        get(addr, name).await.expect(200);
    }
    for file in FILES {
        let answer = get(addr, file).await;
        assert_eq!(answer.expect(200).body, site.upstream.file_bytes(file), "{file}");
    }
}

#[tokio::test]
async fn what_was_prefetched_through_a_nopar_that_runs_is_there_when_the_upstream_is_gone() {
    let site = Site::new().await;
    let lock = site.lock("package-lock.json", &three(&site.upstream));
    let (_nopar, addr) = site.serving().await;

    let ended = site.ends(1, &["check", &lock]).await;
    assert!(
        ended.stdout.contains("@s/wick@1.0.0: its packument is not here\n"),
        "{}",
        ended.stdout
    );
    assert!(
        ended.stdout.ends_with("0 of 3 versions are here (0 B), 3 missing\n"),
        "{}",
        ended.stdout
    );
    assert_eq!(site.upstream.count_all(), 0, "a check asks no upstream");

    let ended = site.ends(0, &["prefetch", &lock]).await;
    let said = &ended.stdout;
    let expected = format!("read {lock} (npm, version 3)\n3 of 3 versions are here (3 fetched, ");
    assert!(said.starts_with(&expected), "{said}");
    assert!(ended.stderr.is_empty(), "no bar where there is no terminal: {}", ended.stderr);
    assert_eq!(site.upstream.count("GET /lantern"), 1, "a packument is asked for once");
    let asked = site.upstream.count_all();
    let ended = site.ends(0, &["prefetch", &lock]).await;
    assert!(ended.stdout.contains("\n3 of 3 versions are here ("), "{}", ended.stdout);
    assert_eq!(site.upstream.count_all(), asked, "what is held is not fetched again");

    expect_served(&site, addr).await;
    site.ends(0, &["check", &lock]).await;
}

#[tokio::test]
async fn it_works_alone_where_no_nopar_runs_and_one_serves_that_later() {
    let site = Site::new().await;
    let lock = site.lock("package-lock.json", &three(&site.upstream));
    // Where there is no cache, the path of one may be mistyped: none is made.
    let ended = site.ends(2, &["check", &lock]).await;
    assert!(ended.stderr.contains("there is no cache in "), "{}", ended.stderr);
    assert!(!site.path("cache").exists());
    site.ends(0, &["prefetch", "--jobs", "1", &lock]).await;
    site.ends(0, &["check", &lock]).await;
    // A machine without network has the same upstream, which nobody is to ask.
    let elsewhere = Site { more: vec![("NOPAR_AUTO_FORWARD".into(), "no".into())], ..site };
    let (_nopar, addr) = elsewhere.serving().await;
    expect_served(&elsewhere, addr).await;
    elsewhere.ends(0, &["check", &lock]).await;
    elsewhere.ends(0, &["prefetch", &lock]).await;
}

#[tokio::test]
async fn several_lock_files_are_one_and_scripts_read_json() {
    let site = Site::new().await;
    let [first, second, third] = three(&site.upstream);
    let one = site.lock("package-lock.json", &[first, second]);
    let two = site.lock("npm-shrinkwrap.json", &[second, third]);
    let folder = ("packages/w".to_owned(), "1.0.0".to_owned(), Value::Null);
    let three = site.lock_of("other.json", std::iter::once(folder));
    let all = ["check", "--json", &one, &two, &three];
    let (_nopar, _) = site.serving().await;
    let rows = rows(&site.ends(1, &all).await);
    let missing: Vec<_> = rows.iter().filter(|row| row["kind"] == "missing").collect();
    assert_eq!(missing.len(), 3, "{rows:?}");
    let twice = missing.iter().find(|row| row["version"] == "2.0.0").expect("the second version");
    assert_eq!(twice["lockfiles"], json!([one, two]));
    let kinds: Vec<_> = rows.iter().map(|row| row["kind"].as_str().expect("a kind")).collect();
    assert_eq!(kinds[..3], ["lockfile"; 3]);
    assert_eq!(kinds[3..], ["missing", "missing", "missing", "other", "summary"]);
    assert_eq!((&rows[1]["lockfile"], &rows[1]["format"]), (&json!(two), &json!("npm, version 3")));
    assert_eq!((&twice["package"], &rows[6]["what"]), (&json!("lantern"), &json!("packages/w")));
    let summary = rows.last().expect("a summary");
    assert_eq!((&summary["kind"], &summary["needed"]), (&json!("summary"), &json!(3)));
    assert_eq!((&summary["missing"], &summary["other"]), (&json!(3), &json!(1)));
    let rows = self::rows(&site.ends(0, &["prefetch", "--json", &one, &two]).await);
    assert_eq!((rows.len(), &rows[2]["fetched"]), (3, &json!(3)));
}

#[tokio::test]
async fn a_lock_file_may_come_by_standard_input() {
    let site = Site::new().await;
    let lock = site.lock("package-lock.json", &three(&site.upstream));
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(format!("{PROGRAM} prefetch - < {lock}"));
    let env = site.env();
    let env: Vec<_> = env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let ended = Binary::start_as(tempfile::tempdir().expect("a directory"), shell, &env);
    let ended = ended.ended().await;
    assert!(ended.success, "{}", ended.stderr);
}

#[tokio::test]
async fn hosted_packages_are_here_if_they_are_what_the_lock_file_means() {
    let site = Site::new().await;
    let (_nopar, addr) = site.serving().await;
    let publish = Publish::of("own", "1.0.0");
    site.upstream.clear();
    publish.succeed(addr).await;
    let right = publish.document()["versions"]["1.0.0"]["dist"]["integrity"].clone();
    let wrong = json!("sha512-".to_owned() + &"A".repeat(86) + "==");
    let row = |version: &str, integrity: &Value| {
        let row = ("node_modules/own".to_owned(), version.to_owned(), integrity.clone());
        std::iter::once(row)
    };
    site.upstream.clear();
    for command in ["check", "prefetch"] {
        let lock = site.lock_of("package-lock.json", row("1.0.0", &right));
        site.ends(0, &[command, &lock]).await;
        let lock = site.lock_of("package-lock.json", row("1.0.0", &wrong));
        let ended = site.ends(1, &[command, &lock]).await;
        assert!(
            ended.stdout.contains("does not have the expected digest sha512-AAAA"),
            "{}",
            ended.stdout
        );
        let lock = site.lock_of("package-lock.json", row("2.0.0", &right));
        let ended = site.ends(1, &[command, &lock]).await;
        assert!(
            ended.stdout.contains("published here, but has no such version"),
            "{}",
            ended.stdout
        );
    }
    assert_eq!(site.upstream.count_all(), 0, "no upstream is asked for what is hosted");
}

/// The files of a cache that are tarballs of so many bytes or more.
fn large_files(cache: &Path, least: u64) -> Vec<PathBuf> {
    let files = crate::support::nopar::files_below(cache).into_iter();
    let paths = files.map(|file| cache.join(file));
    paths.filter(|path| path.metadata().is_ok_and(|it| it.len() >= least)).collect()
}

#[tokio::test]
async fn a_tarball_that_was_damaged_is_missing_and_fetched_again() {
    let site = Site::new().await;
    let lock = site.lock("package-lock.json", &three(&site.upstream));
    site.ends(0, &["prefetch", &lock]).await;
    let files = large_files(&site.path("cache"), 300_000);
    assert_eq!(files.len(), 1, "{files:?}");
    let mut bytes = std::fs::read(&files[0]).expect("a file of the cache");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&files[0], bytes).expect("damaging it");
    let ended = site.ends(1, &["check", &lock]).await;
    let expected = "\nlantern@2.0.0: its tarball lantern-2.0.0.tgz is not here\n";
    assert!(ended.stdout.contains(expected), "{}", ended.stdout);
    site.upstream.clear();
    site.ends(0, &["prefetch", &lock]).await;
    assert_eq!((site.upstream.count_all(), site.upstream.count(FILES[1])), (1, 1));
}

#[tokio::test]
async fn a_name_that_the_lock_file_has_for_a_tarball_is_held_as_well_as_the_usual_one() {
    let site = Site::new().await;
    let odd = |v: crate::support::upstream::VersionBuilder| v.tarball_path("/old/-/old@1.0.0.tgz");
    site.upstream.package("old").version("1.0.0", odd);
    let yarn = "# yarn lockfile v1\n\nold@^1:\n  version \"1.0.0\"\n  resolved \"https://registry.example/old/-/old@1.0.0.tgz\"\n";
    let lock = site.path("yarn.lock");
    std::fs::write(&lock, yarn).expect("writing a lock file");
    site.ends(0, &["prefetch", lock.to_str().expect("UTF-8")]).await;
    let (_nopar, addr) = site.serving().await;
    site.upstream.stop().await;
    for path in ["/old/-/old@1.0.0.tgz", "/old/-/old-1.0.0.tgz"] {
        Request::get(addr, path).send().await.expect(200);
    }
}
