//! The lists of packages: what is in them, for whom, and in which order.
//! Knows nothing of how packages come to be there.

use std::time::Duration;

use nopar::catalogue::Listing;
use serde_json::json;
use tokio::task::JoinSet;

use super::{BROWSER, assert_page, page, page_with, plain};
use crate::access::{login, of};
use crate::support::client::Request;
use crate::support::nopar::TestNopar;
use crate::support::publish::Publish;
use crate::support::upstream::FakeUpstream;

/// The names on a page, in their order.
fn names(page: &str) -> Vec<String> {
    let rows = page.split("<th scope=\"row\"><a href=\"/-/package/").skip(1);
    rows.map(|row| row.split('"').next().unwrap_or_default().to_owned()).collect()
}

async fn listed(nopar: &TestNopar, path: &str) -> Vec<String> {
    names(&page(nopar, path).await.expect(200).text())
}

#[tokio::test]
async fn own_packages_and_copies_are_told_apart_and_found() {
    let upstream = FakeUpstream::start().await;
    let describe = |text: &'static str| json!(text);
    upstream.package("far-left").version("2.0.0", |v| v.field("description", describe("Pads far")));
    let nopar = TestNopar::with(&upstream).start().await;
    let ui = Publish::of("@acme/ui", "1.2.3").field("description", json!("Buttons to pad with"));
    ui.succeed(nopar.addr()).await;
    Publish::of("zeta", "0.1.0").succeed(nopar.addr()).await;
    nopar.get("/far-left").await.expect(200);
    nopar.get("/far-left/-/far-left-2.0.0.tgz").await.expect(200);
    let all = page_with(&nopar, "/-/packages/all", "1 of 1").await;
    assert_eq!(names(&all), ["@acme/ui", "far-left", "zeta"]);
    for part in [
        "@acme/ui</a> <span class=\"tag tag-local\">local</span><span class=\"about\">Buttons to pad with",
        "far-left</a> <span class=\"tag tag-proxied\">proxied</span><span class=\"about\">Pads far",
        "<td data-name=\"Latest\">1.2.3</td>",
        "<td data-name=\"Latest\">2.0.0</td>",
        "<caption>3 packages</caption>",
        "All <span class=\"muted\">3</span>",
        "Local <span class=\"muted\">2</span>",
        "Proxied <span class=\"muted\">1</span>",
        "aria-sort=\"ascending\"",
    ] {
        assert!(all.contains(part), "{part}: {all}");
    }
    for (path, expected) in [
        ("/-/packages/local", &["@acme/ui", "zeta"][..]),
        ("/-/packages/proxied", &["far-left"]),
        ("/-/packages/all?q=pad", &["@acme/ui", "far-left"]),
        ("/-/packages/all?q=LEFT", &["far-left"]),
        ("/-/packages/local?q=left", &[]),
        ("/-/packages/all?q=nothing-like-it", &[]),
        ("/-/packages/all?sort=size", &["far-left", "@acme/ui", "zeta"]),
        ("/-/packages/all?q=pad&sort=name", &["@acme/ui", "far-left"]),
    ] {
        assert_eq!(listed(&nopar, path).await, expected, "{path}");
    }
    // A name that is not found may be one that can be fetched; what is published here is not fetched.
    let leads = "<a href=\"/-/package/@a/gone\">look at its page</a>";
    for (which, is_name, leads_there) in [
        ("all", true, true),
        ("proxied", true, true),
        ("local", true, false),
        ("all", false, false),
    ] {
        let text = if is_name { "@a/gone" } else { "a%20gone" };
        let found = page(&nopar, &format!("/-/packages/{which}?q={text}")).await.expect(200).text();
        assert_eq!(found.contains(leads), leads_there, "{which} {text}: {found}");
    }
    // A name that becomes this registry's own is no copy any more.
    assert_eq!(upstream.count("/far-left"), 1);
}

/// What is held comes first, then what there is; of own packages all is held.
#[tokio::test]
async fn lists_are_sorted_by_what_is_held_and_by_what_was_asked_for_last() {
    let upstream = FakeUpstream::start().await;
    let mut many = upstream.package("many");
    for minor in 0..9 {
        many = many.version(&format!("1.{minor}.0"), |version| version);
    }
    for name in ["one", "two"] {
        let package = upstream.package(name);
        package.version("1.0.0", |version| version).version("2.0.0", |version| version);
    }
    let nopar = TestNopar::with(&upstream).start().await;
    for version in ["1.0.0", "1.1.0", "1.2.0"] {
        Publish::of("own", version).succeed(nopar.addr()).await;
    }
    let ask = async |paths: &[&str]| {
        for path in paths {
            nopar.get(path).await.expect(200);
        }
        nopar.advance(Duration::from_secs(60));
    };
    ask(&["/two", "/two/-/two-1.0.0.tgz", "/two/-/two-2.0.0.tgz"]).await;
    ask(&["/many"]).await;
    ask(&["/one", "/one/-/one-1.0.0.tgz"]).await;
    ask(&["/own"]).await;
    let held = |listing: &Listing| {
        listing.packages().iter().map(|held| held.held_versions.len()).collect::<Vec<_>>()
    };
    nopar.listing(|listing| held(listing) == [0, 1, 2]).await;
    for (sort, expected) in
        [("versions", ["own", "two", "one", "many"]), ("asked", ["own", "one", "many", "two"])]
    {
        assert_eq!(
            listed(&nopar, &format!("/-/packages/all?sort={sort}")).await,
            expected,
            "{sort}"
        );
    }
}

/// The list that a browser is sent to is without what was discarded, and has what was fetched.
#[tokio::test]
async fn what_somebody_did_is_on_the_next_list() {
    let upstream = FakeUpstream::start().await;
    for name in ["left", "right"] {
        upstream.package(name).version("1.0.0", |version| version);
    }
    let nopar = TestNopar::with(&upstream).start().await;
    nopar.get("/left").await.expect(200);
    page_with(&nopar, "/-/packages/proxied", "/-/package/left").await;
    let done = async |path: &str| {
        nopar.request(path).method("POST").send().await.expect(200);
        listed(&nopar, "/-/packages/proxied").await
    };
    assert_eq!(done("/-/package/right/refresh").await, ["left", "right"]);
    assert_eq!(done("/-/package/left/delete").await, ["right"]);
    assert_eq!(done("/-/package/right/delete").await, [""; 0]);
}

#[tokio::test]
async fn odd_questions_have_a_page_as_well() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).start().await;
    Publish::of("a", "1.0.0").succeed(nopar.addr()).await;
    for (query, status) in [
        ("page=0", 200),
        ("page=-1&sort=", 200),
        ("page=999999999999999999999999&sort=colour", 200),
        ("q=&q=b&page=2", 200),
        ("q=%ff%00%0a", 200),
        ("q=scope:&sort=versions", 200),
        ("&&&==", 200),
        (&format!("q={}", "x".repeat(1025)), 400),
        (&format!("q={}", (0..70).map(|n| format!("w{n}+")).collect::<String>()), 400),
    ] {
        for which in ["all", "local", "proxied"] {
            let path = format!("/-/packages/{which}?{query}");
            assert_page(&page(&nopar, &path).await, status, &path);
        }
    }
    assert_page(&page(&nopar, "/-/packages/some").await, 404, "some");
    let long = format!("/-/packages/all?q={}", "x".repeat(3000));
    assert_page(&page(&nopar, &long).await, 400, "long");
}

#[tokio::test]
async fn lists_are_read_in_pages_of_fifty() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).env("NOPAR_LOCAL_PACKAGES", "p-*").start().await;
    let mut publishing = JoinSet::new();
    for number in 0..101 {
        publishing.spawn(Publish::of(&format!("p-{number:03}"), "1.0.0").succeed(nopar.addr()));
    }
    publishing.join_all().await;
    let first = page(&nopar, "/-/packages/all").await.expect(200).text();
    assert_eq!((names(&first).len(), names(&first)[49].as_str()), (50, "p-049"));
    assert!(first.contains("Page 1 of 3") && !first.contains("rel=\"prev\""));
    assert!(first.contains("rel=\"next\" href=\"/-/packages/all?page=2\""));
    let second = page(&nopar, "/-/packages/local?q=p&page=2").await.expect(200).text();
    assert!(second.contains("href=\"/-/packages/local?q=p&#38;page=3\""), "{second}");
    assert!(second.contains("rel=\"prev\" href=\"/-/packages/local?q=p\""), "{second}");
    for path in ["/-/packages/all?page=3", "/-/packages/all?page=77"] {
        assert_eq!(listed(&nopar, path).await, ["p-100"], "{path}");
    }
}

/// What packages say of themselves, and what is searched for, is text.
#[tokio::test]
async fn what_others_say_is_text_on_lists() {
    const EVIL: &str = "\"><script>alert('1')</script><img src=x onerror=alert(1)>";
    let upstream = FakeUpstream::start().await;
    upstream.package("far").version("1.0.0", |v| v.field("description", json!(EVIL)));
    let nopar = TestNopar::with(&upstream).start().await;
    Publish::of("near", "1.0.0").field("description", json!(EVIL)).succeed(nopar.addr()).await;
    nopar.get("/far").await.expect(200);
    page_with(&nopar, "/-/packages/all", "/-/package/far").await;
    let searched = "/-/packages/all?q=%22%3E%3Cscript%3Ealert('1')%3C/script%3E&sort=%22%3E%3Cb%3E";
    for path in ["/-/packages/all", "/", searched] {
        let answer = page(&nopar, path).await;
        assert_page(&answer, 200, path);
        let text = answer.text();
        assert!(!text.contains("<script>") && !text.contains("<img"), "{path}: {text}");
        assert!(path == "/" || text.contains("&#60;script&#62;alert"), "{path}: {text}");
    }
}

/// Who may not read a package sees it nowhere: a token is for clients, and makes nobody of a browser.
#[tokio::test]
async fn hidden_packages_are_on_no_page() {
    let rules =
        "[[rule]]\npackages = [\"@acme/*\", \"hidden-*\"]\nread = [\"ann\"]\ncreate = [\"ann\"]\n";
    let upstream = FakeUpstream::start().await;
    upstream.package("hidden-far").version("1.0.0", |version| version);
    let nopar = crate::access::with_users_before(&upstream, rules, &[]).await;
    let addr = nopar.addr();
    let ann = login(addr, "ann").await;
    for name in ["@acme/secret", "open"] {
        let publishing = Publish::of(name, "1.0.0").to(addr);
        of(publishing, Some(&ann)).send().await.expect(201);
    }
    of(Request::get(addr, "/hidden-far"), Some(&ann)).send().await.expect(200);
    page_with(&nopar, "/-/packages/all", "/-/package/open").await;
    for path in [
        "/",
        "/-/packages/all",
        "/-/packages/local",
        "/-/packages/proxied",
        "/-/packages/all?q=secret",
        "/-/packages/all?q=far&sort=size",
    ] {
        for shown in [None, Some(ann.as_str())] {
            let request = nopar.request(path).header("Accept", BROWSER);
            let text = of(request, shown).send().await.expect(200).text();
            let text = text
                .replace("value=\"secret\"", "")
                .replace("“secret”", "")
                .replace("q=secret", "")
                // As of any name that is searched for and not found.
                .replace("\"/-/package/secret\"", "");
            assert!(!text.contains("secret") && !text.contains("hidden-far"), "{path}: {text}");
        }
    }
    let (hidden, nowhere) = (
        page(&nopar, "/-/package/@acme/secret").await,
        page(&nopar, "/-/package/@acme/nobody").await,
    );
    assert_page(&hidden, 404, "hidden");
    assert_eq!(plain(&hidden).replace("secret", "nobody"), plain(&nowhere));
}
