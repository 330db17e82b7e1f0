//! Packages are refreshed, deleted, and their copies discarded by pages, which ask once more.
//! Knows nothing of what endpoints say to programs.

mod open;

use serde_json::Value;

use super::browser::{Browser, sent_to};
use crate::support::client::Request;
use crate::support::nopar::TestNopar;
use crate::support::publish::{Publish, path_of, refusal};
use crate::support::upstream::FakeUpstream;
use crate::users::{App, PASSWORD, enabled, get, log_in, page_of, user, with_users};

const OWN: &str = "/-/package/own/delete";

/// Publishes a version of a package as ann.
async fn published(nopar: &TestNopar, name: &str) {
    let ann = log_in(nopar, "ann", PASSWORD).await;
    let document = Publish::of(name, "1.0.0").document();
    let put = crate::support::publish::send(nopar.addr(), "PUT", &path_of(name), &document);
    put.header("Authorization", ann).send().await.expect(201);
}

/// Whether a package is there, for programs.
async fn is_there(nopar: &TestNopar, name: &str) -> bool {
    nopar.get(&path_of(name)).await.status == 200
}

#[tokio::test]
async fn a_package_is_deleted_by_who_types_its_name() {
    let (upstream, nopar) = with_users().await;
    published(&nopar, "own").await;
    let asked = upstream.count_all();
    let mut ann = Browser::of(&nopar, "ann").await;
    let text = page_of(&ann.get(OWN).await, 200);
    assert!(text.contains("Delete own?") && text.contains("the only copy"), "{text}");
    assert!(is_there(&nopar, "own").await, "to ask deletes nothing");
    for name in ["", "Own", "other"] {
        let text = page_of(&ann.post(OWN, &[("name", name)]).await, 400);
        assert!(text.contains("this is not own: type its name"), "{text}");
    }
    assert!(is_there(&nopar, "own").await);
    let answer = ann.post(OWN, &[("name", "own")]).await;
    assert_eq!(sent_to(&answer), "/-/packages/local?done=deleted");
    assert!(!is_there(&nopar, "own").await);
    let text = page_of(&ann.get("/-/packages/local?done=deleted").await, 200);
    assert!(text.contains("The package is deleted."), "{text}");
    let gone = page_of(&ann.get(OWN).await, 404);
    assert!(gone.contains("No package of this name is held here"), "{gone}");
    // The name stays this registry's own, and no page has asked anybody for it.
    assert_eq!(upstream.count_all(), asked, "{:?}", upstream.requests());
}

#[tokio::test]
async fn who_may_not_is_shown_no_button_and_refused() {
    let (_upstream, nopar) = with_users().await;
    published(&nopar, "own").await;
    let mut bob = Browser::of(&nopar, "bob").await;
    let text = page_of(&bob.get(OWN).await, 403);
    assert!(
        text.contains("bob may not unpublish own") && !text.contains("method=\"post\""),
        "{text}"
    );
    let csrf = bob.csrf("/-/account").await;
    page_of(&bob.post_with(OWN, &csrf, &[("name", "own")]).await, 403);
    // Who is nobody is asked to sign in, and comes back.
    let nobody = Browser::at(nopar.addr());
    assert_eq!(sent_to(&nobody.get(OWN).await), "/-/login?back=%2F-%2Fpackage%2Fown%2Fdelete");
    let csrf = nobody.csrf("/-/login").await;
    page_of(&nobody.posting(OWN, &[("csrf", &csrf), ("name", "own")]).send().await, 401);
    assert!(is_there(&nopar, "own").await);
}

#[tokio::test]
async fn a_form_of_another_page_or_site_does_nothing() {
    let (_upstream, nopar) = with_users().await;
    published(&nopar, "own").await;
    let (ann, bob) = (Browser::of(&nopar, "ann").await, Browser::of(&nopar, "bob").await);
    let own = ann.csrf(OWN).await;
    for csrf in ["", "abc", &bob.csrf("/-/account").await] {
        let answer = ann.posting(OWN, &[("csrf", csrf), ("name", "own")]).send().await;
        assert!(page_of(&answer, 403).contains("load its page again"));
    }
    for (name, value) in [("Origin", "http://other.example"), ("Sec-Fetch-Site", "cross-site")] {
        let post = ann.request("POST", OWN).header(name, value);
        post.body(format!("csrf={own}&name=own")).send().await.expect(403);
    }
    // Without a session, the form of one is of no use.
    let nobody = Browser::at(nopar.addr());
    page_of(&nobody.posting(OWN, &[("csrf", &own), ("name", "own")]).send().await, 403);
    assert!(is_there(&nopar, "own").await);
}

#[tokio::test]
async fn with_a_second_factor_for_writes_a_code_is_asked_for() {
    let (_upstream, nopar) = with_users().await;
    published(&nopar, "own").await;
    let mut ann = Browser::of(&nopar, "ann").await;
    let (mut app, _, _): (App, _, _) = enabled(&nopar, "auth-and-writes").await;
    assert!(page_of(&ann.get(OWN).await, 200).contains("name=\"code\""));
    for code in ["", "000000x"] {
        let answer = ann.post(OWN, &[("name", "own"), ("code", code)]).await;
        assert!(page_of(&answer, 401).contains("id=\"confirm-code-wrong\""));
    }
    assert!(is_there(&nopar, "own").await);
    let code = app.next(&nopar);
    ann.post(OWN, &[("name", "own"), ("code", &code)]).await.expect(303);
    assert!(!is_there(&nopar, "own").await);
}

#[tokio::test]
async fn a_copy_is_refreshed_and_discarded_by_whom_the_rules_let() {
    let upstream = FakeUpstream::start().await;
    upstream.package("lodash").version("1.0.0", |v| v);
    let rules = "[[rule]]\npackages = [\"*\"]\npublish = [\"ann\"]\nunpublish = [\"ann\"]\n";
    let nopar = TestNopar::with(&upstream).env("NOPAR_AUTH", "users").file(rules).start().await;
    for name in ["ann", "bob"] {
        user(nopar.registry_path(), &format!("add {name}"), PASSWORD).await;
    }
    nopar.get("/lodash").await.expect(200);
    let (mut ann, bob) = (Browser::of(&nopar, "ann").await, Browser::of(&nopar, "bob").await);
    let [refresh, delete] = ["refresh", "delete"].map(|what| format!("/-/package/lodash/{what}"));
    for path in [&refresh, &delete] {
        page_of(&bob.get(path).await, 403);
    }
    // Nobody is offered what they would be refused.
    for (browser, is_offered) in [(&ann, true), (&bob, false)] {
        let text = page_of(&browser.get("/-/package/lodash").await, 200);
        for path in [&refresh, &delete] {
            assert_eq!(text.contains(&format!("href=\"{path}\"")), is_offered, "{path}: {text}");
        }
        assert!(!text.contains("/-/settings"), "none of them administers: {text}");
    }
    let asked = upstream.count_all();
    assert!(page_of(&ann.get(&refresh).await, 200).contains("Refresh the copy of lodash?"));
    assert_eq!(upstream.count_all(), asked, "a page asks nobody");
    let answer = ann.post(&refresh, &[]).await;
    assert_eq!(sent_to(&answer), "/-/package/lodash?done=refreshed");
    assert_eq!(upstream.count_all(), asked + 1);
    assert!(page_of(&ann.get(&delete).await, 200).contains("Discard the copy of lodash?"));
    let answer = ann.post(&delete, &[]).await;
    assert_eq!(sent_to(&answer), "/-/packages/proxied?done=dropped");
    // Now there is none, and what is not held is not offered to be discarded.
    let csrf = ann.csrf("/-/account").await;
    for none in [&delete, "/-/package/nothing-of-this-name/delete"] {
        for answer in [ann.get(none).await, ann.post_with(none, &csrf, &[]).await] {
            let text = page_of(&answer, 404);
            assert!(text.contains("No package of this name is held here"), "{text}");
            assert!(!text.contains("method=\"post\""), "{text}");
        }
    }
    assert_eq!(upstream.count_all(), asked + 1);
    // What the upstream refuses is told on the page.
    let none = "/-/package/nothing-of-this-name/refresh";
    let text = page_of(&ann.post(none, &[]).await, 404);
    assert!(text.contains("role=\"alert\""), "{text}");
}

#[tokio::test]
async fn what_is_this_registry_s_own_is_not_refreshed_and_what_is_hidden_is_not_there() {
    let upstream = FakeUpstream::start().await;
    let rules = "[[rule]]\npackages = [\"@acme/*\"]\nread = [\"ann\"]\n";
    let nopar = TestNopar::with(&upstream).env("NOPAR_AUTH", "users").file(rules).start().await;
    for name in ["ann", "bob"] {
        user(nopar.registry_path(), &format!("add {name}"), PASSWORD).await;
    }
    published(&nopar, "@acme/ui").await;
    let (ann, bob) = (Browser::of(&nopar, "ann").await, Browser::of(&nopar, "bob").await);
    let text = page_of(&ann.get("/-/package/@acme/ui/refresh").await, 409);
    assert!(text.contains("there is nothing to refresh"), "{text}");
    page_of(&bob.get("/-/package/@acme/ui/refresh").await, 403);
    page_of(&ann.get("/-/package/@acme/none/delete").await, 403);
    assert_eq!(upstream.count_all(), 0, "{:?}", upstream.requests());
}

/// A programs' refresh is for whom the rules let, as a browser's is, and changes nothing that would want a code.
#[tokio::test]
async fn programs_refresh_by_the_rules() {
    let (upstream, nopar) = with_users().await;
    upstream.package("lodash").version("1.0.0", |v| v);
    published(&nopar, "own").await;
    nopar.get("/lodash").await.expect(200);
    let (ann, bob) = (log_in(&nopar, "ann", PASSWORD).await, log_in(&nopar, "bob", PASSWORD).await);
    enabled(&nopar, "auth-and-writes").await;
    let asked = upstream.count_all();
    for (name, who, status) in [
        ("lodash", None, 401),
        ("lodash", Some(&bob), 403),
        ("none", Some(&bob), 403),
        ("own", Some(&bob), 403),
        ("own", Some(&ann), 409),
    ] {
        let path = format!("/-/package/{name}/refresh");
        let by = |method| {
            let request = Request::new(nopar.addr(), method, &path);
            who.iter().fold(request, |request, who| request.header("Authorization", who))
        };
        refusal(&by("POST").send().await, &[status], &path);
        let answer = by("GET").send().await;
        refusal(&answer, &[405], &path);
        assert_eq!(answer.header("allow"), Some("POST"), "{path}");
    }
    assert_eq!(upstream.count_all(), asked, "{:?}", upstream.requests());
}

/// Programs see nothing of all that.
#[tokio::test]
async fn who_reads_json_is_answered_as_ever() {
    let (_upstream, nopar) = with_users().await;
    published(&nopar, "own").await;
    let ann = log_in(&nopar, "ann", PASSWORD).await;
    refusal(&get(&nopar, OWN, &ann).await, &[405], "a GET");
    let browser = Browser::of(&nopar, "ann").await;
    // A cookie is none of theirs.
    let by_cookie = Request::new(nopar.addr(), "POST", OWN).header("Accept", "*/*");
    let by_cookie = by_cookie.header("Cookie", browser.cookie.as_deref().expect("one"));
    refusal(&by_cookie.send().await, &[401], "by a cookie");
    let post = Request::new(nopar.addr(), "POST", OWN).header("Authorization", &ann);
    let done: Value = post.send().await.expect(201).json();
    assert_eq!(done["ok"], "package removed", "{done}");
    assert!(!is_there(&nopar, "own").await);
}
