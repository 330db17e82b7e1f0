//! Accounts that people make for themselves: by the old way of `npm adduser`, and by the page.
//! Knows nothing of how a login goes on from there.

use std::time::Duration;

use serde_json::{Value, json};

use super::web_login::{begun, confirm, fetched, page_of, posted};
use super::*;
use crate::support::publish::{Publish, refusal};

/// A NOPAR where people sign up; ann is a user already.
async fn open_to_all() -> (FakeUpstream, TestNopar) {
    with_setting("yes").await
}

async fn with_setting(sign_up: &str) -> (FakeUpstream, TestNopar) {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).env("NOPAR_AUTH", "users").env("NOPAR_ADMINS", "root");
    let nopar = nopar.env("NOPAR_SIGN_UP", sign_up).stopped_clock().start().await;
    user(nopar.registry_path(), "add ann", PASSWORD).await;
    (upstream, nopar)
}

/// What `npm adduser --auth-type=legacy` sends.
async fn adduser(nopar: &TestNopar, name: &str, password: &str) -> Response {
    let email = format!("{name}@acme.example");
    let body = json!({"name": name, "password": password, "email": email, "type": "user"});
    send(nopar.addr(), "PUT", &format!("/-/user/org.couchdb.user:{name}"), &body).send().await
}

async fn users(nopar: &TestNopar) -> Vec<String> {
    let listed = user(nopar.registry_path(), "ls --json", "").await;
    let name = |line: &str| {
        let row: Value = serde_json::from_str(line).expect("a user in JSON");
        text(&row["user"])
    };
    listed.lines().map(name).collect()
}

fn account<'a>(
    user: &'a str,
    email: &'a str,
    password: &'a str,
    again: &'a str,
) -> [(&'a str, &'a str); 5] {
    [
        ("form", "account"),
        ("user", user),
        ("email", email),
        ("password", password),
        ("again", again),
    ]
}

#[tokio::test]
async fn who_logs_in_under_a_new_name_is_a_user_from_then_on() {
    let (upstream, nopar) = open_to_all().await;
    let token = text(&adduser(&nopar, "joe", PASSWORD).await.expect(201).json()["token"]);
    let joe = format!("Bearer {token}");
    let seen = profile(&nopar, &joe).await;
    assert_eq!((&seen["name"], &seen["email"]), (&json!("joe"), &json!("joe@acme.example")));
    adduser(&nopar, "joe", PASSWORD).await.expect(201);
    refusal(&adduser(&nopar, "joe", "another one").await, &[401], "their password");
    Publish::of("joes", "1.0.0")
        .to(nopar.addr())
        .header("Authorization", &joe)
        .send()
        .await
        .expect(201);
    assert_eq!(users(&nopar).await, ["ann", "joe"]);
    // One of the name of the package has been looked for, and nothing of any user.
    assert!(upstream.requests().iter().all(|it| it.path == "/joes"), "{:?}", upstream.requests());
}

#[tokio::test]
async fn what_nobody_could_be_added_with_is_refused_with_words() {
    let (_upstream, nopar) = open_to_all().await;
    for (name, password, words) in [
        ("joe", "short", "at least 8"),
        ("joe", "", "at least 8"),
        ("-joe", PASSWORD, "begin it with"),
        ("joe%20b", PASSWORD, "use the letters"),
        ("Ann", PASSWORD, "a user of the name ann already"),
        ("root", PASSWORD, "who runs this registry"),
        ("Root", PASSWORD, "who runs this registry"),
    ] {
        let body = json!({"password": password});
        let path = format!("/-/user/org.couchdb.user:{name}");
        let answer = send(nopar.addr(), "PUT", &path, &body).send().await;
        let said = refusal(&answer, &[403], name);
        assert!(said.contains(words), "{name}: {said}");
    }
    assert_eq!(users(&nopar).await, ["ann"]);
}

/// What they published would be theirs.
#[tokio::test]
async fn the_name_of_who_has_left_packages_is_given_to_nobody_else() {
    let (_upstream, nopar) = open_to_all().await;
    let ann = log_in(&nopar, "ann", PASSWORD).await;
    Publish::of("anns", "1.0.0")
        .to(nopar.addr())
        .header("Authorization", &ann)
        .send()
        .await
        .expect(201);
    user(nopar.registry_path(), "rm ann", "").await;
    let said = refusal(&adduser(&nopar, "ann", PASSWORD).await, &[403], "ann");
    assert!(said.contains("who runs this registry"), "{said}");
    assert_eq!(users(&nopar).await, [""; 0]);
}

#[tokio::test]
async fn of_all_who_take_a_name_at_once_one_has_it() {
    let (_upstream, nopar) = open_to_all().await;
    let passwords: Vec<String> = (0..6).map(|number| format!("correct horse {number}")).collect();
    let asking = passwords.iter().map(|password| adduser(&nopar, "joe", password));
    let answers = futures_util::future::join_all(asking).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [201, 401, 403, 429].contains(status)), "{statuses:?}");
    assert_eq!(users(&nopar).await, ["ann", "joe"]);
}

#[tokio::test]
async fn an_address_makes_so_many_in_an_hour() {
    let (_upstream, nopar) = open_to_all().await;
    for number in 0..20 {
        // Without a hash, which would take its time.
        refusal(&adduser(&nopar, &format!("joe{number}"), "short").await, &[403], "short");
    }
    let answer = adduser(&nopar, "joe", PASSWORD).await;
    let said = refusal(&answer, &[429], "one more");
    assert!(said.contains("3600 seconds"), "{said}");
    assert_eq!(answer.header("retry-after"), Some("3600"));
    log_in(&nopar, "ann", PASSWORD).await;
    nopar.advance(Duration::from_secs(3600));
    adduser(&nopar, "joe", PASSWORD).await.expect(201);
}

#[tokio::test]
async fn the_page_makes_an_account_where_a_client_asks_for_one() {
    let (_upstream, nopar) = open_to_all().await;
    let login = begun(&nopar, &json!({"create": true})).await;
    let page = page_of(&nopar.get(&login.page).await, 200);
    assert!(page.contains("New account") && page.contains("name=\"again\""), "{page}");
    for (fields, status, words) in [
        (account("joe", "", PASSWORD, "another"), 400, "not the same"),
        (account("joe", "", "short", "short"), 403, "at least 8"),
        (account("joe", "a b", PASSWORD, PASSWORD), 403, "space"),
        (account("ANN", "x@y", PASSWORD, PASSWORD), 403, "ann already"),
        (account("root", "", PASSWORD, PASSWORD), 403, "who runs this registry"),
    ] {
        let page = page_of(&posted(&nopar, &login.page, &fields).send().await, status);
        assert!(page.contains(words) && page.contains("name=\"again\""), "{page}");
        assert!(page.contains(&format!("value=\"{}\"", fields[1].1)), "{page}");
        assert!(!page.contains(PASSWORD), "{page}");
    }
    nopar.get(&login.done).await.expect(202);
    let fields = account("joe", "joe@acme.example", PASSWORD, PASSWORD);
    let page = page_of(&posted(&nopar, &login.page, &fields).send().await, 200);
    assert!(page.contains("Logged in as joe"), "{page}");
    let seen = profile(&nopar, &fetched(&nopar, &login.done).await).await;
    assert_eq!((&seen["name"], &seen["email"]), (&json!("joe"), &json!("joe@acme.example")));

    // npm 12 has no `adduser`: who is new makes one by the page of `npm login`.
    let login = begun(&nopar, &json!({})).await;
    let page = page_of(&nopar.get(&login.page).await, 200);
    assert!(page.contains("<summary>New here?") && page.contains("name=\"again\""), "{page}");
    let fields = account("eve", "", PASSWORD, PASSWORD);
    page_of(&posted(&nopar, &login.page, &fields).send().await, 200);
    fetched(&nopar, &login.done).await;

    // Who has an account already logs in by the same page.
    let login = begun(&nopar, &json!({"create": true})).await;
    page_of(&confirm(&nopar, &login.page, "ann", PASSWORD).await, 200);
    fetched(&nopar, &login.done).await;
    assert_eq!(users(&nopar).await, ["ann", "eve", "joe"]);
}

#[tokio::test]
async fn without_the_setting_nobody_gets_an_account_and_names_are_told_apart_by_nothing() {
    let (_upstream, nopar) = with_setting("no").await;
    let (wrong, unknown) =
        (adduser(&nopar, "ann", "a guess").await, adduser(&nopar, "joe", "a guess").await);
    refusal(&wrong, &[401], "wrong");
    assert_eq!((wrong.status, &wrong.body), (unknown.status, &unknown.body));
    let headers = |answer: &Response| {
        let is_passing = |name: &str| ["Date", "x-request-id"].contains(&name);
        let others = answer.headers.iter().filter(|(name, _)| !is_passing(name));
        others.map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>()
    };
    assert_eq!(headers(&wrong), headers(&unknown));
    let login = begun(&nopar, &json!({"create": true})).await;
    let page = page_of(&nopar.get(&login.page).await, 200);
    assert!(page.contains("made by who runs this registry"), "{page}");
    assert!(page.contains("name=\"password\"") && !page.contains("name=\"again\""), "{page}");
    let fields = account("joe", "", PASSWORD, PASSWORD);
    let refused = page_of(&posted(&nopar, &login.page, &fields).send().await, 403);
    assert!(refused.contains("made by who runs this registry"), "{refused}");
    page_of(&confirm(&nopar, &login.page, "ann", PASSWORD).await, 200);
    fetched(&nopar, &login.done).await;
    assert_eq!(users(&nopar).await, ["ann"]);
}
