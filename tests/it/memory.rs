//! How much memory huge packuments, tarballs and publishes take, measured on the real binary.
//! Knows nothing of where in the process it goes.

mod crowd;
mod hosted;
mod many;
mod publish;
mod stalled;

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::asking::{INSTALL, canonical};
use crate::support::client::{Request, Response};
use crate::support::upstream::FakeUpstream;

const MB: u64 = 1_000_000;
const VERSIONS: usize = 5_000;

/// The real thing as a child, with a home that vanishes.
struct Process {
    child: Child,
    addr: SocketAddr,
    _home: tempfile::TempDir,
}

impl Process {
    fn start(upstream: &FakeUpstream) -> Self {
        // Small, so that what is measured is the work and not what is rightly held.
        Self::start_holding(upstream, "64MiB")
    }

    /// One that keeps no more than this in memory, ready to send.
    fn start_holding(upstream: &FakeUpstream, memory: &str) -> Self {
        Self::start_with(upstream, &[("NOPAR_MEMORY_SIZE", memory)])
    }

    /// One with these settings besides.
    fn start_with(upstream: &FakeUpstream, env: &[(&str, &str)]) -> Self {
        let home = tempfile::TempDir::new().expect("a temporary directory");
        let mut child = Command::new(env!("CARGO_BIN_EXE_nopar"))
            .env_clear()
            .env("NOPAR_HOSTNAME", "127.0.0.1")
            .env("NOPAR_PORT", "0")
            .env("NOPAR_HOME", home.path())
            .env("NOPAR_CACHE_PATH", home.path().join("cache"))
            .env("NOPAR_FORWARDER_URL", upstream.url())
            // However full this machine's disk is.
            .env("NOPAR_CACHE_MIN_FREE", "0")
            .envs(env.iter().copied())
            .stderr(Stdio::piped())
            .spawn()
            .expect("starting nopar");
        let stderr = child.stderr.take().expect("its standard error");
        let addr = listening(stderr);
        Self { child, addr, _home: home }
    }

    /// The most memory it ever had resident, in bytes.
    fn peak(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("its status");
        let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
        let line = line.expect("VmHWM").trim();
        let kib = line.strip_suffix("kB").expect("in kB").trim();
        kib.parse::<u64>().expect("a number") * 1024
    }

    /// How much more that is than `before`. Each core counts for itself for a while, so that it may seem a little less.
    fn risen_since(&self, before: u64) -> u64 {
        self.peak().saturating_sub(before)
    }

    async fn ask(&self, path: &str, accept: &str, coding: &str) -> Response {
        Request::get(self.addr, path)
            .header("Accept", accept)
            .header("Accept-Encoding", coding)
            .send()
            .await
            .expect(200)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The answer to a request that closes its connection, as text. It may take as long as large documents take a busy
/// machine.
async fn answer_to(addr: SocketAddr, request: String) -> String {
    let asking = async {
        let mut stream = TcpStream::connect(addr).await.expect("a connection");
        stream.write_all(request.as_bytes()).await.expect("a request sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("an answer");
        String::from_utf8_lossy(&answer).into_owned()
    };
    tokio::time::timeout(Duration::from_secs(120), asking).await.expect("an answer in time")
}

/// The address in the line that says where it listens; its log is read to the end, so that it
/// never blocks on a full pipe.
fn listening(stderr: std::process::ChildStderr) -> SocketAddr {
    let (found, address) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            if let Some((_, rest)) = line.split_once("listening on http://") {
                let _ = found.send(rest.trim_end_matches('/').parse());
            }
        }
    });
    let address = address.recv_timeout(Duration::from_secs(20));
    address.expect("it listens").expect("an address")
}

/// A packument of so many versions, each of more than 4 kB, whose text packs as real ones do.
fn huge(count: usize) -> Value {
    let mut seed = 1_u64;
    let mut word = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        format!("{:x}", seed & 0xffff_ffff)
    };
    let mut versions = serde_json::Map::new();
    let mut time = serde_json::Map::new();
    for number in 0..count {
        let version = format!("1.{}.{}", number / 100, number % 100);
        let dependencies: serde_json::Map<_, _> =
            (0..40).map(|n| (format!("@huge/module-{n}"), json!(format!("^{version}")))).collect();
        let text: Vec<String> = (0..100).map(|_| word()).collect();
        versions.insert(
            version.clone(),
            json!({
                "name": "huge",
                "version": version,
                "description": "a package with many versions ".repeat(20),
                "keywords": text,
                "dependencies": dependencies,
                "scripts": {"test": "node test.js ".repeat(60)},
                "_npmOperationalInternal": {"tmp": word().repeat(20)},
                "dist": {
                    "integrity": format!("sha512-{}==", word().repeat(10)),
                    "shasum": word().repeat(5),
                    "tarball": format!("https://registry.example/huge/-/huge-{version}.tgz"),
                    "signatures": [{"keyid": "SHA256:x", "sig": word().repeat(12)}],
                },
            }),
        );
        time.insert(version, json!("2020-01-01T00:00:00.000Z"));
    }
    json!({
        "_id": "huge",
        "name": "huge",
        "dist-tags": {"latest": "1.0.0"},
        "versions": versions,
        "time": time,
        "readme": "# huge\n".repeat(1000),
    })
}

/// Every version is there, with the address and the digest it should have.
fn check(answer: &Response, packument: &Value, base: &str) {
    let document = answer.json();
    let versions = packument["versions"].as_object().expect("versions");
    let served = document["versions"].as_object().expect("versions");
    assert_eq!(served.len(), versions.len());
    assert_eq!(document["time"], packument["time"]);
    for (version, manifest) in versions {
        let dist = &served[version]["dist"];
        assert_eq!(dist["integrity"], manifest["dist"]["integrity"]);
        assert_eq!(dist["tarball"], canonical(base, "huge", version));
        assert_eq!(served[version]["dependencies"], manifest["dependencies"]);
    }
}

/// A cold packument of 20 MB costs at most 150 MB at the peak, and is right in both forms and
/// encodings, from one upstream request.
#[tokio::test]
async fn a_huge_packument_takes_bounded_memory() {
    let upstream = FakeUpstream::start().await;
    let packument = huge(VERSIONS);
    let text = packument.to_string();
    assert!(text.len() as u64 >= 20 * MB, "{} bytes", text.len());
    upstream.document("huge", text);
    upstream.package("small").version("1.0.0", |v| v);
    let nopar = Process::start(&upstream);
    let base = format!("http://{}", nopar.addr);
    // What every first request costs is not the document's.
    nopar.ask("/small", INSTALL, "gzip").await;
    upstream.clear();

    let before = nopar.peak();
    let cold = nopar.ask("/huge", "application/json", "gzip").await;
    let filled = nopar.risen_since(before);
    check(&cold, &packument, &base);
    for accept in [INSTALL, "application/json"] {
        for coding in ["gzip", "identity"] {
            check(&nopar.ask("/huge", accept, coding).await, &packument, &base);
        }
    }
    let served = nopar.risen_since(before);
    let manifest = nopar.ask("/huge/1.0.7", "application/json", "gzip").await;
    assert_eq!(manifest.json()["version"], "1.0.7");
    assert_eq!(upstream.count_all(), 1);
    assert!(filled <= 150 * MB, "{} MB at the peak of the fill", filled / MB);
    assert!(served <= 200 * MB, "{} MB after all forms", served / MB);
    eprintln!("fill {} MB, all forms {} MB", filled / MB, served / MB);
}
