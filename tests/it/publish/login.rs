//! Logging in and out: tokens that open, name their owner, and end.
//! Knows nothing of packages, but that somebody publishes them.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::{alone, done, packument, stored};
use crate::support::binary::Binary;
use crate::support::client::{Request, Response, get};
use crate::support::nopar::files_below;
use crate::support::publish::{Publish, basic, refusal, send};
use crate::support::upstream::FakeUpstream;

/// The password of everybody.
const PASSWORD: &str = "secret";

fn path(user: &str) -> String {
    format!("/-/user/org.couchdb.user:{user}")
}

/// What npm sends to log in.
fn body(user: &str, password: &str) -> Value {
    json!({
        "_id": format!("org.couchdb.user:{user}"),
        "name": user,
        "password": password,
        "email": format!("{user}@mail.example"),
        "type": "user",
        "roles": [],
        "date": "2026-11-28T11:35:00.000Z",
    })
}

fn token_of(answer: &Response) -> String {
    let token = answer.json()["token"].as_str().map(str::to_owned);
    let token = token.unwrap_or_else(|| panic!("no token: {}", answer.text()));
    assert!(token.len() >= 20, "a token that can be guessed: {token}");
    token
}

/// What asks for a token.
pub(super) fn logging_in(addr: SocketAddr, user: &str) -> Request {
    send(addr, "PUT", &path(user), &body(user, PASSWORD))
}

/// Logs a new user in; what goes into `Authorization`.
pub(super) async fn login(addr: SocketAddr, user: &str) -> String {
    let answer = logging_in(addr, user).send().await.expect(201);
    format!("Bearer {}", token_of(&answer))
}

pub(super) async fn whoami(addr: SocketAddr, authorization: &str) -> Response {
    let request = Request::get(addr, "/-/whoami").header("Authorization", authorization);
    request.send().await
}

pub(super) fn logout(addr: SocketAddr, authorization: &str) -> Request {
    let token = authorization.strip_prefix("Bearer ").expect("a token");
    let request = Request::new(addr, "DELETE", &format!("/-/user/token/{token}"));
    request.header("Authorization", authorization)
}

/// A token is given once, to be kept by nobody on the way; it tells who shows it.
#[tokio::test]
async fn a_token_tells_who_shows_it() {
    let (upstream, mut nopar) = alone().await;
    let request = send(nopar.addr(), "PUT", &path("ann"), &body("ann", PASSWORD));
    let answer = request.send().await.expect(201);
    let control = answer.header("cache-control").unwrap_or_default();
    assert!(control.contains("no-store"), "{control:?}");
    assert!(answer.json()["ok"].is_string(), "{}", answer.text());
    let ann = format!("Bearer {}", token_of(&answer));
    let bob = login(nopar.addr(), "bob").await;
    assert_ne!(ann, bob);
    for _ in ["before", "after the restart"] {
        for (token, name) in [(&ann, "ann"), (&bob, "bob")] {
            let answer = whoami(nopar.addr(), token).await.expect(200);
            assert_eq!(answer.json(), json!({"username": name}));
            let control = answer.header("cache-control").unwrap_or_default();
            assert!(control.contains("no-store"), "{control:?}");
        }
        nopar.restart().await;
    }
    assert_eq!(upstream.count_all(), 0);
    assert_eq!(stored(nopar.registry_path()), [""; 0], "no user is a package");
}

/// Without a token, or with one of nobody, there is nobody: a 401 that npm does not take for a question.
#[tokio::test]
async fn nobody_is_nobody() {
    let (_upstream, nopar) = alone().await;
    let token = login(nopar.addr(), "ann").await;
    let anonymous = get(nopar.addr(), "/-/whoami").await;
    refusal(&anonymous, &[401], "none");
    assert!(!anonymous.text().contains("one-time pass"), "npm would ask for one");
    let cut = &token[..token.len() - 1];
    for wrong in ["Bearer npm_nobodys", "Bearer ", "Bearer", "Digest x", cut, &format!("{token}x")]
    {
        refusal(&whoami(nopar.addr(), wrong).await, &[400, 401], wrong);
    }
    let twice = Request::get(nopar.addr(), "/-/whoami").header("Authorization", &token);
    let twice = twice.header("Authorization", &token).send().await;
    refusal(&twice, &[400, 401], "two of them");
}

/// Reading needs nobody: a token of nobody is no reason to keep a package back.
#[tokio::test]
async fn a_reader_may_be_anybody() {
    let (_upstream, nopar) = alone().await;
    Publish::of("x", "1.0.0").succeed(nopar.addr()).await;
    for path in [
        "/x",
        "/x/-/x-1.0.0.tgz",
        "/-/package/x/dist-tags",
        "/-/package/x/visibility",
        "/-/package/x/access",
        "/-/package/x/collaborators",
        "/-/package/x/owners",
        "/-/user/ann/package",
        "/-/_view/starredByUser?key=%22ann%22",
    ] {
        for wrong in ["Bearer npm_nobodys", "Basic bm8="] {
            let request = Request::get(nopar.addr(), path).header("Authorization", wrong);
            request.send().await.expect(200);
        }
    }
}

/// Who publishes with a token is the publisher, and the first one the owner.
#[tokio::test]
async fn the_publisher_is_who_shows_the_token() {
    let (_upstream, nopar) = alone().await;
    for (user, version) in [("ann", "1.0.0"), ("bob", "1.1.0")] {
        let token = login(nopar.addr(), user).await;
        let publish = Publish::of("x", version).to(nopar.addr());
        done(&publish.header("Authorization", token).send().await, user);
    }
    let document = packument(nopar.addr(), "x").await;
    assert_eq!(document["versions"]["1.0.0"]["_npmUser"]["name"], "ann");
    assert_eq!(document["versions"]["1.1.0"]["_npmUser"]["name"], "bob");
    let owners = document["maintainers"].as_array().expect("owners");
    assert_eq!((owners.len(), &owners[0]["name"]), (1, &json!("ann")));
}

/// Name and password in each request do as well.
#[tokio::test]
async fn basic_credentials_name_the_publisher() {
    let (_upstream, nopar) = alone().await;
    login(nopar.addr(), "ann").await;
    let authorization = basic("ann", PASSWORD);
    let answer = whoami(nopar.addr(), &authorization).await.expect(200);
    assert_eq!(answer.json()["username"], "ann");
    let publish = Publish::of("x", "1.0.0").to(nopar.addr());
    done(&publish.header("Authorization", authorization).send().await, "ann");
    let document = packument(nopar.addr(), "x").await;
    assert_eq!(document["versions"]["1.0.0"]["_npmUser"]["name"], "ann");
}

/// A token that was given back opens nothing any more, also after a restart; others still do.
#[tokio::test]
async fn a_token_ends_with_the_logout() {
    let (_upstream, mut nopar) = alone().await;
    let (ann, bob) = (login(nopar.addr(), "ann").await, login(nopar.addr(), "bob").await);
    done(&logout(nopar.addr(), &ann).send().await.expect(200), "logout");
    for _ in ["before", "after the restart"] {
        refusal(&whoami(nopar.addr(), &ann).await, &[401], "whoami");
        let publish = Publish::of("x", "1.0.0").to(nopar.addr());
        let answer = publish.header("Authorization", &ann).send().await;
        refusal(&answer, &[401], "publish");
        whoami(nopar.addr(), &bob).await.expect(200);
        nopar.restart().await;
    }
    // Once more: it is gone already, and who shows it is not asked for another one.
    refusal(&logout(nopar.addr(), &ann).send().await, &[404], "again");
    // Whoever knows a token may end it, and npm shows the one that it has.
    let path = format!("/-/user/token/{}", bob.strip_prefix("Bearer ").expect("a token"));
    let request = Request::new(nopar.addr(), "DELETE", &path).header("Authorization", &ann);
    request.send().await.expect(200);
    refusal(&whoami(nopar.addr(), &bob).await, &[401], "bob's");
}

/// npm sends the token of its `.npmrc` along with a login: one that has ended, or is of another registry, is in
/// nobody's way.
#[tokio::test]
async fn a_login_needs_no_good_token() {
    let (_upstream, nopar) = alone().await;
    let dead = login(nopar.addr(), "ann").await;
    logout(nopar.addr(), &dead).send().await.expect(200);
    for shown in [dead.as_str(), "Bearer npm_nobodys", "Bearer", "Basic bm8=", "Digest x"] {
        let with = |request: Request| request.header("Authorization", shown).send();
        let web = send(nopar.addr(), "POST", "/-/v1/login", &json!({}));
        refusal(&with(web).await, &[404], shown);
        with(Request::get(nopar.addr(), &path("ann"))).await.expect(200);
        let session = json!({"name": "ann", "password": PASSWORD});
        with(send(nopar.addr(), "POST", "/_session", &session)).await.expect(200);
        let again = send(nopar.addr(), "PUT", &path("ann"), &body("ann", PASSWORD));
        let token = token_of(&with(again).await.expect(201));
        let authorization = format!("Bearer {token}");
        whoami(nopar.addr(), &authorization).await.expect(200);
        refusal(&whoami(nopar.addr(), shown).await, &[401], shown);
    }
}

/// What `npm login` does for somebody who is known: read the user, then log in again by name and password.
#[tokio::test]
async fn a_known_user_logs_in_again() {
    let (_upstream, nopar) = alone().await;
    let first = login(nopar.addr(), "ann").await;
    let again = send(nopar.addr(), "PUT", &path("ann"), &body("ann", PASSWORD)).send().await;
    let second = match again.status {
        201 => again,
        _ => {
            refusal(&again, &[409], "a known user");
            let user = get(nopar.addr(), &format!("{}?write=true", path("ann"))).await;
            let rev = user.expect(200).json()["_rev"].as_str().unwrap_or("undefined").to_owned();
            let at = format!("{}/-rev/{rev}", path("ann"));
            let request = send(nopar.addr(), "PUT", &at, &body("ann", PASSWORD));
            let request = request.header("Authorization", basic("ann", PASSWORD));
            request.send().await.expect(201)
        }
    };
    let second = format!("Bearer {}", token_of(&second));
    assert_ne!(first, second);
    for token in [&first, &second] {
        assert_eq!(whoami(nopar.addr(), token).await.expect(200).json()["username"], "ann");
    }
}

/// A user can be looked up, as `npm owner add` does; of the password nothing is told.
#[tokio::test]
async fn a_user_is_told_without_secrets() {
    let (upstream, nopar) = alone().await;
    login(nopar.addr(), "ann").await;
    let answer = get(nopar.addr(), &path("ann")).await.expect(200);
    let user = answer.json();
    assert_eq!((&user["name"], user["email"].is_string()), (&json!("ann"), true), "{user}");
    assert!(!answer.text().contains(PASSWORD) && user.get("token").is_none(), "{user}");
    assert_eq!(upstream.count_all(), 0);
}

/// The body's user is the path's, and a name is one that can be kept.
#[tokio::test]
async fn wrong_logins_are_refused() {
    let (_upstream, nopar) = alone().await;
    let answer = send(nopar.addr(), "PUT", &path("ann"), &body("bob", PASSWORD)).send().await;
    refusal(&answer, &[400, 401, 403, 422], "another name");
    for body in [json!([]), json!("ann"), json!(null), json!({"name": 1}), json!({"password": []})]
    {
        let answer = send(nopar.addr(), "PUT", &path("ann"), &body).send().await;
        refusal(&answer, &[400, 401, 422], &body.to_string());
    }
    for name in ["..%2f..%2fx", "%00", "a%0ab", ""] {
        let answer = send(nopar.addr(), "PUT", &path(name), &body(name, PASSWORD)).send().await;
        refusal(&answer, &[400, 401, 403, 404, 405, 422], name);
    }
    assert_eq!(stored(nopar.registry_path()), [""; 0]);
}

/// What other ways of logging in are told, so that clients go on with the one there is.
#[tokio::test]
async fn other_ways_of_logging_in_are_answered() {
    let (upstream, nopar) = alone().await;
    for body in [json!({}), json!({"create": true})] {
        let answer = send(nopar.addr(), "POST", "/-/v1/login", &body).send().await;
        refusal(&answer, &[404], "by the web");
    }
    let session = json!({"name": "ann", "password": PASSWORD});
    let answer = send(nopar.addr(), "POST", "/_session", &session).send().await.expect(200);
    assert_eq!(answer.json()["ok"], true);
    assert_eq!(upstream.count_all(), 0);
}

/// No file holds a token or a password as it is.
#[tokio::test]
async fn no_file_holds_a_secret() {
    let (_upstream, nopar) = alone().await;
    let password = "correct-horse-battery-staple";
    let request = send(nopar.addr(), "PUT", &path("ann"), &body("ann", password));
    let token = token_of(&request.send().await.expect(201));
    for file in files_below(nopar.home()) {
        let bytes = std::fs::read(nopar.home().join(&file)).unwrap_or_default();
        for secret in [password, token.as_str()] {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{file} holds {secret}");
        }
    }
}

/// `npm logout` names the token in the path: it is not in the log.
#[tokio::test]
async fn a_token_is_not_logged() {
    let upstream = FakeUpstream::start().await;
    let (binary, addr) = Binary::serving(&upstream.url(), &[]).await;
    let authorization = login(addr, "ann").await;
    whoami(addr, &authorization).await.expect(200);
    logout(addr, &authorization).send().await.expect(200);
    let line = binary.says("DELETE /-/user/token/").await;
    let token = authorization.strip_prefix("Bearer ").expect("a token");
    assert!(line.contains(" 200 "), "{line}");
    assert!(!binary.stderr().contains(token), "{}", binary.stderr());
    assert!(!binary.stderr().contains(PASSWORD), "{}", binary.stderr());
}
