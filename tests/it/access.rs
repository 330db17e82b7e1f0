//! `NOPAR_AUTH=users`: who logs in, and what the rules let them do.
//! Knows nothing of how users and tokens are kept, beyond the file that users can be brought along in.

mod addresses;
mod case;
mod hidden;
mod login;
mod processes;
mod ready;
mod rules;
mod searching;
mod unread;

use std::fs;
use std::net::SocketAddr;

use argon2::{Argon2, PasswordHasher};
use serde_json::{Value, json};

use crate::support::client::{Request, Response};
use crate::support::nopar::TestNopar;
use crate::support::publish::{Publish, basic, send};
use crate::support::upstream::{Answer, FakeUpstream};

/// The users that there are; the password of each is [`password`].
const USERS: [&str; 4] = ["ann", "bob", "eve", "root"];

/// A rule for private packages, one for an upstream's package, and teams.
const RULES: &str = r#"
[teams]
ui = ["ann"]

[[rule]]
packages = ["@acme/*"]
read = ["team:ui"]
create = ["team:ui"]

[[rule]]
packages = ["restricted"]
read = ["ann"]
"#;

pub(crate) fn password(user: &str) -> String {
    format!("the password of {user}")
}

/// A NOPAR with users, and rules of this file; its clock stands still.
async fn with_users(rules: &str) -> (FakeUpstream, TestNopar) {
    let upstream = FakeUpstream::start().await;
    let nopar = with_users_before(&upstream, rules, &[]).await;
    (upstream, nopar)
}

/// The same before an upstream, with these settings.
pub(crate) async fn with_users_before(
    upstream: &FakeUpstream,
    rules: &str,
    settings: &[(&str, &str)],
) -> TestNopar {
    let mut starting = TestNopar::with(upstream).stopped_clock().file(rules);
    starting = starting.env("NOPAR_AUTH", "users").env("NOPAR_ADMINS", "root");
    for (name, value) in settings {
        starting = starting.env(name, value);
    }
    let nopar = starting.start().await;
    let own = nopar.registry_path().join(".nopar");
    fs::create_dir_all(&own).expect("a directory");
    let users: serde_json::Map<String, Value> =
        USERS.iter().map(|user| ((*user).to_owned(), kept(user))).collect();
    fs::write(own.join("users.json"), json!({"users": users}).to_string()).expect("users");
    nopar
}

/// What is kept of a user.
pub(crate) fn kept(user: &str) -> Value {
    let hash =
        Argon2::default().hash_password_with_salt(password(user).as_bytes(), b"saltsaltsalt");
    let hash = hash.expect("a hash").to_string();
    json!({"password": hash, "email": format!("{user}@acme.example"), "created": 1, "changed": 1})
}

/// What asks for a token, with any password.
fn logging_in(addr: SocketAddr, user: &str, password: &str) -> Request {
    let path = format!("/-/user/org.couchdb.user:{user}");
    send(addr, "PUT", &path, &json!({"name": user, "password": password}))
}

/// Logs a user in; what goes into `Authorization`.
pub(crate) async fn login(addr: SocketAddr, user: &str) -> String {
    let answer = logging_in(addr, user, &password(user)).send().await.expect(201);
    format!("Bearer {}", answer.json()["token"].as_str().expect("a token"))
}

/// A request of somebody, or of nobody in particular.
pub(crate) fn of(request: Request, authorization: Option<&str>) -> Request {
    match authorization {
        Some(authorization) => request.header("Authorization", authorization),
        None => request,
    }
}

async fn ask(addr: SocketAddr, path: &str, authorization: Option<&str>) -> Response {
    of(Request::get(addr, path), authorization).send().await
}

/// Publishes a version of a package as somebody; the status.
async fn publish(addr: SocketAddr, name: &str, version: &str, of_whom: Option<&str>) -> u16 {
    of(Publish::of(name, version).to(addr), of_whom).send().await.status
}
