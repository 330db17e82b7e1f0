//! Users see to their own affairs: their profile, password, second factor and tokens, as npm asks for it.
//! Knows nothing of what they may do with packages.

mod command;
mod open;
mod passwords;
mod profile;
mod second_factor;
mod sign_up;
mod tokens;
mod web_login;

pub(crate) use second_factor::{App, code_of, enabled};
pub(crate) use web_login::{begun, fetched, hidden, page_of};

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::binary::{Binary, PROGRAM};
use crate::support::client::{Request, Response};
use crate::support::nopar::TestNopar;
use crate::support::publish::{basic, send};
use crate::support::upstream::FakeUpstream;

/// The password of everybody, so far.
pub(crate) const PASSWORD: &str = "correct horse";

const PROFILE: &str = "/-/npm/v1/user";
const TOKENS: &str = "/-/npm/v1/tokens";

/// `nopar user …` for a registry directory, with this on standard input; what it said.
pub(crate) async fn user(registry: &Path, arguments: &str, input: &str) -> String {
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(format!("printf '%s' \"$INPUT\" | {PROGRAM} user {arguments}"));
    let registry = registry.to_str().expect("a path in UTF-8");
    let env = [("NOPAR_REGISTRY_PATH", registry), ("INPUT", input)];
    let folder = tempfile::tempdir().expect("a directory");
    let ended = Binary::start_as(folder, shell, &env).ended().await;
    assert!(ended.success, "{arguments}: {}", ended.stderr);
    ended.stdout
}

/// A NOPAR whose users are ann and bob.
pub(crate) async fn with_users() -> (FakeUpstream, TestNopar) {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).env("NOPAR_AUTH", "users").stopped_clock();
    let nopar = nopar.start().await;
    for name in ["ann", "bob"] {
        let email = format!("add {name} --email {name}@acme.example");
        user(nopar.registry_path(), &email, PASSWORD).await;
    }
    (upstream, nopar)
}

/// Logs in; what goes into `Authorization`.
pub(crate) async fn log_in(nopar: &TestNopar, name: &str, password: &str) -> String {
    let answer = logging_in(nopar, name, password).send().await.expect(201);
    format!("Bearer {}", text(&answer.json()["token"]))
}

fn logging_in(nopar: &TestNopar, name: &str, password: &str) -> Request {
    let body = json!({"name": name, "password": password, "type": "user", "roles": []});
    send(nopar.addr(), "PUT", &format!("/-/user/org.couchdb.user:{name}"), &body)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// A GET by who shows this.
pub(crate) async fn get(nopar: &TestNopar, path: &str, authorization: &str) -> Response {
    nopar.request(path).header("Authorization", authorization).send().await
}

/// A POST by who shows this.
fn posting(nopar: &TestNopar, path: &str, authorization: &str, body: &Value) -> Request {
    send(nopar.addr(), "POST", path, body).header("Authorization", authorization)
}

async fn post(nopar: &TestNopar, path: &str, authorization: &str, body: &Value) -> Response {
    posting(nopar, path, authorization, body).send().await
}

/// A new token with these members beside the password.
async fn create(nopar: &TestNopar, authorization: &str, members: &Value) -> Response {
    let mut body = members.clone();
    body["password"] = PASSWORD.into();
    post(nopar, TOKENS, authorization, &body).await
}

fn revoking(nopar: &TestNopar, authorization: &str, key: &str) -> Request {
    let request = Request::new(nopar.addr(), "DELETE", &format!("{TOKENS}/token/{key}"));
    request.header("Authorization", authorization)
}

/// Whether somebody is let in by this.
pub(crate) async fn is_good(nopar: &TestNopar, authorization: &str) -> bool {
    match get(nopar, "/-/whoami", authorization).await.status {
        200 => true,
        401 => false,
        other => panic!("{other}"),
    }
}

/// What ann's user is shown of herself.
async fn profile(nopar: &TestNopar, authorization: &str) -> Value {
    get(nopar, PROFILE, authorization).await.expect(200).json()
}

fn anns_password() -> String {
    basic("ann", PASSWORD)
}
