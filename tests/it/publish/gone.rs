//! A registry directory that goes while NOPAR runs, as by an unmount or a rename, and comes back.
//! Knows nothing of how that is noticed.

use std::path::Path;
use std::time::Duration;

use super::login::{logging_in, login, logout, whoami};
use super::{alone, packument, versions};
use crate::support::nopar::TestNopar;
use crate::support::publish::{Publish, refusal};
use crate::support::upstream::FakeUpstream;

/// What lies in its place meanwhile: nothing at all, an empty mount point, mount points that hold something.
const MEANWHILE: [Option<&[&str]>; 4] =
    [None, Some(&[]), Some(&[".keep"]), Some(&["README.md", "lost+found/"])];

/// Past the second in which a name was last looked at.
const LATER: Duration = Duration::from_secs(2);

fn take_away(nopar: &TestNopar, meanwhile: Option<&[&str]>) {
    let registry = nopar.registry_path();
    std::fs::rename(registry, nopar.home().join("away")).expect("it goes");
    if let Some(names) = meanwhile {
        std::fs::create_dir(registry).expect("a mount point");
        for name in names {
            let path = registry.join(name);
            match name.ends_with('/') {
                true => std::fs::create_dir(path).expect("a folder"),
                false => std::fs::write(path, "").expect("a file"),
            }
        }
    }
    nopar.advance(LATER);
}

fn put_back(nopar: &TestNopar) {
    let registry = nopar.registry_path();
    if registry.exists() {
        std::fs::remove_dir_all(registry).expect("it is in the way");
    }
    std::fs::rename(nopar.home().join("away"), registry).expect("it comes back");
    nopar.advance(LATER);
}

/// The names in a directory; `None` when there is none.
fn names(folder: &Path) -> Option<Vec<String>> {
    let entries = std::fs::read_dir(folder).ok()?;
    let name = |entry: std::fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    let mut names: Vec<String> = entries.flatten().map(name).collect();
    names.sort();
    Some(names)
}

/// Fails the test unless nothing is said of any package or token, and nothing is made.
async fn check_gone(nopar: &TestNopar, token: &str) {
    let before = names(nopar.registry_path());
    for path in ["/x", "/x/latest", "/x/-/x-9.9.9.tgz", "/x?write=true", "/other"] {
        assert_eq!(nopar.get(path).await.status, 500, "{path}");
    }
    let addr = nopar.addr();
    let by_token = Publish::of("x", "2.0.0").to(addr).header("Authorization", token);
    let calls = [
        ("a publish", Publish::of("x", "2.0.0").to(addr)),
        ("a number that was published", Publish::of("x", "1.0.0").to(addr)),
        ("a new name", Publish::of("new", "1.0.0").to(addr)),
        ("a publish with a token", by_token),
        ("a login", logging_in(addr, "you")),
        ("a logout", logout(addr, token)),
    ];
    for (what, call) in calls {
        refusal(&call.send().await, &[500], what);
    }
    refusal(&whoami(addr, token).await, &[500], "whoami");
    assert_eq!(names(nopar.registry_path()), before, "something was made in its place");
}

/// It frees no name and ends no token, whatever lies in its place: what was hosted is not the upstream's, and all is as
/// before once it is back.
#[tokio::test]
async fn a_directory_that_is_gone_frees_no_name() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).stopped_clock().start().await;
    Publish::of("x", "1.0.0").succeed(nopar.addr()).await;
    let token = login(nopar.addr(), "me").await;
    for name in ["x", "other", "new"] {
        upstream.package(name).version("9.9.9", |v| v);
    }
    upstream.clear();
    for meanwhile in MEANWHILE {
        assert_eq!(versions(&packument(nopar.addr(), "x").await), ["1.0.0"], "{meanwhile:?}");
        take_away(&nopar, meanwhile);
        check_gone(&nopar, &token).await;
        put_back(&nopar);
        assert_eq!(versions(&nopar.get("/x").await.expect(200).json()), ["1.0.0"]);
        let me = whoami(nopar.addr(), &token).await.expect(200).json();
        assert_eq!(me["username"], "me", "{meanwhile:?}");
    }
    Publish::of("x", "2.0.0").succeed(nopar.addr()).await;
    assert_eq!(upstream.count_all(), 0, "{:?}", upstream.requests());
    nopar.get("/other").await.expect(200);
}

/// A login makes the directory, as a publish does; what it made is missed, though there is no package in it.
#[tokio::test]
async fn a_directory_that_a_login_made_is_missed_as_well() {
    let (upstream, nopar) = alone().await;
    assert!(!nopar.registry_path().exists());
    let token = login(nopar.addr(), "me").await;
    for meanwhile in MEANWHILE {
        take_away(&nopar, meanwhile);
        check_gone(&nopar, &token).await;
        put_back(&nopar);
        whoami(nopar.addr(), &token).await.expect(200);
    }
    assert_eq!(upstream.count_all(), 0, "{:?}", upstream.requests());
    Publish::of("x", "1.0.0").succeed(nopar.addr()).await;
}
