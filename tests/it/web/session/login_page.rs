//! The page of a login that a client has begun, for who is signed in in the same browser.
//! Knows nothing of who is not.

use super::*;
use crate::users::{begun, fetched};

#[tokio::test]
async fn who_is_signed_in_confirms_a_login_by_one_button() {
    let (_upstream, nopar) = with_users().await;
    let ann = Browser::of(&nopar, "ann").await;
    let login = begun(&nopar, &json!({})).await;
    let page = ann.get(&login.page).await;
    let text = page_of(&page, 200);
    assert!(text.contains("Log in as ann") && text.contains("name=\"password\""), "{text}");
    let csrf = hidden(&page, "csrf");
    let fields = [("form", "session"), ("csrf", &*csrf)];
    let answer = ann.posting(&login.page, &fields).send().await;
    assert!(page_of(&answer, 200).contains("Logged in as ann"));
    let token = fetched(&nopar, &login.done).await;
    let whoami = get(&nopar, "/-/whoami", &token).await.expect(200);
    assert_eq!(whoami.json(), json!({"username": "ann"}));
    page_of(&ann.posting(&login.page, &fields).send().await, 404);
}

#[tokio::test]
async fn the_button_is_of_its_session_and_of_no_other() {
    let (_upstream, nopar) = with_users().await;
    let (mut ann, bob) = (Browser::of(&nopar, "ann").await, Browser::of(&nopar, "bob").await);
    let login = begun(&nopar, &json!({})).await;
    let theirs = hidden(&bob.get(&login.page).await, "csrf");
    let own = hidden(&ann.get(&login.page).await, "csrf");
    for csrf in ["", "abc", &theirs] {
        let fields = [("form", "session"), ("csrf", csrf)];
        let text = page_of(&ann.posting(&login.page, &fields).send().await, 403);
        assert!(text.contains("load this page again"), "{text}");
    }
    let fields = [("form", "session"), ("csrf", &*own)];
    let other_site = ann.request("POST", &login.page).header("Origin", "http://other.example");
    other_site.body(format!("form=session&csrf={own}")).send().await.expect(403);
    // Who is nobody has no button, and cannot press it.
    let nobody = Browser::at(nopar.addr());
    assert!(!page_of(&nobody.get(&login.page).await, 200).contains("Log in as"));
    page_of(&nobody.posting(&login.page, &fields).send().await, 403);
    let signed_in = Browser { cookie: ann.cookie.clone(), ..Browser::at(nopar.addr()) };
    let csrf = ann.csrf("/-/account").await;
    ann.post_with("/-/logout", &csrf, &[]).await.expect(303);
    page_of(&signed_in.posting(&login.page, &fields).send().await, 403);
    nopar.get(&login.done).await.expect(202);
}

/// A token lasts longer than a session.
#[tokio::test]
async fn with_a_second_factor_the_button_asks_for_a_code() {
    let (_upstream, nopar) = with_users().await;
    let ann = Browser::of(&nopar, "ann").await;
    let (mut app, _, _) = enabled(&nopar, "auth-only").await;
    let login = begun(&nopar, &json!({})).await;
    let csrf = hidden(&ann.get(&login.page).await, "csrf");
    let fields = [("form", "session"), ("csrf", &*csrf)];
    let asked = ann.posting(&login.page, &fields).send().await;
    assert!(page_of(&asked, 200).contains("name=\"code\""));
    nopar.get(&login.done).await.expect(202);
    let (proof, code) = (hidden(&asked, "proof"), app.next(&nopar));
    let fields = [("form", "code"), ("proof", &*proof), ("code", &*code)];
    page_of(&ann.posting(&login.page, &fields).send().await, 200);
    fetched(&nopar, &login.done).await;
}
