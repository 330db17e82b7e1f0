//! `PURGE`: copies of the upstream's packages go, and are fetched anew.
//! Knows nothing of packages that are published here, but that they stay.

use serde_json::{Value, json};

use crate::asking::eventually;
use crate::copies::{holding, holding_at};
use crate::packument::entries;
use crate::support::client::{Connection, Request, Response, get_many};
use crate::support::nopar::TestNopar;
use crate::support::publish::{Publish, path_of, refusal};
use crate::support::upstream::{FakeUpstream, usual_path};

fn purge(nopar: &TestNopar, path: &str) -> Request {
    nopar.request(path).method("PURGE")
}

/// Fails the test unless the answer says that so many copies went, to nobody on the way.
#[track_caller]
fn removed(answer: Response, count: u64) -> u64 {
    let answer = answer.expect(200);
    let told = answer.json();
    let bytes = told["bytes"].as_u64().expect("a number");
    assert_eq!(told, json!({"ok": true, "removed": count, "bytes": bytes}));
    assert_eq!(bytes > 0, count > 0);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    bytes
}

async fn cached(nopar: &TestNopar, path: &str) -> String {
    let answer = nopar.get(path).await.expect(200);
    answer.header("x-cache").expect("a word").to_owned()
}

/// A package goes with its views and its tarballs; what is not there any more is as gone as it was. What comes next is what
/// the upstream says by now, also after a restart.
#[tokio::test]
async fn a_package_is_purged_with_all_that_is_held_of_it() {
    let (upstream, mut nopar) = holding().await;
    let files = entries(&nopar);
    for name in ["a", "@s/n"] {
        let path = path_of(name);
        let before = nopar.cache_files().len();
        let bytes = removed(purge(&nopar, &path).send().await, 3);
        assert!(bytes > 500, "a packument, its other view and a tarball: {bytes}");
        eventually(&nopar, "the end of its files", || nopar.cache_files().len() == before - 3)
            .await;
        assert_eq!(removed(purge(&nopar, &path).send().await, 0), 0);
        assert!(nopar.listing(|_| true).await.find(&name.parse().expect("a name")).is_none());
    }
    eventually(&nopar, "the end of all files", || entries(&nopar).is_empty()).await;
    assert_eq!(files.len(), 6);
    assert_eq!(upstream.count_all(), 0, "nobody is asked to forget something");
    for name in ["a", "@s/n"] {
        upstream.package(name).version("1.1.0", |v| v);
        let packument = nopar.get(&path_of(name)).await.expect(200).json();
        assert_eq!(packument["dist-tags"]["latest"], "1.1.0");
        assert_eq!(cached(&nopar, &usual_path(name, "1.0.0")).await, "miss");
    }
    nopar.idle().await;
    removed(purge(&nopar, "/a").send().await, 2);
    upstream.package("a").version("1.2.0", |v| v);
    nopar.restart().await;
    let packument = nopar.get("/a").await.expect(200).json();
    assert_eq!(packument["dist-tags"]["latest"], "1.2.0");
}

/// Of a version its tarball goes, by whatever name it is held; the packument is of all versions, and stays.
#[tokio::test]
async fn a_version_is_purged_without_the_others() {
    let (upstream, nopar) = holding().await;
    let odd = upstream.package("odd").version("1.0.0", |v| v);
    odd.version("2.0.0", |v| v.tarball_path("/files/two.tgz"));
    let tarballs = ["/odd/-/odd-1.0.0.tgz", "/odd/-/odd-2.0.0.tgz", "/odd/-/two.tgz"];
    for path in [&["/odd"][..], &tarballs].concat() {
        nopar.get(path).await.expect(200);
    }
    nopar.idle().await;
    upstream.clear();
    removed(purge(&nopar, "/odd/2.0.0").send().await, 2);
    removed(purge(&nopar, "/odd/2.0.0").send().await, 0);
    removed(purge(&nopar, "/odd/3.0.0").send().await, 0);
    removed(purge(&nopar, "/odd/-/odd-1.0.0.tgz").send().await, 1);
    assert_eq!(cached(&nopar, "/odd").await, "hit");
    assert_eq!(cached(&nopar, "/a/-/a-1.0.0.tgz").await, "hit");
    assert_eq!(upstream.count_all(), 0);
    for path in tarballs {
        assert_eq!(cached(&nopar, path).await, "miss", "{path}");
    }
}

/// Also tarballs that no packument names, as the upstream has taken their version back, or none is held.
#[tokio::test]
async fn tarballs_that_no_packument_names_go_with_their_package() {
    let (upstream, nopar) = holding().await;
    let only = upstream.package("only").version("1.0.0", |v| v);
    only.version("1.1.0", |v| v);
    nopar.get("/only").await.expect(200);
    for version in ["1.0.0", "1.1.0"] {
        nopar.get(&usual_path("only", version)).await.expect(200);
    }
    upstream.package("only").without_version("1.0.0");
    nopar.request("/only").header("Cache-Control", "no-cache").send().await.expect(200);
    nopar.idle().await;
    let name = "only".parse().expect("a name");
    nopar.listing(|all| all.find(&name).is_some_and(|only| only.held_versions.len() == 2)).await;
    removed(purge(&nopar, "/only").send().await, 3);
}

/// That something was not there is forgotten.
#[tokio::test]
async fn what_was_not_there_is_asked_for_again() {
    let (upstream, nopar) = holding().await;
    refusal(&nopar.get("/new").await, &[404], "not there yet");
    upstream.package("new").version("1.0.0", |v| v);
    refusal(&nopar.get("/new").await, &[404], "remembered");
    removed(purge(&nopar, "/new").send().await, 0);
    nopar.get("/new").await.expect(200);
}

/// What is published here is no copy: it stays, and so does what was published and unpublished.
#[tokio::test]
async fn what_is_published_here_is_not_purged() {
    let (_upstream, nopar) = holding().await;
    Publish::of("own", "1.0.0").succeed(nopar.addr()).await;
    let files = nopar.registry_files();
    for path in ["/own", "/own/1.0.0", "/own/latest", "/own/-/own-1.0.0.tgz"] {
        let answer = purge(&nopar, path).send().await;
        let error = refusal(&answer, &[409], path);
        assert!(
            error.contains("own is published here") && error.contains("npm unpublish"),
            "{error}"
        );
        assert_eq!(answer.json()["reason"], "hosted");
    }
    assert_eq!(nopar.registry_files(), files);
    nopar.get("/own/-/own-1.0.0.tgz").await.expect(200);
}

/// A dist-tag is no version: which one was meant might be another by now.
#[tokio::test]
async fn a_dist_tag_is_told_to_be_no_version() {
    let (_upstream, nopar) = holding().await;
    let files = entries(&nopar);
    let answer = purge(&nopar, "/a/latest").send().await;
    let error = refusal(&answer, &[400], "latest");
    assert!(error.contains("latest is no version"), "{error}");
    for path in ["/", "/-/ping", "/-/package/a", "/-/package/a/dist-tags", "/a/-rev/1"] {
        let answer = purge(&nopar, path).send().await;
        assert_eq!(answer.status, 405, "{path}");
        assert!(answer.header("allow").is_some_and(|allow| !allow.contains("PURGE")), "{path}");
    }
    assert_eq!(entries(&nopar), files);
}

/// Nobody else but who may administer, and no page of another site.
#[tokio::test]
async fn who_may_not_purges_nothing() {
    let (upstream, nopar) = holding_at("127.0.0.1:5984").await;
    let files = entries(&nopar);
    for (name, value, status) in [
        ("Authorization", "Bearer npm_nobodys", 401),
        ("Authorization", "Basic bm8=", 401),
        ("Origin", "http://other.example", 403),
        ("Sec-Fetch-Site", "cross-site", 403),
    ] {
        for path in ["/a", "/a/1.0.0", "/a/-/a-1.0.0.tgz"] {
            let answer = purge(&nopar, path).header(name, value).send().await;
            refusal(&answer, &[status], &format!("{path} {name}: {value}"));
        }
    }
    // No page gets as far as to ask.
    let question = nopar.request("/a").method("OPTIONS").header("Origin", "http://other.example");
    let answer = question.header("Access-Control-Request-Method", "PURGE").send().await;
    assert_eq!(answer.header("access-control-allow-methods"), None);
    assert_eq!(entries(&nopar), files);
    let far = TestNopar::with(&upstream).start().await;
    far.get("/a").await.expect(200);
    // In the open mode, who sits at the machine may; who comes by a proxy sits elsewhere.
    let answer = purge(&far, "/a").header("X-Forwarded-For", "192.0.2.1").send().await;
    refusal(&answer, &[403], "by a proxy");
    removed(purge(&far, "/a").send().await, 1);
}

/// Who downloads meanwhile gets the whole of what was begun, from the file that is gone by then; who comes after that has it
/// fetched anew.
#[tokio::test]
async fn a_tarball_that_is_being_sent_is_sent_to_its_end() {
    let upstream = FakeUpstream::start().await;
    upstream.package("a").version("1.0.0", |v| v.tarball_size(24_000_000));
    let nopar = TestNopar::with(&upstream).start().await;
    nopar.get("/a").await.expect(200);
    let path = usual_path("a", "1.0.0");
    nopar.get(&path).await.expect(200);
    nopar.idle().await;
    // Their sockets take a part of it.
    let mut clients = Vec::new();
    for _ in 0..8 {
        let mut client = Connection::open(nopar.addr()).await.expect("a connection");
        client.send(&Request::get(nopar.addr(), &path)).await.expect("a request on its way");
        assert_eq!(client.receive_head().await.expect("a head").status, 200);
        clients.push(client);
    }
    removed(purge(&nopar, &path).send().await, 1);
    eventually(&nopar, "the end of its file", || entries(&nopar).len() == 1).await;
    upstream.clear();
    for mut client in clients {
        let body = client.receive_body(usize::MAX).await.expect("a whole body");
        assert!(body == upstream.tarball("a", "1.0.0"), "{} bytes", body.len());
    }
    assert_eq!(upstream.count_all(), 0);
    assert_eq!(cached(&nopar, &path).await, "miss");
}

/// A crowd asks while things are purged again and again: each gets what it asked for, and nothing of before is left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_is_served_while_things_are_purged() {
    let upstream = FakeUpstream::start().await;
    upstream.package("a").version("1.0.0", |v| v.tarball_size(300_000));
    let nopar = TestNopar::with(&upstream).start().await;
    let tarball = usual_path("a", "1.0.0");
    for round in 1..=20 {
        upstream.package("a").version(&format!("1.{round}.0"), |v| v);
        let (packuments, tarballs, purged) = tokio::join!(
            get_many(nopar.addr(), 8, "/a"),
            get_many(nopar.addr(), 8, &tarball),
            async {
                let mut all = Vec::new();
                for path in ["/a", tarball.as_str(), "/a/1.0.0"] {
                    all.push(purge(&nopar, path).send().await);
                }
                all
            }
        );
        for answer in packuments {
            let packument: Value = answer.expect(200).json();
            assert!(packument["versions"]["1.0.0"].is_object(), "{packument}");
        }
        for answer in tarballs {
            let answer = answer.expect(200);
            assert!(answer.complete && answer.body == upstream.tarball("a", "1.0.0"));
        }
        purged.into_iter().for_each(|answer| drop(answer.expect(200)));
        nopar.idle().await;
        purge(&nopar, "/a").send().await.expect(200);
        let packument = nopar.get("/a").await.expect(200).json();
        assert_eq!(packument["dist-tags"]["latest"], format!("1.{round}.0"));
    }
}
