//! `npm login` by a page: a client begins, a person confirms in a browser, the client fetches a token.
//! Knows nothing of accounts that people make for themselves.

mod crowd;
mod page;
mod second_factor;

use std::time::Duration;

use serde_json::{Value, json};
use url::form_urlencoded;

use super::*;
use crate::support::binary::Binary;
use crate::support::publish::refusal;

/// How long a login waits.
const LASTS: Duration = Duration::from_secs(300);

/// A login that a client has begun: the paths of its page, and of what it asks.
pub(crate) struct Begun {
    pub(crate) page: String,
    pub(crate) done: String,
}

/// What begins a login, as npm sends it.
pub(super) fn beginning(nopar: &TestNopar, body: &Value) -> Request {
    let request = send(nopar.addr(), "POST", "/-/v1/login", body);
    request.header("User-Agent", "npm/12.0.0 node/v26.0.0 linux x64")
}

/// Begins a login.
pub(crate) async fn begun(nopar: &TestNopar, body: &Value) -> Begun {
    let answer = beginning(nopar, body).send().await.expect(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let path = |key: &str| {
        let url = text(&answer.json()[key]);
        let path = url.strip_prefix(&nopar.url()).map(str::to_owned);
        path.unwrap_or_else(|| panic!("{url} is not below {}", nopar.url()))
    };
    Begun { page: path("loginUrl"), done: path("doneUrl") }
}

/// A form that somebody has filled in.
pub(super) fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// A POST of a form by a browser, from a page of NOPAR's own.
pub(super) fn posted(nopar: &TestNopar, page: &str, fields: &[(&str, &str)]) -> Request {
    let request = nopar.request(page).method("POST").header("Origin", nopar.url());
    let request = request.header("Sec-Fetch-Site", "same-origin");
    request.header("Content-Type", "application/x-www-form-urlencoded").body(form(fields))
}

/// The same, by a user and a password.
pub(super) async fn confirm(nopar: &TestNopar, page: &str, user: &str, password: &str) -> Response {
    posted(nopar, page, &[("user", user), ("password", password)]).send().await
}

/// The value of a hidden field.
pub(crate) fn hidden(page: &Response, name: &str) -> String {
    let text = page.text();
    let after = text.split(&format!("name=\"{name}\" value=\"")).nth(1);
    let value = after.and_then(|rest| rest.split('"').next());
    value.unwrap_or_else(|| panic!("no {name} in {text}")).to_owned()
}

/// Fails unless that is a page of this status; its text.
#[track_caller]
pub(crate) fn page_of(answer: &Response, status: u16) -> String {
    let text = answer.text();
    assert_eq!(answer.status, status, "{text}");
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"), "{text}");
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{text}");
    let policy = answer.header("content-security-policy").unwrap_or_default();
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    text
}

/// Fetches the token of a login that is confirmed; what goes into `Authorization`.
pub(crate) async fn fetched(nopar: &TestNopar, done: &str) -> String {
    let answer = nopar.get(done).await.expect(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    format!("Bearer {}", text(&answer.json()["token"]))
}

async fn tokens(nopar: &TestNopar) -> Value {
    get(nopar, TOKENS, &anns_password()).await.expect(200).json()["total"].clone()
}

#[tokio::test]
async fn a_login_that_is_confirmed_on_the_page_gives_its_client_a_token_once() {
    let (upstream, nopar) = with_users().await;
    let login = begun(&nopar, &json!({"hostname": "laptop"})).await;
    let waits = nopar.get(&login.done).await.expect(202);
    assert_eq!((waits.json(), waits.header("retry-after")), (json!({}), Some("2")));
    assert_eq!(waits.header("cache-control"), Some("no-store"));
    let page = page_of(&nopar.get(&login.page).await, 200);
    for part in ["127.0.0.1", "laptop", "npm/12.0.0 node/v26.0.0 linux x64", "close this page"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains(login.done.rsplit('/').next().expect("a secret")), "{page}");

    let confirmed = page_of(&confirm(&nopar, &login.page, "ann", PASSWORD).await, 200);
    assert!(
        confirmed.contains("Logged in as ann") && confirmed.contains("terminal"),
        "{confirmed}"
    );
    // Nobody has a token until a client comes for it.
    assert_eq!(tokens(&nopar).await, 0);
    let ann = fetched(&nopar, &login.done).await;
    assert_eq!(tokens(&nopar).await, 1);
    let whoami = get(&nopar, "/-/whoami", &ann).await.expect(200);
    assert_eq!(whoami.json(), json!({"username": "ann"}));
    refusal(&nopar.get(&login.done).await, &[404], "once more");
    assert_eq!(tokens(&nopar).await, 1);
    assert_eq!(upstream.count_all(), 0, "{:?}", upstream.requests());
}

/// npm sends along what its `.npmrc` holds, be that of any use or not.
#[tokio::test]
async fn a_token_that_has_ended_keeps_nobody_from_logging_in() {
    let (_upstream, nopar) = with_users().await;
    let old = "Bearer npm_nobodys";
    for body in ["{}", ""] {
        let request = Request::new(nopar.addr(), "POST", "/-/v1/login").body(body);
        let urls = request.header("Authorization", old).send().await.expect(200).json();
        let done = text(&urls["doneUrl"]).replace(&nopar.url(), "");
        get(&nopar, &done, old).await.expect(202);
    }
    for bad in ["[]", "{", "7", "null"] {
        let request = Request::new(nopar.addr(), "POST", "/-/v1/login").body(bad);
        refusal(&request.send().await, &[400], bad);
    }
}

#[tokio::test]
async fn addresses_are_below_the_url_by_which_the_client_came() {
    let upstream = FakeUpstream::start().await;
    let at = TestNopar::with(&upstream).env("NOPAR_AUTH", "users");
    let nopar = at.env("NOPAR_BASE_URL", "https://npm.example/npm").start().await;
    user(nopar.registry_path(), "add ann", PASSWORD).await;
    let urls = beginning(&nopar, &json!({})).send().await.expect(200).json();
    let (page, done) = (text(&urls["loginUrl"]), text(&urls["doneUrl"]));
    let page = page.strip_prefix("https://npm.example/npm/-/v1/login/").expect("a page");
    let done = done.strip_prefix("https://npm.example/npm/-/v1/done/").expect("an address");
    assert_eq!((page.len(), done.len()), (43, 43));
    assert_ne!(page, done);
    // By the way that a proxy comes, with the prefix or without.
    let shown = page_of(&nopar.get(&format!("/npm/-/v1/login/{page}")).await, 200);
    assert!(shown.contains(&format!("action=\"{page}\"")), "{shown}");
    let post = nopar.request(&format!("/-/v1/login/{page}")).method("POST");
    let post = post.header("Origin", "https://npm.example");
    let post = post.body(form(&[("user", "ann"), ("password", PASSWORD)]));
    page_of(&post.send().await, 200);
    fetched(&nopar, &format!("/npm/-/v1/done/{done}")).await;
}

#[tokio::test]
async fn a_login_is_over_after_five_minutes() {
    let (_upstream, nopar) = with_users().await;
    let waits = begun(&nopar, &json!({})).await;
    let confirmed = begun(&nopar, &json!({})).await;
    page_of(&confirm(&nopar, &confirmed.page, "ann", PASSWORD).await, 200);
    nopar.advance(LASTS - Duration::from_secs(1));
    nopar.get(&waits.done).await.expect(202);
    page_of(&nopar.get(&waits.page).await, 200);
    nopar.advance(Duration::from_secs(1));
    for login in [&waits, &confirmed] {
        refusal(&nopar.get(&login.done).await, &[404], "late");
        let page = page_of(&nopar.get(&login.page).await, 404);
        assert!(page.contains("begin it again") && !page.contains("<form"), "{page}");
        page_of(&confirm(&nopar, &login.page, "ann", PASSWORD).await, 404);
    }
    assert_eq!(tokens(&nopar).await, 0);
}

/// Logins wait in memory only.
#[tokio::test]
async fn a_restart_ends_what_waits_and_nothing_is_on_the_disk() {
    let (_upstream, mut nopar) = with_users().await;
    let files = nopar.registry_files();
    let login = begun(&nopar, &json!({})).await;
    page_of(&confirm(&nopar, &login.page, "ann", PASSWORD).await, 200);
    assert_eq!(nopar.registry_files(), files);
    nopar.restart().await;
    refusal(&nopar.get(&login.done).await, &[404], "after the restart");
}

#[tokio::test]
async fn who_has_another_password_or_is_gone_before_the_token_is_fetched_gets_none() {
    let (_upstream, nopar) = with_users().await;
    let logins = [begun(&nopar, &json!({})).await, begun(&nopar, &json!({})).await];
    for (login, name) in logins.iter().zip(["ann", "bob"]) {
        page_of(&confirm(&nopar, &login.page, name, PASSWORD).await, 200);
    }
    // Another one in the file is told by its second.
    user(nopar.registry_path(), "passwd ann", "battery staple").await;
    user(nopar.registry_path(), "rm bob", "").await;
    for login in &logins {
        let answer = nopar.get(&login.done).await;
        let said = refusal(&answer, &[401], "late");
        assert!(!said.contains("one-time pass"), "{said}");
        refusal(&nopar.get(&login.done).await, &[404], "once more");
    }
}

/// Where everybody may log in, nobody has a password for a page: npm asks by itself, as ever.
#[tokio::test]
async fn the_open_mode_has_no_web_login() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).start().await;
    for (method, path) in [
        ("POST", "/-/v1/login"),
        ("GET", "/-/v1/login/abc"),
        ("POST", "/-/v1/login/abc"),
        ("GET", "/-/v1/done/abc"),
    ] {
        let answer = nopar.request(path).method(method).body("{}").send().await;
        if method == "POST" {
            refusal(&answer, &[404], path);
        } else {
            let answer = nopar.get(path).await;
            refusal(&answer, &[404], path);
        }
    }
    assert_eq!(upstream.count_all(), 0);
}

/// Neither in lines of requests nor anywhere else; who logged in is told.
#[tokio::test]
async fn the_log_tells_who_logged_in_and_no_secret() {
    let upstream = FakeUpstream::start().await;
    for level in ["info", "debug"] {
        let env = [("NOPAR_AUTH", "users"), ("NOPAR_LOGLEVEL", level)];
        let (binary, addr) = Binary::serving(&upstream.url(), &env).await;
        user(&binary.folder().join("registry"), "add ann", PASSWORD).await;
        let urls = send(addr, "POST", "/-/v1/login", &json!({})).send().await.expect(200).json();
        let path = |key: &str| text(&urls[key]).replace(&format!("http://{addr}"), "");
        let (page, done) = (path("loginUrl"), path("doneUrl"));
        for path in [&page, &done, &page.replace("/v1/", "%2fv1/"), &format!("{done}?x=1")] {
            Request::get(addr, path).send().await;
        }
        for password in ["a guess", PASSWORD] {
            let fields = form(&[("user", "ann"), ("password", password)]);
            Request::new(addr, "POST", &page).body(fields).send().await;
        }
        let token = text(&Request::get(addr, &done).send().await.expect(200).json()["token"]);
        Request::get(addr, &page).send().await.expect(404);
        Request::get(addr, "/-/ping").send().await.expect(200);
        binary.says("GET /-/ping").await;
        let log = binary.stderr();
        for part in [
            "login refused who=\"ann\" from=\"127.0.0.1\" client=\"127.0.0.1\" why=",
            "login ok who=\"ann\" from=\"127.0.0.1\" client=\"127.0.0.1\"\n",
            "token-create ok who=\"ann\" from=\"127.0.0.1\" token=",
            "GET /-/v1/login/[redacted] 200",
            "POST /-/v1/login/[redacted] 401",
            "GET /-/v1/done/[redacted] 202",
        ] {
            assert!(log.contains(part), "{part}: {log}");
        }
        let secret = |path: &str| path.rsplit('/').next().expect("a secret").to_owned();
        for secret in [secret(&page), secret(&done), token, PASSWORD.to_owned()] {
            assert!(!log.contains(&secret), "at level {level}: {log}");
        }
    }
}
