//! What is saved holds for the next request.
//! Knows nothing of what is on the disk afterwards.

use std::time::Duration;

use nopar::catalogue::Listing;

use super::*;
use crate::support::deadline::within;
use crate::support::proxy::FakeProxy;

/// From ready answers to those of another registry, and back to what is held of the first.
#[tokio::test]
async fn another_parent_registry_is_asked_by_the_next_request() {
    let (one, two) = (upstream("1.0.0").await, upstream("2.0.0").await);
    let nopar = TestNopar::with(&one).start().await;
    for _ in 0..3 {
        assert_eq!(latest(nopar.addr()).await, "1.0.0");
    }
    nopar.get("/lodash/-/lodash-1.0.0.tgz").await.expect(200);
    let asked = one.count_all();
    save(nopar.addr(), &[("upstream.url", &two.url())]).await;
    assert_eq!(latest(nopar.addr()).await, "2.0.0");
    nopar.get("/lodash/-/lodash-2.0.0.tgz").await.expect(200);
    nopar.get("/lodash/-/lodash-1.0.0.tgz").await.expect(404);
    assert_eq!(one.count_all(), asked, "it was asked again");
    save(nopar.addr(), &[("upstream.url", "")]).await;
    assert_eq!(latest(nopar.addr()).await, "1.0.0");
    assert_eq!(one.count_all(), asked, "what is held was fetched");
}

/// Any setting of the upstream emptied the lists, and what was asked for came back as asked for just now.
#[tokio::test]
async fn what_is_listed_stays_unless_another_registry_is_asked() {
    let (one, two) = (upstream("1.0.0").await, upstream("2.0.0").await);
    let nopar = TestNopar::with(&one).start().await;
    latest(nopar.addr()).await;
    latest(nopar.addr()).await;
    let names = |listing: &Listing| -> Vec<String> {
        listing.packages().iter().map(|held| held.name.to_string()).collect()
    };
    nopar.listing(|listing| listing.is_whole() && names(listing) == ["lodash"]).await;
    save(nopar.addr(), &[("upstream.user_agent", "ours/1")]).await;
    // The first that is made, and not one that comes to be right.
    let first = nopar.listing(|_| true).await;
    assert_eq!(names(&first), ["lodash"]);
    save(nopar.addr(), &[("upstream.url", &two.url())]).await;
    nopar.listing(|listing| listing.is_whole() && listing.is_empty()).await;
}

/// Searches and keys are of the registry that is set now, whatever is remembered of the one before.
#[tokio::test]
async fn nothing_is_remembered_of_the_registry_before() {
    let (one, two) = (upstream("1.0.0").await, upstream("2.0.0").await);
    for (upstream, keyid) in [(&one, "SHA256:one"), (&two, "SHA256:two")] {
        let keys = format!(r#"{{"keys":[{{"keyid":"{keyid}","key":"k"}}]}}"#);
        upstream.file("/-/npm/v1/keys", keys);
    }
    let nopar = TestNopar::with(&one).start().await;
    let keys = async || nopar.get("/-/npm/v1/keys").await.expect(200).text();
    assert!(keys().await.contains("SHA256:one"));
    nopar.get("/only-two").await.expect(404);
    two.package("only-two").version("1.0.0", |it| it);
    save(nopar.addr(), &[("upstream.url", &two.url())]).await;
    let now = keys().await;
    assert!(now.contains("SHA256:two") && !now.contains("SHA256:one"), "{now}");
    nopar.get("/only-two").await.expect(200);
}

#[tokio::test]
async fn forwarding_ends_and_begins_again() {
    let upstream = upstream("1.0.0").await;
    let nopar = TestNopar::with(&upstream).start().await;
    save(nopar.addr(), &[("upstream.auto_forward", "no")]).await;
    nopar.get("/lodash").await.expect(404);
    assert_eq!(upstream.count_all(), 0);
    save(nopar.addr(), &[("upstream.auto_forward", "")]).await;
    assert_eq!(latest(nopar.addr()).await, "1.0.0");
}

#[tokio::test]
async fn a_proxy_and_a_name_are_used_from_then_on() {
    let (upstream, proxy) = (upstream("1.0.0").await, FakeProxy::start().await);
    let nopar = TestNopar::with(&upstream).start().await;
    let values =
        [("upstream.proxy_url", proxy.url()), ("upstream.user_agent", "ours/1".to_owned())];
    save(nopar.addr(), &values.each_ref().map(|(key, value)| (*key, value.as_str()))).await;
    assert_eq!(latest(nopar.addr()).await, "1.0.0");
    assert_eq!(proxy.count_all(), 1);
    assert_eq!(upstream.requests()[0].header("user-agent"), Some("ours/1"));
}

/// Also for what was asked a moment ago, and is remembered by its text.
#[tokio::test]
async fn a_base_url_is_in_the_next_answer() {
    let upstream = upstream("1.0.0").await;
    let trusting = TestNopar::with(&upstream).env("NOPAR_TRUSTED_PROXIES", "127.0.0.1");
    // Who comes by a proxy may be anybody.
    let nopar = trusting.env("NOPAR_OPEN_ADMIN", "yes").start().await;
    let tarball = async |forwarded: bool| {
        let mut request = nopar.request("/lodash");
        if forwarded {
            request = request.header("X-Forwarded-Host", "front.example");
        }
        let document = request.send().await.expect(200).json();
        document["versions"]["1.0.0"]["dist"]["tarball"].as_str().expect("a URL").to_owned()
    };
    let own = format!("{}/lodash/-/lodash-1.0.0.tgz", nopar.url());
    for _ in 0..3 {
        assert_eq!(tarball(false).await, own);
        assert_eq!(tarball(true).await, "http://front.example/lodash/-/lodash-1.0.0.tgz");
    }
    let elsewhere = [("server.base_url", "https://npm.example"), ("other_address", "yes")];
    save(nopar.addr(), &elsewhere).await;
    for forwarded in [false, true] {
        let expected = "https://npm.example/lodash/-/lodash-1.0.0.tgz";
        assert_eq!(tarball(forwarded).await, expected);
    }
    save(nopar.addr(), &[("server.base_url", "")]).await;
    assert_eq!(tarball(false).await, own);
    assert_eq!(tarball(true).await, "http://front.example/lodash/-/lodash-1.0.0.tgz");
}

#[tokio::test]
async fn what_is_fetched_then_is_fresh_for_as_long_as_is_set_then() {
    let upstream = upstream("1.0.0").await;
    let nopar =
        TestNopar::with(&upstream).env("NOPAR_STALE_TTL", "0").stopped_clock().start().await;
    save(nopar.addr(), &[("cache.meta_ttl", "1h")]).await;
    latest(nopar.addr()).await;
    nopar.advance(Duration::from_secs(3599));
    latest(nopar.addr()).await;
    assert_eq!(upstream.count("/lodash"), 1);
    nopar.advance(Duration::from_secs(2));
    latest(nopar.addr()).await;
    assert_eq!(upstream.count("/lodash"), 2);
}

/// A token of one registry must not be shown to whichever is set in its place.
#[tokio::test]
async fn a_token_is_not_shown_to_another_registry() {
    let (one, two) = (upstream("1.0.0").await, upstream("2.0.0").await);
    let nopar = TestNopar::with(&one).env("NOPAR_FORWARDER_TOKEN", "npm_tokentoken").start().await;
    latest(nopar.addr()).await;
    assert_eq!(one.requests()[0].header("authorization"), Some("Bearer npm_tokentoken"));
    save(nopar.addr(), &[("upstream.url", &two.url())]).await;
    assert_eq!(latest(nopar.addr()).await, "2.0.0");
    assert_eq!(two.requests()[0].header("authorization"), None);
    let text = page(nopar.addr()).await;
    assert!(text.contains("is shown no token") && !text.contains("npm_tokentoken"), "{text}");
}

/// Nor to a proxy on the way that was set.
#[tokio::test]
async fn a_token_is_not_shown_to_a_proxy_that_was_saved() {
    let (upstream, proxy) = (upstream("1.0.0").await, FakeProxy::start().await);
    let nopar = TestNopar::with(&upstream).env("NOPAR_FORWARDER_TOKEN", "npm_tokentoken");
    let nopar = nopar.start().await;
    save(nopar.addr(), &[("upstream.proxy_url", &proxy.url())]).await;
    assert_eq!(latest(nopar.addr()).await, "1.0.0");
    assert_eq!((proxy.count_all(), upstream.requests()[0].header("authorization")), (1, None));
    let text = page(nopar.addr()).await;
    assert!(text.contains("is shown no token: the proxy on the way"), "{text}");
    save(nopar.addr(), &[("upstream.proxy_url", "")]).await;
    nopar.request("/lodash").header("Cache-Control", "no-cache").send().await.expect(200);
    assert!(upstream.requests()[1].header("authorization").is_some());
}

/// Who waits for the registry before is not given what another one says under its name.
#[tokio::test]
async fn what_was_on_its_way_is_kept_as_what_the_one_before_said() {
    let (one, two) = (upstream("1.0.0").await, upstream("2.0.0").await);
    let nopar = TestNopar::with(&one).start().await;
    let held = one.hold("/lodash");
    let first = tokio::spawn(nopar.get("/lodash"));
    held.arrived(1).await;
    save(nopar.addr(), &[("upstream.url", &two.url())]).await;
    assert_eq!(latest(nopar.addr()).await, "2.0.0");
    held.release();
    let first = first.await.expect("an answer").expect(200).json();
    assert_eq!(first["dist-tags"]["latest"], "1.0.0");
    assert_eq!(latest(nopar.addr()).await, "2.0.0");
    save(nopar.addr(), &[("upstream.url", "")]).await;
    assert_eq!(latest(nopar.addr()).await, "1.0.0");
    assert_eq!(one.count("/lodash"), 1);
}

/// Its turn to ask comes when there is another registry, whose answer must not be kept under the name of the one before.
#[tokio::test]
async fn who_still_waits_to_ask_the_one_before_is_told_to_ask_again() {
    let (one, two) = (upstream("1.0.0").await, upstream("2.0.0").await);
    let nopar = TestNopar::with(&one).env("NOPAR_META_TTL", "0").env("NOPAR_STALE_IF_ERROR", "0");
    let nopar = nopar.start().await;
    let held = one.hold("/lodash");
    let first = tokio::spawn(nopar.get("/lodash"));
    held.arrived(1).await;
    // Wants more than the first one is told, so it asks for itself once that is done.
    let second = nopar.request("/lodash").header("Cache-Control", "no-cache");
    let second = tokio::spawn(second.send());
    nopar.going_on(2).await;
    save(nopar.addr(), &[("upstream.url", &two.url())]).await;
    held.release();
    first.await.expect("an answer").expect(200);
    let second = second.await.expect("an answer").expect(503);
    assert_eq!(second.json()["reason"], "upstream_replaced");
    assert_eq!(latest(nopar.addr()).await, "2.0.0");
    assert_eq!(one.count("/lodash"), 1);
}

/// Once what is held has been looked at.
#[tokio::test]
async fn lists_are_of_the_registry_that_is_set() {
    let (one, two) = (upstream("1.0.0").await, upstream("2.0.0").await);
    let nopar = TestNopar::with(&one).start().await;
    let listed = async |is_listed: bool| {
        let look = async {
            loop {
                let list = nopar.request("/-/packages/proxied").header("Accept", "text/html");
                if list.send().await.expect(200).text().contains("/-/package/lodash") == is_listed {
                    return;
                }
                tokio::task::yield_now().await;
            }
        };
        within(format!("lodash to be listed: {is_listed}"), look).await;
    };
    latest(nopar.addr()).await;
    listed(true).await;
    save(nopar.addr(), &[("upstream.url", &two.url())]).await;
    listed(false).await;
    latest(nopar.addr()).await;
    listed(true).await;
    save(nopar.addr(), &[("upstream.url", "")]).await;
    listed(true).await;
}
