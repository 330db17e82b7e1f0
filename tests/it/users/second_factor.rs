//! `npm profile enable-2fa` and `disable-2fa`, and codes where they are asked for.
//! Knows nothing of what a code is made of but RFC 6238.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use data_encoding::BASE32_NOPAD;
use ring::hmac;
use serde_json::{Value, json};

use super::*;
use crate::support::publish::{Publish, refusal};

/// An app that has been told a secret, and a clock that goes with NOPAR's.
pub(crate) struct App {
    secret: Vec<u8>,
    now: SystemTime,
}

impl App {
    /// Takes a URL as out of a QR code.
    pub(crate) fn told(url: &str, now: SystemTime) -> Self {
        let secret = url.split("secret=").nth(1).and_then(|rest| rest.split('&').next());
        let secret = BASE32_NOPAD.decode(secret.expect("a secret").as_bytes()).expect("base32");
        Self { secret, now }
    }

    /// What it shows half a minute later, which no code was before.
    pub(crate) fn next(&mut self, nopar: &TestNopar) -> String {
        let step = Duration::from_secs(30);
        nopar.advance(step);
        self.now += step;
        code(&self.secret, self.now)
    }
}

/// What an app shows that was told this secret.
fn code(secret: &[u8], now: SystemTime) -> String {
    let steps = now.duration_since(UNIX_EPOCH).expect("after 1970").as_secs() / 30;
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &steps.to_be_bytes());
    let at = usize::from(tag.as_ref()[19] & 15);
    let word: [u8; 4] = tag.as_ref()[at..at + 4].try_into().expect("four bytes");
    format!("{:06}", (u32::from_be_bytes(word) & 0x7fff_ffff) % 1_000_000)
}

/// What an app shows now that was told this URL.
pub(crate) fn code_of(url: &str) -> String {
    let now = SystemTime::now();
    code(&App::told(url, now).secret, now)
}

fn mode(mode: &str) -> Value {
    json!({"tfa": {"password": PASSWORD, "mode": mode}})
}

/// Has ann use codes; her app, her recovery codes, and what she came with.
pub(crate) async fn enabled(nopar: &TestNopar, asked: &str) -> (App, Vec<String>, String) {
    // NOPAR's clock stands since a moment ago.
    let now = SystemTime::now();
    let ann = log_in(nopar, "ann", PASSWORD).await;
    let begun = post(nopar, PROFILE, &ann, &mode(asked)).await.expect(200).json();
    let url = text(&begun["tfa"]);
    assert!(url.starts_with("otpauth://totp/ann?secret="), "{url}");
    assert!(url.ends_with("&issuer=127.0.0.1"), "{url}");
    assert_eq!(profile(nopar, &ann).await["tfa"], json!({"mode": asked, "pending": true}));
    let mut app = App::told(&url, now);
    let confirm = json!({"tfa": [app.next(nopar)]});
    let codes = post(nopar, PROFILE, &ann, &confirm).await.expect(200).json();
    let codes: Vec<String> = codes["tfa"].as_array().expect("codes").iter().map(text).collect();
    assert_eq!(codes.len(), 10);
    assert_eq!(profile(nopar, &ann).await["tfa"], json!({"mode": asked, "pending": false}));
    (app, codes, ann)
}

/// Fails unless that is npm's question for a code.
#[track_caller]
fn assert_asked(answer: &Response, what: &str) {
    let said = refusal(answer, &[401], what);
    assert_eq!(answer.header("www-authenticate"), Some("otp"), "{what}");
    assert!(said.contains("one-time pass"), "{what}: {said}");
}

#[tokio::test]
async fn codes_are_asked_for_at_logins_and_in_a_user_s_own_affairs() {
    let (_upstream, nopar) = with_users().await;
    let (mut app, paper, ann) = enabled(&nopar, "auth-only").await;
    let change = json!({"fullname": "Ann"});
    let made = json!({"name": "ci", "password": PASSWORD});
    let key = get(&nopar, TOKENS, &ann).await.expect(200).json();
    let key = text(&key["objects"][0]["key"]);
    let requests = || {
        [
            logging_in(&nopar, "ann", PASSWORD),
            posting(&nopar, PROFILE, &ann, &change),
            posting(&nopar, TOKENS, &ann, &made),
            posting(&nopar, PROFILE, &ann, &mode("auth-and-writes")),
            posting(&nopar, PROFILE, &ann, &mode("disable")),
            revoking(&nopar, &ann, &key),
        ]
    };
    for (number, request) in requests().into_iter().enumerate() {
        assert_asked(&request.send().await, &format!("{number}"));
    }
    // What is only seen needs none.
    assert_eq!(profile(&nopar, &ann).await["fullname"], "");
    let code = app.next(&nopar);
    let with_code = posting(&nopar, PROFILE, &ann, &change).header("npm-otp", &code);
    with_code.send().await.expect(200);
    let again = posting(&nopar, PROFILE, &ann, &change).header("npm-otp", &code).send().await;
    assert_asked(&again, "a code is good once");
    // Recovery codes are good once as well.
    let on_paper = || posting(&nopar, TOKENS, &ann, &made).header("npm-otp", &paper[3]);
    on_paper().send().await.expect(200);
    assert_asked(&on_paper().send().await, "a recovery code");
    let code = app.next(&nopar);
    logging_in(&nopar, "ann", PASSWORD).header("npm-otp", &code).send().await.expect(201);
    // Packages are changed without one.
    Publish::of("a", "1.0.0")
        .to(nopar.addr())
        .header("Authorization", &ann)
        .send()
        .await
        .expect(201);

    let code = app.next(&nopar);
    let moved = posting(&nopar, PROFILE, &ann, &mode("auth-and-writes")).header("npm-otp", &code);
    let moved = moved.send().await.expect(200).json();
    assert_eq!(moved["tfa"], json!({"mode": "auth-and-writes", "pending": false}));
    let publish = || Publish::of("a", "2.0.0").to(nopar.addr()).header("Authorization", &ann);
    assert_asked(&publish().send().await, "a publish");
    let code = app.next(&nopar);
    publish().header("npm-otp", &code).send().await.expect(201);

    let code = app.next(&nopar);
    let ended = posting(&nopar, PROFILE, &ann, &mode("disable")).header("npm-otp", &code);
    assert_eq!(ended.send().await.expect(200).json()["tfa"], false);
    assert_eq!(profile(&nopar, &ann).await["tfa"], false);
    log_in(&nopar, "ann", PASSWORD).await;
}

/// Who has lost it asks who runs NOPAR.
#[tokio::test]
async fn a_second_factor_that_is_lost_ends_with_the_password() {
    let (_upstream, nopar) = with_users().await;
    enabled(&nopar, "auth-and-writes").await;
    user(nopar.registry_path(), "passwd ann", "battery staple").await;
    assert_asked(&logging_in(&nopar, "ann", "battery staple").send().await, "it is kept");
    let said = user(nopar.registry_path(), "passwd ann --reset-2fa", PASSWORD).await;
    assert!(said.contains("and their second factor was removed"), "{said}");
    log_in(&nopar, "ann", PASSWORD).await;
}

/// A code cannot come with each request, and without one the password is half of what is needed.
#[tokio::test]
async fn a_password_with_a_request_is_not_enough_where_there_is_a_second_factor() {
    let (_upstream, nopar) = with_users().await;
    let ann = basic("ann", PASSWORD);
    let publish = |version| Publish::of("a", version).to(nopar.addr());
    publish("1.0.0").header("Authorization", &ann).send().await.expect(201);
    let (mut app, _, token) = enabled(&nopar, "auth-only").await;
    let refused = |answer: Response| {
        assert!(refusal(&answer, &[401], "a password").contains("use the token"));
        // By which npm says to log in, and not to type another password.
        assert!(answer.header("www-authenticate").is_some_and(|it| it.starts_with("Bearer")));
    };
    let code = app.next(&nopar);
    refused(publish("1.1.0").header("Authorization", &ann).send().await);
    let with_code = publish("1.1.0").header("Authorization", &ann).header("npm-otp", &code);
    refused(with_code.send().await);
    refused(get(&nopar, "/-/whoami", &ann).await);
    refused(get(&nopar, TOKENS, &ann).await);
    get(&nopar, "/a", &ann).await.expect(200);
    publish("1.1.0").header("Authorization", &token).send().await.expect(201);
    logging_in(&nopar, "ann", PASSWORD).header("npm-otp", &code).send().await.expect(201);
}

/// Which comes first: whoever does not know the password learns nothing of codes.
#[tokio::test]
async fn the_password_is_looked_at_before_the_code() {
    let (_upstream, nopar) = with_users().await;
    let (mut app, _, ann) = enabled(&nopar, "auth-only").await;
    let code = app.next(&nopar);
    let wrong = json!({"tfa": {"password": "a guess", "mode": "disable"}});
    let answer = posting(&nopar, PROFILE, &ann, &wrong).header("npm-otp", &code).send().await;
    assert!(refusal(&answer, &[401], "a guess").contains("password is not right"));
    let wrong = json!({"password": "a guess"});
    let answer = posting(&nopar, TOKENS, &ann, &wrong).header("npm-otp", &code).send().await;
    assert!(refusal(&answer, &[401], "a guess").contains("password is not right"));
    // It was not taken.
    let right = posting(&nopar, PROFILE, &ann, &mode("disable")).header("npm-otp", &code);
    right.send().await.expect(200);
}

#[tokio::test]
async fn codes_cannot_be_tried_out() {
    let (_upstream, nopar) = with_users().await;
    let (_, _, ann) = enabled(&nopar, "auth-only").await;
    let guess = || {
        let change = posting(&nopar, PROFILE, &ann, &json!({"fullname": "Ann"}));
        change.header("npm-otp", "abcdef").send()
    };
    for _ in 0..5 {
        assert_asked(&guess().await, "a guess");
    }
    let answer = guess().await;
    refusal(&answer, &[429], "a guess too many");
    assert!(answer.header("retry-after").is_some());
}

/// Each had counted as often as the publish asked whether it may go on: two were taken for four.
#[tokio::test]
async fn a_wrong_code_is_one_attempt_however_often_a_change_looks_at_it() {
    let (_upstream, nopar) = with_users().await;
    let (mut app, _, ann) = enabled(&nopar, "auth-and-writes").await;
    let publish =
        |version: &str| Publish::of("a", version).to(nopar.addr()).header("Authorization", &ann);
    let code = app.next(&nopar);
    publish("1.0.0").header("npm-otp", &code).send().await.expect(201);
    for _ in 0..5 {
        assert_asked(&publish("2.0.0").header("npm-otp", "abcdef").send().await, "a wrong code");
    }
    refusal(&publish("2.0.0").header("npm-otp", "abcdef").send().await, &[429], "one too many");
    // Whoever waits is let in.
    let code = app.next(&nopar);
    publish("2.0.0").header("npm-otp", &code).send().await.expect(201);
}

#[tokio::test]
async fn nothing_is_asked_for_until_an_app_has_shown_a_code() {
    let (_upstream, nopar) = with_users().await;
    let ann = log_in(&nopar, "ann", PASSWORD).await;
    let none = post(&nopar, PROFILE, &ann, &json!({"tfa": ["123456"]})).await;
    assert!(refusal(&none, &[400], "none waits").contains("enable-2fa"));
    post(&nopar, PROFILE, &ann, &mode("auth-and-writes")).await.expect(200);
    for (body, words) in [
        (json!({"tfa": ["abcdef"]}), "authenticator app"),
        (json!({"tfa": []}), "one code"),
        (json!({"tfa": [123_456]}), "one code"),
        (json!({"tfa": {"mode": "auth-only"}}), "your password"),
        (json!({"tfa": {"mode": "always", "password": PASSWORD}}), "auth-and-writes or disable"),
    ] {
        let answer = post(&nopar, PROFILE, &ann, &body).await;
        assert!(refusal(&answer, &[400], "no code").contains(words), "{body}: {}", answer.text());
        assert_eq!(answer.header("www-authenticate"), None);
    }
    // Still nobody is asked.
    let tfa = json!({"mode": "auth-and-writes", "pending": true});
    assert_eq!(profile(&nopar, &ann).await["tfa"], tfa);
    log_in(&nopar, "ann", PASSWORD).await;
    // npm ends what waits before it begins anew.
    let ended = post(&nopar, PROFILE, &ann, &mode("disable")).await.expect(200).json();
    assert_eq!(ended["tfa"], false);
    post(&nopar, PROFILE, &ann, &mode("disable")).await.expect(200);
}
