//! What clients read of a package, by the links of its page, for who is signed in.
//! Knows nothing of how clients read it.

use super::browser::Browser;
use super::plain;
use crate::support::client::Response;
use crate::support::nopar::TestNopar;
use crate::support::publish::{Publish, path_of, send};
use crate::support::upstream::{FakeUpstream, usual_path};
use crate::users::{PASSWORD, get, log_in, page_of, user};

const RULES: &str =
    "[[rule]]\npackages = [\"@acme/*\", \"far\"]\nread = [\"ann\"]\ncreate = [\"ann\"]\n";

/// A NOPAR with packages that ann alone may read: one that is published here, and one of the upstream.
async fn private() -> (FakeUpstream, TestNopar, Publish) {
    let upstream = FakeUpstream::start().await;
    upstream.package("far").version("1.0.0", |v| v);
    upstream.package("open").version("1.0.0", |v| v);
    let nopar = TestNopar::with(&upstream).env("NOPAR_AUTH", "users").file(RULES).start().await;
    for name in ["ann", "bob"] {
        user(nopar.registry_path(), &format!("add {name}"), PASSWORD).await;
    }
    let ann = log_in(&nopar, "ann", PASSWORD).await;
    let publish = Publish::of("@acme/ui", "1.0.0");
    let put = send(nopar.addr(), "PUT", &path_of("@acme/ui"), &publish.document());
    put.header("Authorization", &ann).send().await.expect(201);
    for path in ["/far", &usual_path("far", "1.0.0"), "/open"] {
        get(&nopar, path, &ann).await.expect(200);
    }
    nopar.idle().await;
    (upstream, nopar, publish)
}

/// Where the links of a page lead.
fn linked(page: &str) -> [String; 3] {
    ["Manifest (JSON)", "Document (JSON)", "Tarball"].map(|words| {
        let (before, _) = page.split_once(&format!("\">{words}</a>")).expect("a link");
        before.rsplit("href=\"").next().expect("its place").to_owned()
    })
}

#[track_caller]
fn assert_sent(answer: &Response, content_type: &str, path: &str) {
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    assert_eq!(answer.header("content-type"), Some(content_type), "{path}");
    let control = answer.header("cache-control").expect("one");
    assert!(control.contains("no-store") && !control.contains("public"), "{path}: {control}");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
    let saved = content_type == "application/octet-stream";
    assert_eq!(answer.header("content-disposition"), saved.then_some("attachment"), "{path}");
}

#[tokio::test]
async fn who_is_signed_in_follows_the_links_of_a_private_package() {
    let (upstream, nopar, publish) = private().await;
    let (ann, bob) = (Browser::of(&nopar, "ann").await, Browser::of(&nopar, "bob").await);
    let nobody = Browser::at(nopar.addr());
    let asked = upstream.count_all();
    for name in ["@acme/ui", "far"] {
        let page = page_of(&ann.get(&format!("/-/package/{name}")).await, 200);
        let [manifest, document, tarball] = linked(&page);
        let answer = ann.get(&document).await;
        assert_sent(&answer, "application/json", &document);
        assert_eq!(answer.json()["name"], name);
        let answer = ann.get(&manifest).await;
        assert_sent(&answer, "application/json", &manifest);
        assert_eq!(answer.json()["version"], "1.0.0");
        // Once out of the store, or the cache, and once out of memory.
        for _ in 0..2 {
            let answer = ann.get(&tarball).await;
            assert_sent(&answer, "application/octet-stream", &tarball);
            if name == "@acme/ui" {
                assert!(answer.body == publish.bytes(), "{tarball}");
            }
        }
        let part = ann.request("GET", &tarball).header("Range", "bytes=0-3").send().await;
        assert_eq!((part.status, part.body.len()), (206, 4), "{tarball}");
        assert!(part.header("cache-control").expect("one").contains("no-store"));
        for path in [&manifest, &document, &tarball] {
            assert!(ann.request("HEAD", path).send().await.expect(200).body.is_empty(), "{path}");
            for other in [&bob, &nobody] {
                let hidden = other.get(path).await;
                page_of(&hidden, 404);
                let none = other.get(&path.replace("ui", "qq").replace("far", "hid")).await;
                page_of(&none, 404);
                let seen = plain(&hidden).replace("ui", "qq").replace("far", "hid");
                assert_eq!(seen, plain(&none).replace("ui", "qq").replace("far", "hid"), "{path}");
            }
        }
    }
    assert_eq!(upstream.count_all(), asked, "{:?}", upstream.requests());
}

/// What everybody may read has one place; and what is not held is not fetched by a page.
#[tokio::test]
async fn a_public_package_is_linked_to_where_clients_find_it() {
    let (upstream, nopar, _) = private().await;
    let nobody = Browser::at(nopar.addr());
    let page = page_of(&nobody.get("/-/package/open").await, 200);
    assert_eq!(linked(&page), ["/open/1.0.0", "/open", "/open/-/open-1.0.0.tgz"]);
    upstream.package("cold").version("1.0.0", |v| v);
    upstream.clear();
    for path in ["raw", "raw/1.0.0", "raw/-/cold-1.0.0.tgz"] {
        page_of(&nobody.get(&format!("/-/package/cold/{path}")).await, 404);
    }
    assert_eq!(upstream.count_all(), 0, "{:?}", upstream.requests());
}
