//! Packages that not everybody may read: whoever may not learns nothing of them.
//! Knows nothing of who may change what.

use super::*;

/// All that can be read of a package, by the paths of its name.
fn paths(name: &str) -> Vec<String> {
    let (encoded, base) = (name.replace('/', "%2f"), name.rsplit('/').next().unwrap_or(name));
    vec![
        format!("/{encoded}"),
        format!("/{name}"),
        format!("/{encoded}/1.0.0"),
        format!("/{encoded}/latest"),
        format!("/{name}/-/{base}-1.0.0.tgz"),
        format!("/{encoded}/-/{base}-1.0.0.tgz"),
        format!("/-/package/{encoded}/dist-tags"),
        format!("/-/npm/v1/attestations/{name}@1.0.0"),
        format!("/-/package/{encoded}/visibility"),
        format!("/-/package/{encoded}/collaborators"),
        format!("/-/package/{encoded}/owners"),
        format!("/-/package/{encoded}/access"),
        format!("/-/package/{encoded}/raw"),
        format!("/-/package/{encoded}/raw/1.0.0"),
        format!("/-/package/{name}/raw/-/{base}-1.0.0.tgz"),
        format!("/-/v1/search?text={encoded}"),
        format!("/-/v1/search?text={base}"),
    ]
}

/// An answer without what differs from one request to the next, and without the names.
fn said(answer: &Response, name: &str) -> (u16, Vec<(String, String)>, String) {
    let base = name.rsplit('/').next().unwrap_or(name);
    let mut headers: Vec<(String, String)> =
        answer.headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    headers.retain(|(name, _)| {
        !["date", "server-timing", "x-request-id"].iter().any(|it| name.eq_ignore_ascii_case(it))
    });
    headers.sort();
    let body = answer.text().replace(name, "NAME").replace(base, "BASE");
    (answer.status, headers, body)
}

/// By no path, and whatever is in memory already.
#[tokio::test]
async fn a_hidden_package_is_told_of_as_one_that_is_not_there() {
    let (upstream, nopar) = with_users(RULES).await;
    let addr = nopar.addr();
    for name in ["@acme/uix", "@acme/qqq", "restricted"] {
        upstream.package(name).version("1.0.0", |version| version);
    }
    let (ann, bob) = (login(addr, "ann").await, login(addr, "bob").await);
    assert_eq!(publish(addr, "@acme/uix", "1.0.0", Some(&ann)).await, 201);
    for path in paths("@acme/uix") {
        // Into memory, by who may.
        for _ in 0..3 {
            ask(addr, &path, Some(&ann)).await;
        }
    }
    let made_up = basic("bob", &password("bob"));
    for who in [None, Some(bob.as_str()), Some(made_up.as_str())] {
        for (hidden, absent) in paths("@acme/uix").into_iter().zip(paths("@acme/qqq")) {
            let there = said(&ask(addr, &hidden, who).await, "@acme/uix");
            let nowhere = said(&ask(addr, &absent, who).await, "@acme/qqq");
            assert_eq!(there, nowhere, "{hidden} {who:?}");
            let is_search = hidden.starts_with("/-/v1/search");
            assert_eq!(there.0, if is_search { 200 } else { 404 }, "{hidden}");
            assert!(!is_search || there.2.contains("\"total\":0"), "{}", there.2);
        }
    }
    ask(addr, "/@acme%2fuix", Some(&ann)).await.expect(200);
    let requests = paths_asked(&upstream);
    let named: Vec<_> = requests.iter().filter(|path| path.contains("acme")).collect();
    assert!(named.is_empty(), "the upstream was asked for {named:?}");
}

/// What comes from the upstream may be for some only: nobody else has it asked for, or gets a copy.
#[tokio::test]
async fn rules_hold_for_packages_of_the_upstream() {
    let (upstream, nopar) = with_users(RULES).await;
    let addr = nopar.addr();
    upstream.package("restricted").version("1.0.0", |version| version);
    let (ann, bob) = (login(addr, "ann").await, login(addr, "bob").await);
    for path in paths("restricted").iter().filter(|path| !path.contains("search")) {
        ask(addr, path, None).await.expect(404);
        ask(addr, path, Some(&bob)).await.expect(404);
    }
    assert!(paths_asked(&upstream).is_empty(), "{:?}", paths_asked(&upstream));
    for _ in 0..3 {
        ask(addr, "/restricted", Some(&ann)).await.expect(200);
        ask(addr, "/restricted/-/restricted-1.0.0.tgz", Some(&ann)).await.expect(200);
    }
    ask(addr, "/restricted", None).await.expect(404);
    ask(addr, "/restricted/-/restricted-1.0.0.tgz", Some(&bob)).await.expect(404);
}

/// A proxy in front keeps nothing of it for others.
#[tokio::test]
async fn what_not_everybody_may_read_is_private() {
    let (_upstream, nopar) = with_users(RULES).await;
    let addr = nopar.addr();
    let ann = login(addr, "ann").await;
    assert_eq!(publish(addr, "@acme/uix", "1.0.0", Some(&ann)).await, 201);
    assert_eq!(publish(addr, "open", "1.0.0", Some(&ann)).await, 201);
    for path in ["/@acme%2fuix", "/@acme/uix/-/uix-1.0.0.tgz", "/@acme%2fuix/latest"] {
        let answer = ask(addr, path, Some(&ann)).await.expect(200);
        let control = answer.header("cache-control").expect("what caches may do");
        assert!(control.starts_with("private") && !control.contains("public"), "{control}");
        let varies = answer.headers.iter().any(|(name, value)| {
            name.eq_ignore_ascii_case("vary") && value.contains("Authorization")
        });
        assert!(varies, "{path}");
        let etag = answer.header("etag").expect("an ETag").to_owned();
        let again = of(Request::get(addr, path), Some(&ann)).header("If-None-Match", etag);
        assert_eq!(again.send().await.status, 304, "{path}");
    }
    let open = ask(addr, "/open/-/open-1.0.0.tgz", Some(&ann)).await.expect(200);
    assert!(open.header("cache-control").is_some_and(|it| it.contains("public")));
}

/// Where one has to log in for everything, that is told to who did not.
#[tokio::test]
async fn a_registry_for_users_only_says_so() {
    let (upstream, nopar) =
        with_users("[[rule]]\npackages = [\"*\"]\nread = [\"$authenticated\"]\n").await;
    let addr = nopar.addr();
    upstream.package("a").version("1.0.0", |version| version);
    let ann = login(addr, "ann").await;
    for path in ["/a", "/nothing", "/a/-/a-1.0.0.tgz"] {
        ask(addr, path, None).await.expect(401);
        ask(addr, path, Some("Bearer npm_made_up")).await.expect(401);
    }
    assert!(paths_asked(&upstream).is_empty(), "{:?}", paths_asked(&upstream));
    ask(addr, "/a", Some(&ann)).await.expect(200);
    ask(addr, "/nothing", Some(&ann)).await.expect(404);
}

/// What the upstream was asked for.
fn paths_asked(upstream: &FakeUpstream) -> Vec<String> {
    upstream.requests().into_iter().map(|seen| seen.path).collect()
}
