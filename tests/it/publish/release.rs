//! A name is given back to the upstream by who runs NOPAR, and by nobody else.
//! Knows nothing of how a package is unpublished.

use super::{packument, versions};
use crate::support::binary::{Binary, Ended};
use crate::support::client::{Request, get};
use crate::support::publish::{Publish, refusal};
use crate::support::upstream::FakeUpstream;

/// `nopar release NAME`, in the directory of this one.
async fn release(running: &Binary, name: &str) -> Ended {
    release_with(running, name, &[]).await
}

/// The same with these settings besides.
async fn release_with(running: &Binary, name: &str, env: &[(&str, &str)]) -> Ended {
    let registry = running.folder().join("registry");
    let registry = registry.to_str().expect("a path in UTF-8");
    let env = [&[("NOPAR_REGISTRY_PATH", registry)], env].concat();
    Binary::start(&["release", name], &env).ended().await
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
    assert!(released.stdout.starts_with("x is the upstream's from now on."), "{}", released.stdout);
    assert!(released.stdout.contains("versions that were used before"), "{}", released.stdout);
    // The running one sees it with the next request.
    assert_eq!(versions(&packument(addr, "x").await), ["9.9.9"]);
    let again = release(&nopar, "x").await;
    assert!(!again.success, "there is nothing left to give back");
}

/// A name that the configuration claims does not become the upstream's by that, and is not said to; what was used of it
/// may be published again.
#[tokio::test]
async fn a_claimed_name_stays_nopars_own() {
    let upstream = FakeUpstream::start().await;
    upstream.package("x").version("9.9.9", |v| v);
    let claim = [("NOPAR_LOCAL_PACKAGES", "x")];
    let (nopar, addr) = Binary::serving(&upstream.url(), &claim).await;
    Publish::of("x", "1.0.0").succeed(addr).await;
    Request::new(addr, "DELETE", "/x/-rev/undefined").send().await.expect(201);
    refusal(&Publish::of("x", "1.0.0").to(addr).send().await, &[403], "a version twice");

    let released = release_with(&nopar, "x", &claim).await;
    assert!(released.success, "{}", released.stderr);
    let told = released.stdout;
    assert!(told.contains("stays this registry's own, as NOPAR_LOCAL_PACKAGES claims x"), "{told}");
    assert!(told.contains("versions that were used before"), "{told}");
    refusal(&get(addr, "/x").await, &[404], "claimed");
    Publish::of("x", "1.0.0").succeed(addr).await;
    assert_eq!(versions(&packument(addr, "x").await), ["1.0.0"]);
    assert_eq!(upstream.count_all(), 0, "{:?}", upstream.requests());
}
