//! Where everybody may do everything, pages do so for who sits at the machine, or for all if that is said.
//! Knows nothing of users.

use super::*;

const LODASH: &str = "/-/package/lodash/delete";

async fn open(env: &[(&str, &str)]) -> (FakeUpstream, TestNopar) {
    let upstream = FakeUpstream::start().await;
    upstream.package("lodash").version("1.0.0", |v| v);
    let with = TestNopar::with(&upstream);
    let nopar = env.iter().fold(with, |nopar, (name, value)| nopar.env(name, value)).start().await;
    nopar.get("/lodash").await.expect(200);
    (upstream, nopar)
}

#[tokio::test]
async fn who_sits_at_the_machine_may() {
    let (_upstream, nopar) = open(&[]).await;
    let mut near = Browser::at(nopar.addr());
    assert!(page_of(&near.get(LODASH).await, 200).contains("Discard the copy of lodash?"));
    let answer = near.posting(LODASH, &[]).send().await;
    assert!(page_of(&answer, 403).contains("load its page again"));
    let answer = near.post(LODASH, &[]).await;
    assert_eq!(sent_to(&answer), "/-/packages/proxied?done=dropped");
}

#[tokio::test]
async fn who_comes_by_a_proxy_may_not_be_it_on_this_machine_or_not() {
    let trusted = [("NOPAR_TRUSTED_PROXIES", "127.0.0.1")];
    for (env, header) in [
        (&[][..], Some(("X-Forwarded-For", "127.0.0.1"))),
        (&[], Some(("Forwarded", "for=127.0.0.1"))),
        (&trusted, None),
        (&trusted, Some(("X-Forwarded-For", "192.0.2.7"))),
        (&trusted, Some(("X-Forwarded-For", "127.0.0.1"))),
    ] {
        let (upstream, nopar) = open(env).await;
        let browser = Browser::at(nopar.addr());
        let dressed = |request: Request| match header {
            Some((name, value)) => request.header(name, value),
            None => request,
        };
        let page = dressed(browser.request("GET", LODASH)).send().await;
        let text = page_of(&page, 403);
        assert!(
            text.contains("NOPAR_OPEN_ADMIN=yes") && !text.contains("method=\"post\""),
            "{text}"
        );
        // With a form that is of this browser as well.
        let csrf = if env.is_empty() { browser.csrf(LODASH).await } else { String::new() };
        let post = dressed(browser.posting(LODASH, &[("csrf", &csrf)])).send().await;
        page_of(&post, 403);
        nopar.get("/lodash").await.expect(200);
        assert_eq!(upstream.count_all(), 1, "the copy is there");
    }
}

#[tokio::test]
async fn everybody_may_where_that_is_said() {
    let env = [("NOPAR_TRUSTED_PROXIES", "127.0.0.1"), ("NOPAR_OPEN_ADMIN", "yes")];
    let (_upstream, nopar) = open(&env).await;
    let mut far = Browser::at(nopar.addr());
    assert_eq!(sent_to(&far.post(LODASH, &[]).await), "/-/packages/proxied?done=dropped");
}

/// Who does not ask for a page passes the same gate, and hears the same of every name.
#[tokio::test]
async fn programs_may_where_browsers_may() {
    let far = [("NOPAR_TRUSTED_PROXIES", "127.0.0.1")];
    let all = [far[0], ("NOPAR_OPEN_ADMIN", "yes")];
    for (env, may) in [(&[][..], true), (&far, false), (&all, true)] {
        let (upstream, nopar) = open(env).await;
        Publish::of("mine", "1.0.0").succeed(nopar.addr()).await;
        upstream.clear();
        for (name, what, done) in
            [("lodash", "refresh", 200), ("lodash", "delete", 200), ("mine", "delete", 201)]
        {
            let path = format!("/-/package/{name}/{what}");
            // By an image on any page.
            let got =
                Request::new(nopar.addr(), "GET", &path).header("Accept", "image/*,*/*;q=0.5");
            let answer = got.send().await;
            refusal(&answer, &[405], &path);
            assert_eq!(answer.header("allow"), Some("POST"), "{path}");
            let answer = Request::new(nopar.addr(), "POST", &path).send().await;
            assert_eq!(answer.status, if may { done } else { 403 }, "{path}: {}", answer.text());
            let nothing = path.replace(name, "none");
            if !may {
                assert!(answer.text().contains("NOPAR_OPEN_ADMIN=yes"), "{}", answer.text());
                let none = Request::new(nopar.addr(), "POST", &nothing).send().await;
                assert_eq!(none.text(), answer.text(), "{nothing}");
            }
        }
        assert_eq!(upstream.count_all(), usize::from(may), "{:?}", upstream.requests());
        assert_eq!(is_there(&nopar, "mine").await, !may);
    }
}

/// npm's own ways are open as ever.
#[tokio::test]
async fn what_package_managers_do_is_for_everybody() {
    let (_upstream, nopar) = open(&[("NOPAR_TRUSTED_PROXIES", "127.0.0.1")]).await;
    Publish::of("mine", "1.0.0").succeed(nopar.addr()).await;
    let rev = nopar.get("/mine").await.expect(200).json()["_rev"].as_str().expect("one").to_owned();
    let path = format!("/mine/-rev/{rev}");
    Request::new(nopar.addr(), "DELETE", &path).send().await.expect(201);
    assert!(!is_there(&nopar, "mine").await);
}

/// Somebody at another address is shown what they may do, and nothing else.
#[tokio::test]
async fn buttons_and_settings_are_offered_to_who_may() {
    for (said, may) in [(None, false), (Some("no"), false), (Some("yes"), true)] {
        let mut env = vec![("NOPAR_TRUSTED_PROXIES", "127.0.0.1")];
        env.extend(said.map(|said| ("NOPAR_OPEN_ADMIN", said)));
        let (_upstream, nopar) = open(&env).await;
        let browser = Browser::at(nopar.addr());
        let far = |path: &str| browser.request("GET", path).header("X-Forwarded-For", "192.0.2.7");
        let text = page_of(&far("/-/package/lodash").send().await, 200);
        for link in [LODASH, "/-/package/lodash/refresh", "/-/settings"] {
            assert_eq!(text.contains(&format!("href=\"{link}\"")), may, "{said:?} {link}: {text}");
        }
        let none = page_of(&far("/-/package/none").send().await, 404);
        assert_eq!(none.contains("href=\"/-/package/none/refresh\""), may, "{said:?}: {none}");
        page_of(&far("/-/settings").send().await, if may { 200 } else { 403 });
    }
}

/// A page whose name leads to this machine by now is of this registry's own origin to the browser here.
#[tokio::test]
async fn a_name_that_anybody_may_lead_here_is_not_this_machine() {
    let (_upstream, nopar) = open(&[]).await;
    for (host, may) in [
        ("evil.example", false),
        ("evil.example:5984", false),
        ("localhost.evil.example", false),
        ("localhost", true),
        ("npm.localhost:5984", true),
        ("127.0.0.1:5984", true),
        ("[::1]:5984", true),
    ] {
        let at = |path: &str| Browser::at(nopar.addr()).request("GET", path).host(host);
        let settings = at("/-/settings").send().await;
        let text = page_of(&settings, if may { 200 } else { 403 });
        assert_eq!(text.contains("name=\"csrf\""), may, "{host}: {text}");
        page_of(&at(LODASH).send().await, if may { 200 } else { 403 });
        let post = Request::new(nopar.addr(), "POST", "/-/package/lodash/refresh").host(host);
        assert_eq!(post.send().await.status, if may { 200 } else { 403 }, "{host}");
    }
}
