//! The page of a user's own affairs: what they say of themselves, their password and their tokens.
//! Knows nothing of second factors.

mod second_factor;

use std::time::Duration;

use super::browser::{Browser, sent_to};
use crate::support::binary::Binary;
use crate::support::client::Response;
use crate::support::upstream::FakeUpstream;
use crate::users::{PASSWORD, get, is_good, log_in, page_of, user, with_users};

const ACCOUNT: &str = "/-/account";

/// How long it is remembered that a password was right, and a little more.
const FORGOTTEN: Duration = Duration::from_secs(61);

/// The token that a page shows once; what goes into `Authorization`.
#[track_caller]
fn shown(page: &Response) -> String {
    let text = page_of(page, 200);
    let after = text.split("<code id=\"new-token\">").nth(1).expect("a token");
    format!("Bearer {}", after.split('<').next().expect("a token"))
}

/// The keys of the tokens on a page.
fn keys(page: &str) -> Vec<String> {
    let all = page.split("?revoke=").skip(1);
    all.map(|rest| rest.split('"').next().expect("a key").to_owned()).collect()
}

/// What is said beside a field.
fn beside(page: &str, field: &str) -> String {
    let after = page.split(&format!("id=\"{field}-wrong\" role=\"alert\">")).nth(1);
    after.and_then(|rest| rest.split('<').next()).unwrap_or_else(|| panic!("{page}")).to_owned()
}

#[tokio::test]
async fn what_users_say_of_themselves_is_kept_and_stays_text() {
    let (upstream, nopar) = with_users().await;
    let mut ann = Browser::of(&nopar, "ann").await;
    let text = page_of(&ann.get(ACCOUNT).await, 200);
    assert!(text.contains("value=\"ann@acme.example\""), "{text}");
    let evil = "<script>alert(1)</script>\"'&";
    let fields = [("form", "profile"), ("fullname", evil), ("email", "a@b.example")];
    let answer = ann.post(ACCOUNT, &fields).await;
    assert_eq!(sent_to(&answer), "/-/account?done=saved");
    let text = page_of(&ann.get("/-/account?done=saved").await, 200);
    assert!(text.contains("Saved.") && text.contains("value=\"a@b.example\""), "{text}");
    assert!(!text.contains("<script>alert") && text.contains("&#60;script&#62;alert"), "{text}");
    let profile =
        get(&nopar, "/-/npm/v1/user", &log_in(&nopar, "ann", PASSWORD).await).await.json();
    assert_eq!((&profile["fullname"], &profile["email"]), (&evil.into(), &"a@b.example".into()));
    // What cannot be kept is told beside its field, with what was typed.
    for (field, value) in [("email", "no address"), ("fullname", &*"x".repeat(2000))] {
        let mut fields = vec![("form", "profile"), ("email", ""), ("fullname", "")];
        fields.retain(|(name, _)| *name != field);
        fields.push((field, value));
        let text = page_of(&ann.post(ACCOUNT, &fields).await, 400);
        let said = beside(&text, &format!("profile-{field}"));
        assert!(!said.is_empty() && text.contains("<title>Error: Account of ann"), "{text}");
        // And above all else, with a link to the field; that is where one goes on.
        let above = format!("<a href=\"#profile-{field}\">{said}</a>");
        let places = [above.as_str(), "autofocus"].map(|part| text.find(part).expect(part));
        assert!(places.is_sorted() && text.matches("autofocus").count() == 1, "{text}");
        assert!(text.contains(&format!("value=\"{value}\"")), "{text}");
    }
    assert_eq!(upstream.count_all(), 0);
}

#[tokio::test]
async fn another_password_ends_all_tokens_and_every_session() {
    let (_upstream, nopar) = with_users().await;
    let mut ann = Browser::of(&nopar, "ann").await;
    let (other, token) = (Browser::of(&nopar, "ann").await, log_in(&nopar, "ann", PASSWORD).await);
    let change =
        |old, new, again| [("form", "password"), ("password", old), ("new", new), ("again", again)];
    for (old, new, again, field) in [
        ("a guess", "battery staple", "battery staple", "password"),
        (PASSWORD, "battery staple", "battery stable", "again"),
        (PASSWORD, "short", "short", "new"),
    ] {
        let answer = ann.post(ACCOUNT, &change(old, new, again)).await;
        let status = if field == "password" { 401 } else { 400 };
        let text = page_of(&answer, status);
        assert!(!beside(&text, &format!("password-{field}")).is_empty(), "{text}");
        assert!(!text.contains("battery") && !text.contains("a guess"), "{text}");
    }
    assert!(is_good(&nopar, &token).await && other.is_signed_in().await);
    let answer = ann.post(ACCOUNT, &change(PASSWORD, "battery staple", "battery staple")).await;
    assert_eq!(sent_to(&answer), "/-/login?done=password");
    assert!(ann.cookie.is_none());
    assert!(!is_good(&nopar, &token).await && !other.is_signed_in().await);
    assert!(page_of(&ann.get("/-/login?done=password").await, 200).contains("sign in again"));
    page_of(&ann.sign_in("ann", PASSWORD).await, 401);
    ann.sign_in("ann", "battery staple").await.expect(303);
}

#[tokio::test]
async fn a_token_is_made_for_what_is_asked_and_shown_once() {
    let (_upstream, nopar) = with_users().await;
    let mut ann = Browser::of(&nopar, "ann").await;
    let fields = [
        ("form", "token"),
        ("password", PASSWORD),
        ("name", "<b>build</b>"),
        ("packages", "@acme/*, left-pad"),
        ("addresses", "127.0.0.0/8"),
        ("days", "30"),
        ("read_only", "yes"),
    ];
    let answer = ann.post(ACCOUNT, &fields).await;
    let token = shown(&answer);
    let text = answer.text();
    assert!(!text.contains("<b>build") && text.contains("&#60;b&#62;build"), "{text}");
    assert!(text.contains("data-copy=\"new-token\"") && answer.header("location").is_none());
    assert!(is_good(&nopar, &token).await);
    let page = page_of(&ann.get(ACCOUNT).await, 200);
    let secret = token.strip_prefix("Bearer ").expect("a token");
    assert!(page.contains(&format!("{}…", &secret[..8])) && !page.contains(secret), "{page}");
    for part in ["1 token", "&#60;b&#62;build", "@acme/*, left-pad", "127.0.0.0/8", ">read</td>"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let listed =
        get(&nopar, "/-/npm/v1/tokens", &log_in(&nopar, "ann", PASSWORD).await).await.json();
    let made = listed["objects"].as_array().expect("tokens");
    let made = made.iter().find(|token| token["name"] == "<b>build</b>").expect("it");
    assert!(made["readonly"] == true && made["expires"].is_string(), "{made}");
}

#[tokio::test]
async fn a_token_that_cannot_be_made_is_told_beside_its_field_with_what_was_typed() {
    let (_upstream, nopar) = with_users().await;
    let mut ann = Browser::of(&nopar, "ann").await;
    for (field, value, password, status) in [
        ("days", "soon", PASSWORD, 400),
        ("days", "99999999", PASSWORD, 400),
        ("packages", "a/b/c", PASSWORD, 400),
        ("packages", "!!", PASSWORD, 400),
        ("addresses", "home", PASSWORD, 400),
        ("password", "", "a guess", 401),
    ] {
        let mut fields = vec![("form", "token"), ("name", "ci"), ("password", password)];
        if field != "password" {
            fields.push((field, value));
        }
        let answer = ann.post(ACCOUNT, &fields).await;
        let text = page_of(&answer, status);
        assert!(!beside(&text, &format!("token-{field}")).is_empty(), "{field}");
        assert!(
            text.contains("value=\"ci\"") && text.contains(&format!("value=\"{value}\"")),
            "{text}"
        );
        assert!(!text.contains("a guess") && !text.contains(PASSWORD), "{text}");
    }
    let long = "x".repeat(101);
    let fields = [("form", "token"), ("name", &*long), ("password", PASSWORD)];
    let text = page_of(&ann.post(ACCOUNT, &fields).await, 400);
    assert!(beside(&text, "token-name").contains("at most 100 characters"), "{text}");
    let fields = [("form", "token"), ("days", "0"), ("password", PASSWORD)];
    let text = page_of(&ann.post(ACCOUNT, &fields).await, 400);
    assert!(!beside(&text, "token-days").contains("--"), "{text}");
    // Who guesses the password here waits as anywhere else.
    nopar.advance(FORGOTTEN);
    let mut guesses = 0;
    while ann.post(ACCOUNT, &[("form", "token"), ("password", "a guess")]).await.status == 401 {
        guesses += 1;
    }
    assert!(guesses <= 5, "{guesses}");
    let early = ann.post(ACCOUNT, &[("form", "token"), ("password", PASSWORD)]).await;
    page_of(&early, 429);
    assert!(early.header("retry-after").is_some());
    assert!(keys(&page_of(&ann.get(ACCOUNT).await, 200)).is_empty());
}

#[tokio::test]
async fn a_token_is_revoked_after_one_more_question_and_only_by_its_user() {
    let (_upstream, nopar) = with_users().await;
    let (mut ann, mut bob) = (Browser::of(&nopar, "ann").await, Browser::of(&nopar, "bob").await);
    let token = log_in(&nopar, "ann", PASSWORD).await;
    let key = keys(&page_of(&ann.get(ACCOUNT).await, 200)).pop().expect("a token");
    let question = format!("{ACCOUNT}?revoke={key}");
    assert!(page_of(&ann.get(&question).await, 200).contains("Revoke the token npm_"));
    assert!(is_good(&nopar, &token).await, "to ask revokes nothing");
    assert!(!page_of(&bob.get(&question).await, 200).contains("Revoke the token"));
    let fields = [("form", "revoke"), ("key", &*key)];
    let text = page_of(&bob.post(ACCOUNT, &fields).await, 404);
    assert!(text.contains("no token of this key"), "{text}");
    assert!(is_good(&nopar, &token).await);
    let answer = ann.post(&question, &fields).await;
    assert_eq!(sent_to(&answer), "/-/account?done=revoked");
    assert!(!is_good(&nopar, &token).await && ann.is_signed_in().await);
}

/// When it was made stood there as its last use.
#[tokio::test]
async fn a_token_is_used_once_it_was() {
    let (_upstream, nopar) = with_users().await;
    let ann = Browser::of(&nopar, "ann").await;
    log_in(&nopar, "ann", PASSWORD).await;
    let unused = page_of(&ann.get(ACCOUNT).await, 200);
    assert!(unused.contains("<td data-name=\"Last used\">not yet</td>"), "{unused}");
}

#[tokio::test]
async fn many_tokens_come_in_pages() {
    let (_upstream, nopar) = with_users().await;
    let ann = Browser::of(&nopar, "ann").await;
    for _ in 0..53 {
        log_in(&nopar, "ann", PASSWORD).await;
    }
    let first = page_of(&ann.get(ACCOUNT).await, 200);
    let second = page_of(&ann.get("/-/account?tokens=2").await, 200);
    assert_eq!((keys(&first).len(), keys(&second).len()), (50, 3));
    assert!(first.contains("?tokens=2") && second.contains("?tokens=1"));
    for odd in ["0", "-1", "x", "99999999999999999999"] {
        page_of(&ann.get(&format!("/-/account?tokens={odd}")).await, 200);
    }
    // One that is on no page that is looked at.
    let key = keys(&second).pop().expect("a key");
    let question = page_of(&ann.get(&format!("/-/account?revoke={key}")).await, 200);
    assert!(question.contains("Revoke the token npm_"), "{question}");
}

#[tokio::test]
async fn a_form_that_the_page_does_not_have_changes_nothing() {
    let (_upstream, nopar) = with_users().await;
    let mut ann = Browser::of(&nopar, "ann").await;
    let text = page_of(&ann.post(ACCOUNT, &[("form", "everything")]).await, 400);
    assert!(text.contains("no such form"), "{text}");
    let csrf = ann.csrf(ACCOUNT).await;
    let long = "x".repeat(70_000);
    let answer = ann.posting(ACCOUNT, &[("csrf", &csrf), ("form", "profile"), ("fullname", &long)]);
    page_of(&answer.send().await, 413);
    page_of(&ann.request("POST", ACCOUNT).send().await, 403);
    assert_eq!(ann.request("PUT", ACCOUNT).send().await.status, 405);
}

#[tokio::test]
async fn the_log_tells_what_was_changed_and_nothing_that_is_shown_once() {
    let upstream = FakeUpstream::start().await;
    let env = [("NOPAR_AUTH", "users"), ("NOPAR_LOGLEVEL", "debug")];
    let (binary, addr) = Binary::serving(&upstream.url(), &env).await;
    user(&binary.folder().join("registry"), "add ann", PASSWORD).await;
    let mut ann = Browser::at(addr);
    ann.sign_in("ann", PASSWORD).await.expect(303);
    let token = shown(&ann.post(ACCOUNT, &[("form", "token"), ("password", PASSWORD)]).await);
    let begun = ann
        .post(ACCOUNT, &[("form", "factor"), ("mode", "auth-only"), ("password", PASSWORD)])
        .await;
    let secret = begun.text();
    let secret =
        secret.split("<code id=\"secret\">").nth(1).and_then(|rest| rest.split('<').next());
    let change = [
        ("form", "password"),
        ("password", PASSWORD),
        ("new", "battery staple"),
        ("again", "battery staple"),
    ];
    ann.post(ACCOUNT, &change).await.expect(303);
    binary.says("password ok").await;
    let log = binary.stderr();
    for part in [
        "token-create ok who=\"ann\" from=\"127.0.0.1\" token=",
        "second-factor ok who=\"ann\" from=\"127.0.0.1\" what=\"begun\"",
        "password ok who=\"ann\" from=\"127.0.0.1\" tokens_ended=\"2\"",
    ] {
        assert!(log.contains(part), "{part}: {log}");
    }
    let token = token.strip_prefix("Bearer ").expect("a token");
    for secret in [token, secret.expect("a secret"), PASSWORD, "battery staple"] {
        assert!(!log.contains(secret), "{log}");
    }
}
