//! Which cookie a session is in, and what others that are called so do: any host of the same domain may set them.
//! Knows nothing of what is done while signed in.

use super::*;

/// Whose page a browser is shown that shows this.
async fn user_of(nopar: &TestNopar, cookie: &str) -> Option<String> {
    let browser = Browser { cookie: Some(cookie.to_owned()), ..Browser::at(nopar.addr()) };
    let text = page_of(&browser.get("/").await, 200);
    ["ann", "bob"]
        .into_iter()
        .find(|user| text.contains(&format!(">{user}</a>")))
        .map(str::to_owned)
}

/// What is no session keeps nobody from having one.
#[tokio::test]
async fn what_others_set_does_not_keep_people_out() {
    let (_upstream, nopar) = with_users().await;
    let ann = Browser::of(&nopar, "ann").await;
    let own = ann.cookie.clone().expect("a session");
    for evil in ["npm_evil", "x", ""] {
        for cookie in [
            format!("nopar_session={evil}; {own}"),
            format!("{own}; nopar_session={evil}"),
            format!("nopar_session=1; nopar_session={evil}; nopar_session=3; {own}"),
        ] {
            assert_eq!(user_of(&nopar, &cookie).await.as_deref(), Some("ann"), "{cookie}");
        }
    }
    // Nor does one that was set before they sign in.
    let mut late =
        Browser { cookie: Some("nopar_session=x".to_owned()), ..Browser::at(nopar.addr()) };
    late.sign_in("ann", PASSWORD).await.expect(303);
    let both = format!("nopar_session=x; {}", late.cookie.expect("a session"));
    assert_eq!(user_of(&nopar, &both).await.as_deref(), Some("ann"));
}

/// Whose browser it is nobody can say that shows sessions of two; and who signs in ends both.
#[tokio::test]
async fn a_session_of_somebody_else_makes_nobody_them() {
    let (_upstream, nopar) = with_users().await;
    let (ann, bob) = (Browser::of(&nopar, "ann").await, Browser::of(&nopar, "bob").await);
    let cookies = |browser: &Browser| browser.cookie.clone().expect("a session");
    let both = format!("{}; {}", cookies(&bob), cookies(&ann));
    assert_eq!(user_of(&nopar, &both).await, None);
    let mut browser = Browser { cookie: Some(both), ..Browser::at(nopar.addr()) };
    browser.sign_in("ann", PASSWORD).await.expect(303);
    assert!(!bob.is_signed_in().await && !ann.is_signed_in().await);
    let still = format!("{}; {}", cookies(&bob), cookies(&browser));
    assert_eq!(user_of(&nopar, &still).await.as_deref(), Some("ann"));
}

/// By HTTPS browsers see to it that it was set by this host.
#[tokio::test]
async fn by_https_a_session_is_this_host_s() {
    let upstream = FakeUpstream::start().await;
    let at = TestNopar::with(&upstream).env("NOPAR_AUTH", "users");
    let nopar = at.env("NOPAR_BASE_URL", "https://registry.example").start().await;
    user(nopar.registry_path(), "add ann", PASSWORD).await;
    let browser = Browser::at(nopar.addr());
    let csrf = browser.csrf("/-/login").await;
    let fields = [("csrf", csrf.as_str()), ("user", "ann"), ("password", PASSWORD)];
    let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let post = browser.request("POST", "/-/login").header("Origin", "https://registry.example");
    let answer = post.body(form).send().await.expect(303);
    let cookie = answer.header("set-cookie").expect("a cookie").to_owned();
    assert!(cookie.starts_with("__Host-nopar_session=npm_"), "{cookie}");
    let (kept, _) = cookie.split_once(';').expect("attributes");
    assert_eq!(user_of(&nopar, kept).await.as_deref(), Some("ann"));
    let plain = kept.strip_prefix("__Host-").expect("a prefix");
    assert_eq!(user_of(&nopar, plain).await, None);
    let evil = format!("nopar_session=npm_evil; {kept}");
    assert_eq!(user_of(&nopar, &evil).await.as_deref(), Some("ann"));
}
