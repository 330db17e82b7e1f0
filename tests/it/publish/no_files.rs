//! What lies in the registry directory in place of a file and is none: it is told of, and nobody waits for it.
//! Knows nothing of how files are opened.

use tempfile::TempDir;

use super::login::{login, whoami};
use super::{binary_over, check_tarball};
use crate::support::client::get;
use crate::support::disk::fifo;
use crate::support::nopar::files_below;
use crate::support::publish::{Publish, refusal};
use crate::support::upstream::usual_path;

/// FIFOs that nobody ever writes to, in place of a document, a tarball, an old `registry.json` and a token. Each is a 500
/// or a line of the log; the rest is served, and the stop comes to its end.
#[tokio::test]
async fn nobody_waits_for_what_is_no_file() {
    let registry = TempDir::new().expect("a directory");
    let (_upstream, binary, addr) = binary_over(registry.path()).await;
    for name in ["doc", "tgz", "fine"] {
        Publish::of(name, "1.0.0").succeed(addr).await;
    }
    let token = login(addr, "me").await;
    binary.signal("TERM");
    binary.ended().await;
    let mut files = files_below(registry.path());
    files.retain(|file| file.starts_with(".nopar/tokens/"));
    assert_eq!(files.len(), 1, "{files:?}");
    files.extend(["doc/doc.json", "tgz/tgz-1.0.0.tgz"].map(str::to_owned));
    for file in &files {
        fifo(&registry.path().join(file));
    }

    let (upstream, binary, addr) = binary_over(registry.path()).await;
    let said = binary.says("left out: doc/doc.json: ").await;
    assert!(said.contains("it is not a file"), "{said}");
    let said = binary.says("tarball missing: ").await;
    assert!(said.contains("version 1.0.0 of tgz cannot be installed"), "{said}");
    for path in ["/doc", "/doc/1.0.0", &usual_path("doc", "1.0.0"), &usual_path("tgz", "1.0.0")] {
        refusal(&get(addr, path).await, &[500], path);
    }
    refusal(&Publish::of("doc", "2.0.0").to(addr).send().await, &[500], "a publish");
    refusal(&whoami(addr, &token).await, &[500], "whoami");
    get(addr, "/tgz").await.expect(200);
    Publish::of("fine", "1.1.0").succeed(addr).await;
    for version in ["1.0.0", "1.1.0"] {
        check_tarball(addr, "fine", version, &Publish::of("fine", version).bytes()).await;
    }
    assert_eq!(upstream.count_all(), 0, "{:?}", upstream.requests());
    binary.signal("TERM");
    let ended = binary.ended().await;
    assert!(ended.success, "{}", ended.stderr);
}
