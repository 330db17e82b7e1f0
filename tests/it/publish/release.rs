//! A name is given back to the upstream by who runs NOPAR, and by nobody else.
//! Knows nothing of how a package is unpublished.

use super::{packument, versions};
use crate::support::binary::{Binary, Ended};
use crate::support::client::{Request, get};
use crate::support::publish::{Publish, refusal};
use crate::support::upstream::FakeUpstream;

/// `nopar release NAME`, in the directory of this one.
async fn release(running: &Binary, name: &str) -> Ended {
    let registry = running.folder().join("registry");
    let registry = registry.to_str().expect("a path in UTF-8");
    Binary::start(&["release", name], &[("NOPAR_REGISTRY_PATH", registry)]).ended().await
}

#[tokio::test]
async fn a_name_is_given_back_once_nothing_is_published_under_it() {
    let upstream = FakeUpstream::start().await;
    let (nopar, addr) = Binary::serving(&upstream.url(), &[]).await;
    Publish::of("x", "1.0.0").succeed(addr).await;
    upstream.package("x").version("9.9.9", |v| v);

    let refused = release(&nopar, "x").await;
    assert!(!refused.success);
    assert!(refused.stderr.contains("unpublish them first"), "{}", refused.stderr);
    let unknown = release(&nopar, "never").await;
    assert!(!unknown.success);
    assert!(unknown.stderr.contains("nothing was ever published"), "{}", unknown.stderr);
    assert_eq!(versions(&packument(addr, "x").await), ["1.0.0"]);

    Request::new(addr, "DELETE", "/x/-rev/undefined").send().await.expect(201);
    refusal(&get(addr, "/x").await, &[404], "it stays NOPAR's");
    assert_eq!(upstream.count("/x"), 1, "asked at the publish, and never since");

    let released = release(&nopar, "x").await;
    assert!(released.success, "{}", released.stderr);
    assert_eq!(released.stdout, "x is the upstream's from now on\n");
    // The running one sees it with the next request.
    assert_eq!(versions(&packument(addr, "x").await), ["9.9.9"]);
    let again = release(&nopar, "x").await;
    assert!(!again.success, "there is nothing left to give back");
}
