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

/// Everybody could do it anyway, by a client.
#[tokio::test]
async fn programs_may_as_ever() {
    let (_upstream, nopar) = open(&[("NOPAR_TRUSTED_PROXIES", "127.0.0.1")]).await;
    let post = Request::new(nopar.addr(), "POST", LODASH);
    post.send().await.expect(200);
}
