//! Which packages of upstreams are held, and what was done: as pages are told of it.
//! Knows nothing of pages; that the catalogue follows its directory is tried beside the code.

use std::sync::Arc;
use std::time::Duration;

use nopar::catalogue::Listing;
use tempfile::TempDir;

use crate::support::nopar::TestNopar;
use crate::support::upstream::{FakeUpstream, usual_path};

/// More than the time between two looks at the whole directory.
const UNTIL_LOOKED_THROUGH: Duration = Duration::from_secs(301);

fn names(listing: &Listing) -> Vec<&str> {
    listing.packages().iter().map(|held| held.name.as_str()).collect()
}

/// Waits until these are the packages that are listed.
async fn lists(nopar: &TestNopar, expected: &[&str]) -> Arc<Listing> {
    nopar.listing(|listing| listing.is_whole() && names(listing) == expected).await
}

async fn upstream(packages: &[&str], size: usize) -> FakeUpstream {
    let upstream = FakeUpstream::start().await;
    for name in packages {
        upstream
            .package(name)
            .version("1.0.0", |v| v.tarball_size(size).dependency("left", "^1.0.0"));
    }
    upstream
}

#[tokio::test]
async fn a_package_is_listed_after_its_first_request_and_after_a_restart() {
    let upstream = upstream(&["a", "@s/b"], 1000).await;
    let mut nopar = TestNopar::with(&upstream).start().await;
    assert!(lists(&nopar, &[]).await.is_empty());
    nopar.get("/a").await.expect(200);
    nopar.get(&usual_path("@s/b", "1.0.0")).await.expect(200);
    let check = |listing: Arc<Listing>| {
        let [b, a] = listing.packages() else { panic!("two are listed") };
        assert_eq!((a.latest(), a.versions(), a.held_versions.len()), (Some("1.0.0"), 1, 0));
        assert_eq!(b.held_versions.iter().map(|it| &**it).collect::<Vec<_>>(), ["1.0.0"]);
        // Of a tarball alone, nothing else is known.
        assert_eq!(listing.dependents(&"left".parse().expect("a name")).len(), 1);
        assert!(a.bytes > 0 && b.bytes > 1000 && listing.bytes() == a.bytes + b.bytes);
    };
    check(lists(&nopar, &["@s/b", "a"]).await);
    for _ in 0..3 {
        nopar.get("/a").await.expect(200);
    }
    let asked = |listing: &Listing| listing.packages()[1].requests == 3;
    let listing = nopar.listing(asked).await;
    assert!(listing.packages()[1].asked > listing.packages()[1].fetched - Duration::from_secs(1));
    nopar.restart().await;
    check(lists(&nopar, &["@s/b", "a"]).await);
    assert_eq!(upstream.count_all(), 2, "to list packages asks nobody");
}

#[tokio::test]
async fn a_package_that_had_to_leave_is_not_listed() {
    let upstream = upstream(&["a", "b", "c"], 400_000).await;
    let nopar = TestNopar::with(&upstream).env("NOPAR_CACHE_SIZE", "1MiB").start().await;
    for package in ["a", "b"] {
        nopar.get(&format!("/{package}")).await.expect(200);
        nopar.get(&usual_path(package, "1.0.0")).await.expect(200);
    }
    lists(&nopar, &["a", "b"]).await;
    nopar.get(&usual_path("c", "1.0.0")).await.expect(200);
    let listing = lists(&nopar, &["b", "c"]).await;
    assert!(listing.bytes() <= 1 << 20);
    nopar.request("/-/package/b/delete").method("POST").send().await.expect(200);
    lists(&nopar, &["c"]).await;
}

#[tokio::test]
async fn a_package_that_the_upstream_withdraws_is_not_listed() {
    let upstream = upstream(&["a"], 1000).await;
    let nopar = TestNopar::with(&upstream).start().await;
    nopar.get("/a").await.expect(200);
    lists(&nopar, &["a"]).await;
    upstream.remove("a");
    nopar.request("/-/package/a/refresh").method("POST").send().await.expect(404);
    lists(&nopar, &[]).await;
}

#[tokio::test]
async fn two_processes_on_one_directory_come_to_agree() {
    let upstream = upstream(&["a", "b", "c", "d"], 1000).await;
    let home = TempDir::new().expect("a directory");
    let path = home.path().to_str().expect("a path in UTF-8");
    let start = || TestNopar::with(&upstream).env("NOPAR_CACHE_PATH", path).start();
    let (one, other) = (start().await, start().await);
    one.get("/a").await.expect(200);
    other.get("/b").await.expect(200);
    lists(&one, &["a"]).await;
    lists(&other, &["b"]).await;
    one.advance(UNTIL_LOOKED_THROUGH);
    one.get("/c").await.expect(200);
    lists(&one, &["a", "b", "c"]).await;
    other.advance(UNTIL_LOOKED_THROUGH);
    other.get("/d").await.expect(200);
    lists(&other, &["a", "b", "c", "d"]).await;
    // And of what one of them removes.
    other.request("/-/package/a/delete").method("POST").send().await.expect(200);
    lists(&other, &["b", "c", "d"]).await;
    one.advance(UNTIL_LOOKED_THROUGH);
    one.get("/d").await.expect(200);
    lists(&one, &["b", "c", "d"]).await;
}

#[tokio::test]
async fn an_upstream_that_is_no_longer_configured_has_no_packages() {
    let (before, after) = (upstream(&["a"], 1000).await, upstream(&["b"], 1000).await);
    let home = TempDir::new().expect("a directory");
    let path = home.path().to_str().expect("a path in UTF-8");
    let start = |upstream| TestNopar::with(upstream).env("NOPAR_CACHE_PATH", path).start();
    let nopar = start(&before).await;
    nopar.get("/a").await.expect(200);
    lists(&nopar, &["a"]).await;
    drop(nopar);
    let nopar = start(&after).await;
    nopar.get("/b").await.expect(200);
    lists(&nopar, &["b"]).await;
}
