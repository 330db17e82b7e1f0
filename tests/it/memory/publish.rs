//! How much memory publishes take, measured on the real binary: a large tarball, and documents made to take much.
//! Knows nothing of where in the process it goes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sha2::{Digest, Sha512};

use super::{MB, Process};
use crate::support::client::{Connection, Response};
use crate::support::publish::{Publish, refusal};
use crate::support::upstream::{FakeUpstream, made_up};

const TARBALL: usize = 60_000_000;
/// So many bytes of it are made and sent at once. A multiple of three: pieces in base64 are the whole in base64.
const PIECE: usize = 60_000;
/// The longest document that may come, its tarball aside.
const LONGEST: usize = 32 << 20;
/// The members of an object that are sent at once.
const MEMBERS: usize = 10_000;

/// A PUT whose body is on its way, in chunks: nobody has to have more of it than one.
struct Sending(Connection);

impl Sending {
    async fn begin(nopar: &Process, path: &str) -> Self {
        let mut connection = Connection::open(nopar.addr).await.expect("a connection");
        let head = format!(
            "PUT {path} HTTP/1.1\r\nHost: npm.test\r\nContent-Type: application/json\r\n\
             Transfer-Encoding: chunked\r\n\r\n"
        );
        connection.deliver(head.as_bytes()).await;
        Self(connection)
    }

    async fn piece(&mut self, text: &str) {
        self.0.deliver(format!("{:x}\r\n{text}\r\n", text.len()).as_bytes()).await;
    }

    async fn end(mut self) -> Response {
        self.0.deliver(b"0\r\n\r\n").await;
        self.0.receive().await.expect("an answer")
    }
}

/// A NOPAR with one package. What every first publish costs is not that of another.
async fn started() -> (FakeUpstream, Process) {
    let upstream = FakeUpstream::start().await;
    let nopar = Process::start(&upstream);
    Publish::of("x", "1.0.0").succeed(nopar.addr).await;
    (upstream, nopar)
}

/// A tarball of 60 MB, 80 MB in base64, goes to the disk as it comes.
#[tokio::test]
async fn a_large_publish_takes_bounded_memory() {
    let (_upstream, nopar) = started().await;
    let before = nopar.peak();
    let mut sending = Sending::begin(&nopar, "/y").await;
    sending.piece(r#"{"_id":"y","name":"y","_attachments":{"y-1.0.0.tgz":{"data":""#).await;
    let mut digest = Sha512::new();
    for number in 0..TARBALL / PIECE {
        let piece = made_up(2 * number as u64, PIECE);
        digest.update(&piece);
        sending.piece(&STANDARD.encode(&piece)).await;
    }
    let integrity = format!("sha512-{}", STANDARD.encode(digest.finalize()));
    let manifest = json!({"name": "y", "version": "1.0.0", "dist": {"integrity": integrity}});
    let rest = json!({"dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": manifest}});
    let rest = rest.to_string();
    sending.piece(&format!(r#"","length":{TARBALL}}}}},{}"#, &rest[1..])).await;
    sending.end().await.expect(201);
    let taken = nopar.risen_since(before);
    eprintln!("a publish of {} MB: {} MB", TARBALL / 1_000_000, taken / MB);
    assert!(taken <= 32 * MB, "{} MB at the peak", taken / MB);
}

/// Members take much more memory than they have bytes: of documents that consist of them, only so many are kept, and
/// that is said.
#[tokio::test]
async fn masses_of_members_take_bounded_memory() {
    let (_upstream, nopar) = started().await;
    let before = nopar.peak();
    let member = |number: usize| format!("\"k{number:07}\":0,");
    let pieces = LONGEST / (member(0).len() * MEMBERS);
    let pieces: Vec<String> = (0..pieces)
        .map(|piece| (piece * MEMBERS..(piece + 1) * MEMBERS).map(member).collect())
        .collect();
    // In the manifest of a publish, which is taken out of the document before its members are read, and in a copy that
    // is sent back.
    let publish = r#"{"_attachments":{"y-1.0.0.tgz":{"data":"AAAA"}},"versions":{"1.0.0":{"#;
    for (path, first, last) in
        [("/y", publish, r#""last":0}}}"#), ("/x/-rev/undefined", "{", r#""last":0}"#)]
    {
        let mut sending = Sending::begin(&nopar, path).await;
        sending.piece(first).await;
        for piece in &pieces {
            sending.piece(piece).await;
        }
        sending.piece(last).await;
        let error = refusal(&sending.end().await, &[413], path);
        assert!(error.contains("more than 100000 members"), "{path}: {error}");
        let taken = nopar.risen_since(before);
        eprintln!("members at {path}: {} MB", taken / MB);
        assert!(taken <= 150 * MB, "{path}: {} MB at the peak", taken / MB);
    }
}
