//! A second factor begins, is asked for, and ends by the page.
//! Knows nothing of how codes are made.

use std::time::SystemTime;

use super::*;
use crate::users::{App, enabled};

/// What an app reads out of the page: here its secret is text as well.
fn told(page: &str) -> String {
    let after = page.split("<code id=\"secret\">").nth(1).expect("a secret");
    format!("otpauth://totp/ann?secret={}", after.split('<').next().expect("a secret"))
}

#[tokio::test]
async fn it_begins_with_a_secret_as_a_picture_and_as_text_and_a_first_code() {
    let (_upstream, nopar) = with_users().await;
    let now = SystemTime::now();
    let mut ann = Browser::of(&nopar, "ann").await;
    let begin = |password| [("form", "factor"), ("mode", "auth-only"), ("password", password)];
    let text = page_of(&ann.post(ACCOUNT, &begin("a guess")).await, 401);
    beside(&text, "factor-password");
    let page = ann.post(ACCOUNT, &begin(PASSWORD)).await;
    let text = page_of(&page, 200);
    assert!(text.contains("<svg") && text.contains("QR code"), "{text}");
    let secret = told(&text);
    let mut app = App::told(&secret, now);
    // It is shown this once, and waits.
    let later = page_of(&ann.get(ACCOUNT).await, 200);
    assert!(later.contains("waits for a first code"), "{later}");
    assert!(!later.contains(secret.split('=').next_back().expect("a secret")));
    let confirm = |code| [("form", "confirm"), ("code", code)];
    let text = page_of(&ann.post(ACCOUNT, &confirm("000000x")).await, 400);
    beside(&text, "confirm-code");
    let code = app.next(&nopar);
    let page = ann.post(ACCOUNT, &confirm(&code)).await;
    let text = page_of(&page, 200);
    let codes =
        text.split("<code id=\"codes\">").nth(1).and_then(|rest| rest.split("</code>").next());
    let codes: Vec<&str> =
        codes.expect("codes").split("</span>").filter_map(|it| it.strip_prefix("<span>")).collect();
    assert_eq!(codes.len(), 10);
    let page = page_of(&ann.get(ACCOUNT).await, 200);
    assert!(page.contains("A code of your app is asked for") && !page.contains(codes[0]), "{page}");
    // One on paper lets in what a code of the app does.
    let save = [("form", "profile"), ("fullname", "Ann"), ("email", ""), ("code", codes[0])];
    ann.post(ACCOUNT, &save).await.expect(303);
    let text = page_of(&ann.post(ACCOUNT, &save).await, 401);
    beside(&text, "profile-code");
}

#[tokio::test]
async fn each_form_asks_for_a_code_where_there_is_one() {
    let (_upstream, nopar) = with_users().await;
    let mut ann = Browser::of(&nopar, "ann").await;
    let (mut app, _, token) = enabled(&nopar, "auth-only").await;
    let key = keys(&page_of(&ann.get(ACCOUNT).await, 200)).pop().expect("a token");
    let new = "battery staple";
    let forms: [(&str, Vec<(&str, &str)>); 5] = [
        ("profile", vec![("fullname", "Ann"), ("email", "")]),
        ("token", vec![("name", "ci"), ("password", PASSWORD)]),
        ("factor", vec![("mode", "auth-and-writes"), ("password", PASSWORD)]),
        ("revoke", vec![("key", &key)]),
        ("password", vec![("password", PASSWORD), ("new", new), ("again", new)]),
    ];
    for (form, fields) in &forms {
        let mut fields = fields.clone();
        fields.push(("form", *form));
        for code in ["", "000000x"] {
            let mut wrong = fields.clone();
            wrong.push(("code", code));
            let text = page_of(&ann.post(ACCOUNT, &wrong).await, 401);
            assert!(beside(&text, &format!("{form}-code")).contains("one-time"), "{form}: {text}");
        }
    }
    assert!(is_good(&nopar, &token).await);
    for (form, fields) in &forms {
        let code = app.next(&nopar);
        let mut fields = fields.clone();
        fields.extend([("form", *form), ("code", &*code)]);
        let status = if *form == "token" { 200 } else { 303 };
        ann.post(ACCOUNT, &fields).await.expect(status);
    }
    assert!(!is_good(&nopar, &token).await);
}

#[tokio::test]
async fn it_is_moved_and_ended_with_the_password_and_a_code() {
    let (_upstream, nopar) = with_users().await;
    let mut ann = Browser::of(&nopar, "ann").await;
    let (mut app, _, _) = enabled(&nopar, "auth-only").await;
    for (mode, place, words) in [
        ("auth-and-writes", "/-/account?done=factor", "and before packages are"),
        ("disable", "/-/account?done=no-factor", "There is no second factor any more."),
    ] {
        let code = app.next(&nopar);
        let fields = [("form", "factor"), ("mode", mode), ("password", PASSWORD), ("code", &*code)];
        let answer = ann.post(ACCOUNT, &fields).await;
        assert_eq!(sent_to(&answer), place);
        assert!(page_of(&ann.get(place).await, 200).contains(words), "{mode}");
    }
    let odd = [("form", "factor"), ("mode", "never"), ("password", PASSWORD)];
    page_of(&ann.post(ACCOUNT, &odd).await, 400);
}
