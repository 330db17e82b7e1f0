//! No secret is in the log, however it is sent and however much is logged, nor in what is said of a configuration.
//! Knows nothing of what is logged instead.

mod configuration;

use std::collections::BTreeSet;

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::json;

use crate::access::{of, password};
use crate::support::client::Request;
use crate::support::nopar::TestNopar;
use crate::support::publish::{Publish, basic};
use crate::support::upstream::FakeUpstream;
use crate::trail::Watched;
use crate::trust::exchange;
use crate::users::code_of;

const PROFILE: &str = "/-/npm/v1/user";

/// A token in the way of an older NOPAR's.
const OLD: &str = "7d1fa3c2-5b0e-4f1d-9a55-c0ffee5ec2e7";

/// Paths in which a token is by its place, or nearly: `TOKEN` stands for it.
const BY_PLACE: [&str; 22] = [
    "/-/user/token/TOKEN",
    "//-/user/token/TOKEN",
    "/-//user/token/TOKEN",
    "/./-/user/./token/TOKEN",
    "/%2d/user/token/TOKEN",
    "/-%2fuser%2Ftoken%2fTOKEN",
    "/%252d/user%252ftoken%252FTOKEN",
    "/%25252d%25252fuser/%74oken/TOKEN",
    "/-/User/Token/TOKEN",
    "/-/USER/tOKEN/TOKEN",
    "/-/user//token/TOKEN",
    "/-/user/./token/TOKEN",
    "/-\\user\\token\\TOKEN",
    "/-%5cuser%5ctoken%5cTOKEN",
    "/-/user/token/./TOKEN",
    "/-/user/token/TOKEN/-rev/1",
    "/-/user/token/TOKEN?write=true&x=TOKEN",
    "/-/npm/v1/tokens/token/TOKEN",
    "/-/npm/v1/tokens/TOKEN",
    "/-/npm/v1/token/TOKEN",
    "http://registry.example/-/user/token/TOKEN",
    "http://ann:TOKEN@registry.example/-/ping",
];

/// Paths in which a token has no place.
const ANYWHERE: [&str; 12] = [
    "/user/token/TOKEN",
    "/-/whoami/TOKEN",
    "/-/TOKEN",
    "/TOKEN",
    "/TOKEN/latest",
    "/@acme/TOKEN",
    "/@acme%2fTOKEN",
    "/-/package/TOKEN/dist-tags",
    "/-/npm/v1/attestations/TOKEN@1.0.0",
    "/lodash/-/TOKEN",
    "/-/package/lodash/dist-tags/TOKEN",
    "/-/v1/search?text=TOKEN",
];

/// Each character of it escaped.
fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

/// The log, and what it is when somebody decodes what is in it.
fn decoded(log: &str) -> Vec<String> {
    let mut texts = vec![log.to_owned()];
    for _ in 0..4 {
        let last = texts.last().expect("a text");
        texts.push(percent_decode_str(last).decode_utf8_lossy().into_owned());
    }
    texts
}

/// Logs in, asks with tokens and passwords in all places, and changes what a user has; the secrets that were in it.
async fn use_secrets(watched: &Watched) -> BTreeSet<String> {
    let mut secrets = BTreeSet::new();
    let ann = watched.log_in("ann", &password("ann")).await.expect(201).json();
    let ann = ann["token"].as_str().expect("a token").to_owned();
    let shown = format!("Bearer {ann}");
    secrets.extend([password("ann"), ann.clone()]);
    watched.log_in("bob", "a wrong guess").await.expect(401);
    for authorization in [basic("bob", "a wrong guess"), basic("bob", &password("bob"))] {
        watched.bare("GET", "/-/whoami", Some(&authorization)).await;
        secrets.insert(authorization.replace("Basic ", ""));
    }
    secrets.extend(["a wrong guess".to_owned(), password("bob")]);
    let publish = of(Publish::of("mine", "1.0.0").to(watched.addr), Some(&shown));
    publish.header("npm-otp", "otp-guess-771").send().await.expect(201);
    secrets.insert("otp-guess-771".to_owned());

    for method in ["DELETE", "GET", "PUT", "PATCH"] {
        let made_up = "npm_0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX2yZ3aB4cD5";
        for (paths, token) in
            [(&BY_PLACE[..], OLD), (&BY_PLACE[..], made_up), (&ANYWHERE[..], made_up)]
        {
            let encoded = utf8_percent_encode(token, NON_ALPHANUMERIC).to_string();
            for spelling in [token.to_owned(), encoded, escaped(token)] {
                for path in paths {
                    let path = path.replace("TOKEN", &spelling);
                    // What comes of it is no matter here: also nothing, where it is no request.
                    let sent = Request::new(watched.addr, method, &path).try_send().await;
                    assert!(sent.is_ok(), "{method} {path}: {sent:?}");
                }
            }
            secrets.insert(token.to_owned());
        }
    }
    secrets.extend(use_codes(watched, &shown).await);
    for (name, more) in [("left", json!({})), ("right", json!({"aud": "somebody else"}))] {
        let token = watched.issuer.token(&more);
        let answer = exchange(watched.addr, name, &token).send().await;
        let given = answer.json()["token"].as_str().map(str::to_owned);
        // Each part of it is enough to tell it.
        secrets.extend(token.split('.').skip(1).map(str::to_owned));
        secrets.extend(given);
    }
    // A head that is none.
    let broken = of(Request::get(watched.addr, &format!("/-/user/token/{OLD}")), Some(&shown));
    broken.header("no header", "x").send().await.expect(400);
    watched.bare("DELETE", &format!("/-/user/token/{ann}"), Some(&shown)).await.expect(200);
    secrets
}

/// Another password, and a second factor.
async fn use_codes(watched: &Watched, ann: &str) -> BTreeSet<String> {
    let new = "the new password of ann";
    let change = json!({"password": {"old": password("ann"), "new": new}});
    watched.send("POST", PROFILE, &change, Some(ann)).await.expect(200);
    let begin = json!({"tfa": {"password": new, "mode": "auth-and-writes"}});
    let begun = watched.send("POST", PROFILE, &begin, Some(ann)).await.expect(200).json();
    let url = begun["tfa"].as_str().expect("a URL").to_owned();
    let code = code_of(&url);
    let confirm = json!({"tfa": [code.as_str()]});
    let codes = watched.send("POST", PROFILE, &confirm, Some(ann)).await.expect(200).json();
    let codes = codes["tfa"].as_array().expect("codes").iter();
    let codes: Vec<String> = codes.map(|it| it.as_str().expect("a code").to_owned()).collect();
    let publish = of(Publish::of("mine", "1.1.0").to(watched.addr), Some(ann));
    publish.header("npm-otp", &codes[0]).send().await.expect(201);
    let secret = url.split("secret=").nth(1).and_then(|it| it.split('&').next());
    let secret = secret.expect("a secret").to_owned();
    codes.into_iter().chain([new.to_owned(), code, secret]).collect()
}

/// A token in a wrong place, in a path that would be a package's, stays here.
#[tokio::test]
async fn what_looks_like_a_token_is_asked_of_no_upstream() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).start().await;
    let token = "npm_0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX2yZ3aB4cD5";
    let paths = BY_PLACE.iter().chain(&ANYWHERE).filter(|path| !path.contains('?'));
    for path in paths {
        for (method, spelling) in [("GET", token.to_owned()), ("HEAD", escaped(token))] {
            let path = path.replace("TOKEN", &spelling);
            Request::new(nopar.addr(), method, &path).send().await;
        }
    }
    nopar.get(&format!("/{token}")).await.expect(404);
    for seen in upstream.requests() {
        assert!(!decoded(&seen.path).iter().any(|path| path.contains(token)), "{}", seen.path);
    }
}

#[tokio::test]
async fn no_secret_is_in_the_log_at_any_level() {
    for level in ["debug", "trace"] {
        let watched = Watched::start(level).await;
        let secrets = use_secrets(&watched).await;
        watched.binary.signal("TERM");
        let ended = watched.binary.ended().await;
        assert!(ended.stderr.contains("/-/user/token/[redacted]"), "{}", ended.stderr);
        for text in decoded(&(ended.stderr + &ended.stdout)) {
            for secret in &secrets {
                let line = text.lines().find(|line| line.contains(secret.as_str()));
                assert!(line.is_none(), "{level}: {secret} is in {line:?}");
            }
        }
    }
}
