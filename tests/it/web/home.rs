//! The first page.
//! Knows nothing of how numbers are counted.

use std::time::Duration;

use super::{BROWSER, PAGES, assert_page, page, page_with};
use crate::support::nopar::TestNopar;
use crate::support::publish::Publish;
use crate::support::upstream::FakeUpstream;

/// The most that it may take over the wire, with all that it names.
const MOST: usize = 50_000;

#[tokio::test]
async fn it_tells_how_clients_are_pointed_to_this_very_url() {
    let upstream = FakeUpstream::start().await;
    for (base, urls) in [
        (None, "http://npm.test:4873"),
        (Some("https://npm.example/npm"), "https://npm.example/npm"),
    ] {
        let mut starting = TestNopar::with(&upstream).host("npm.test:4873");
        if let Some(base) = base {
            starting = starting.env("NOPAR_BASE_URL", base);
        }
        let nopar = starting.start().await;
        let answer = page(&nopar, "/").await;
        assert_page(&answer, 200, "/");
        let text = answer.text();
        for part in [
            format!("npm config set registry {urls}/</pre>"),
            format!("pnpm config set registry {urls}/</pre>"),
            format!("yarn config set npmRegistryServer {urls}"),
            format!("registry = &#34;{urls}/&#34;</pre>"),
            format!("registry={urls}/</pre>"),
            "data-copy=\"c-npm\"".to_owned(),
        ] {
            assert!(text.contains(&part), "{part}: {text}");
        }
        assert_eq!(text.contains("unsafeHttpWhitelist"), base.is_none());
    }
    assert_eq!(upstream.count_all(), 0);
}

/// Own packages, copies, where they come from, and what was asked for.
#[tokio::test]
async fn it_tells_what_is_held_and_how_it_goes() {
    let upstream = FakeUpstream::start().await;
    upstream.package("far").version("1.0.0", |version| version.tarball_size(1000));
    let nopar = TestNopar::with(&upstream).env("NOPAR_LOCAL_PACKAGES", "@acme/*").start().await;
    Publish::of("@acme/ui", "1.2.3").succeed(nopar.addr()).await;
    let empty = page(&nopar, "/").await.expect(200).text();
    assert!(empty.contains("was not asked yet"), "{empty}");
    for path in ["/far", "/far/-/far-1.0.0.tgz", "/far", "/far/-/far-1.0.0.tgz"] {
        nopar.get(path).await.expect(200);
    }
    let text = page_with(&nopar, "/", "<b>2</b><span>packages</span>").await;
    for part in [
        "<b>1</b><span>local</span>",
        "<b>1</b><span>proxied</span>",
        "<a href=\"/-/package/@acme/ui\">@acme/ui</a> 1.2.3",
        "<dd>answers</dd>",
        "<dt>Not reached</dt><dd>never</dd>",
        "<dt>Errors</dt><dd>none</dd>",
        "<dt>Last contact</dt><dd><time datetime=\"20",
        "answers came within",
        "Requests in the last hour",
        &format!("<dd>{}</dd>", upstream.url().trim_end_matches('/')),
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[tokio::test]
async fn an_upstream_that_cannot_be_reached_is_told_of() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).start().await;
    upstream.stop().await;
    assert!(nopar.get("/far").await.status >= 500);
    let text = page(&nopar, "/").await.expect(200).text();
    assert!(text.contains("<b class=\"wrong\">cannot be reached"), "{text}");
    assert!(text.contains("<dt>Last contact</dt><dd>none yet</dd>"), "{text}");
}

/// An upstream that turned all requests away passed for one that is well.
#[tokio::test]
async fn an_upstream_that_answers_with_errors_does_not_do_well() {
    let upstream = FakeUpstream::start().await;
    upstream.package("far").version("1.0.0", |version| version);
    let nopar = TestNopar::with(&upstream).start().await;
    for (status, word) in [
        (500_u16, "copies are served"),
        (429, "it is asked too often"),
        (401, "it does not let this registry in"),
    ] {
        upstream.next("/far", status);
        nopar.forget_failures();
        nopar.advance(Duration::from_secs(60));
        nopar.get("/far").await;
        let text = page(&nopar, "/").await.expect(200).text();
        let state = format!("<b class=\"wrong\">answers with errors ({status}): {word}</b>");
        assert!(text.contains(&state), "{state}: {text}");
        assert!(text.contains("<dt>Not reached</dt><dd>never</dd>"), "{text}");
    }
    let text = page(&nopar, "/").await.text();
    assert!(text.contains("<dt>Errors</dt><dd>3, the last <time datetime="), "{text}");
    nopar.forget_failures();
    nopar.advance(Duration::from_secs(60));
    nopar.get("/far").await.expect(200);
    let text = page(&nopar, "/").await.text();
    assert!(text.contains("<dd>answers</dd>") && text.contains("<dd>3, the last"), "{text}");
}

/// Each upstream has its own numbers.
#[tokio::test]
async fn of_several_upstreams_each_has_its_own_latency() {
    let (usual, acme) = (FakeUpstream::start().await, FakeUpstream::start().await);
    usual.package("far").version("1.0.0", |version| version);
    let file = format!("[[upstream]]\npackages = [\"@acme/*\"]\nurl = \"{}\"\n", acme.url());
    let nopar = TestNopar::with(&usual).file(&file).start().await;
    nopar.get("/far").await.expect(200);
    nopar.get("/none").await.expect(404);
    let text = page(&nopar, "/").await.expect(200).text();
    let latencies = text.split("<dt>Latency</dt><dd>").skip(1);
    let latencies: Vec<&str> =
        latencies.map(|it| it.split(" answers").next().unwrap_or(it)).collect();
    assert_eq!(latencies.len(), 2, "{text}");
    assert_eq!(latencies[0], "half of 2");
    assert!(latencies[1].starts_with("nothing was asked yet"), "{}", latencies[1]);
}

/// 415 requests since the start stood beside 675 in the last hour, most of them for pages, and each look made more of them.
#[tokio::test]
async fn numbers_agree_and_looks_do_not_count() {
    let upstream = FakeUpstream::start().await;
    upstream.package("far").version("1.0.0", |version| version);
    let nopar = TestNopar::with(&upstream).start().await;
    Publish::of("@acme/ui", "1.2.3").succeed(nopar.addr()).await;
    for path in ["/far", "/far", "/-/ping"] {
        nopar.get(path).await.expect(200);
    }
    nopar.request("/favicon.ico").send().await;
    for path in ["/", "/-/packages/all", "/", "/-/package/far"] {
        page(&nopar, path).await.expect(200);
    }
    nopar.counted(9).await;
    // The publish, what was got, and the ping: one of them waited for the upstream.
    let text = page(&nopar, "/").await.expect(200).text();
    let told = "4 requests, 1 of them waited for an upstream, 0 failed;";
    for part in ["<b>4</b><span>requests</span>", told] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(text.matches(&format!("<p class=\"muted\">{told}")).count(), 2, "{text}");
}

/// Packages of this registry are asked for as well, by the ready answers and the usual way.
#[tokio::test]
async fn own_packages_are_among_those_that_are_asked_for() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).env("NOPAR_LOCAL_PACKAGES", "@acme/*").start().await;
    Publish::of("@acme/ui", "1.2.3").succeed(nopar.addr()).await;
    let before = page(&nopar, "/-/packages/local").await.expect(200).text();
    assert!(before.contains(">published just now<"), "{before}");
    nopar.advance(Duration::from_secs(60));
    for path in ["/@acme%2fui", "/@acme%2fui", "/@acme/ui/-/ui-1.2.3.tgz"] {
        nopar.get(path).await.expect(200);
    }
    let text = page(&nopar, "/").await.expect(200).text();
    let asked =
        "<a href=\"/-/package/@acme/ui\">@acme/ui</a> <span class=\"muted\">3 requests</span>";
    assert!(text.contains(asked), "{text}");
    // The next version goes on with that, and the time is that of the last of both.
    Publish::of("@acme/ui", "1.2.4").succeed(nopar.addr()).await;
    assert!(page(&nopar, "/").await.text().contains(asked));
    nopar.advance(Duration::from_secs(60));
    nopar.get("/@acme%2fui").await.expect(200);
    let list = page(&nopar, "/-/packages/local").await.expect(200).text();
    assert!(list.contains(">just now<") && !list.contains("published"), "{list}");
    assert!(list.contains("data-name=\"Size\">2.0 KiB<"), "{list}");
}

/// Whoever looks at pages causes no request to an upstream, by GET or HEAD, and what they look at is small.
#[tokio::test]
async fn pages_ask_no_upstream_and_are_small() {
    let upstream = FakeUpstream::start().await;
    upstream.package("far").version("1.0.0", |version| version);
    let nopar = TestNopar::with(&upstream).start().await;
    Publish::of("@acme/ui", "1.0.0").succeed(nopar.addr()).await;
    upstream.clear();
    for path in PAGES.into_iter().chain(["/-/package/far", "/-/package/far/files/1.0.0"]) {
        for method in ["GET", "HEAD"] {
            let asking = nopar.request(path).method(method).header("Accept", BROWSER);
            let answer = asking.send().await;
            assert_eq!(answer.status, if path.contains("/far") { 404 } else { 200 }, "{path}");
            assert!(answer.raw_len <= MOST, "{path}: {}", answer.raw_len);
        }
    }
    for path in PAGES {
        assert_page(&page(&nopar, path).await, 200, path);
    }
    assert_eq!(upstream.count_all(), 0, "{:?}", upstream.requests());
}

/// Other sites' pages read what clients read of the root, and not how this registry does.
#[tokio::test]
async fn pages_of_other_sites_read_no_page() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).env("NOPAR_CORS_ORIGINS", "*").start().await;
    for path in PAGES {
        let asking =
            nopar.request(path).header("Accept", BROWSER).header("Origin", "http://a.test");
        let answer = asking.send().await;
        if answer.status == 200 {
            assert_eq!(answer.header("access-control-allow-origin"), None, "{path}");
        }
    }
}
