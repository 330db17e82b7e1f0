//! Logins, tokens, passwords, second factors, users.
//! Knows nothing of packages.

use super::*;
use crate::support::publish::basic;
use crate::trust::exchange;
use crate::users::code_of;

const PROFILE: &str = "/-/npm/v1/user";
const TOKENS: &str = "/-/npm/v1/tokens";

/// The key of what goes into `Authorization`, as its user sees it.
async fn key_of(watched: &Watched, authorization: &str) -> String {
    let listed = watched.bare("GET", TOKENS, Some(authorization)).await.expect(200).json();
    listed["objects"][0]["key"].as_str().expect("a key").to_owned()
}

#[tokio::test]
async fn a_login_and_one_that_fails_and_a_log_out_are_one_line_each() {
    let mut watched = Watched::start("info").await;
    let ann = watched.comes("ann").await;
    let key = format!("token=\"{}\"", key_of(&watched, &ann).await);
    watched.log_in("ann", "a guess").await.expect(401);
    watched.line("login refused who=\"ann\" ", &["why=\"the user"]).await;
    watched.log_in("nobody", "a guess").await.expect(401);
    watched.line("login refused who=\"nobody\" ", &["why="]).await;
    // Who shows a password with a request logs in each time; what is told of is the guesses.
    let right = basic("ann", &password("ann"));
    watched.bare("GET", "/-/whoami", Some(&right)).await.expect(200);
    for path in ["/-/whoami", "/-/package/open/visibility", "/@acme%2fx"] {
        watched.bare("GET", path, Some(&basic("bob", "a guess"))).await;
        watched.line("login refused who=\"bob\" ", &["why="]).await;
    }
    let token = ann.strip_prefix("Bearer ").expect("a token").to_owned();
    let path = format!("/-/user/token/{token}");
    watched.bare("DELETE", &path, Some(&ann)).await.expect(200);
    watched.line("logout ok who=\"ann\" ", &[&key]).await;
    watched.bare("DELETE", &path, Some(&ann)).await.expect(404);
    watched.line("logout refused who=\"-\" ", &["why="]).await;
    let said = watched.end().await;
    assert!(!said.contains(&token) && !said.contains("guess"), "{said}");
}

/// What somebody calls themselves is a text in quotes.
#[tokio::test]
async fn a_name_writes_no_line_of_its_own() {
    let mut watched = Watched::start("info").await;
    let body = json!({"password": "a guess"});
    let name = "org.couchdb.user:a%22%20from=%22x%e2%80%a8%e2%80%ae";
    watched.send("PUT", &format!("/-/user/{name}"), &body, None).await.expect(401);
    let expected = r#"login refused who="a\" from=\"x\u{2028}\u{202e}" from="127.0.0.1""#;
    watched.line(expected, &[]).await;
    let long = "a".repeat(214);
    watched.log_in(&long, "a guess").await.expect(401);
    watched.line("login refused", &[&long]).await;
    watched.end().await;
}

#[tokio::test]
async fn a_token_that_is_made_or_revoked_is_one_line_each() {
    let mut watched = Watched::start("info").await;
    let ann = watched.comes("ann").await;
    let body = json!({"password": password("ann"), "name": "ci"});
    let made = watched.send("POST", TOKENS, &body, Some(&ann)).await.expect(200).json();
    let key = made["key"].as_str().expect("a key").to_owned();
    let part = format!("token=\"{key}\"");
    watched.line("token-create ok who=\"ann\" ", &[&part]).await;
    let wrong = json!({"password": "a guess"});
    watched.send("POST", TOKENS, &wrong, Some(&ann)).await.expect(401);
    watched.line("token-create refused who=\"ann\" ", &["why=\"the password is not"]).await;
    watched.send("POST", TOKENS, &wrong, None).await.expect(401);
    watched.line("token-create refused who=\"-\" ", &["logged in"]).await;
    let path = format!("{TOKENS}/token/{key}");
    watched.bare("DELETE", &path, Some(&ann)).await.expect(200);
    watched.line("token-revoke ok who=\"ann\" ", &[&part]).await;
    watched.bare("DELETE", &path, Some(&ann)).await.expect(404);
    watched.line("token-revoke refused who=\"ann\" ", &["why="]).await;
    let said = watched.end().await;
    assert!(!said.contains(made["token"].as_str().expect("a token")), "{said}");
}

#[tokio::test]
async fn a_job_s_exchange_is_one_line_whether_or_not_it_gets_a_token() {
    let mut watched = Watched::start("info").await;
    let token = watched.issuer.token(&json!({}));
    let given = exchange(watched.addr, "@acme/ui", &token).send().await.expect(201).json();
    let given = given["token"].as_str().expect("a token").to_owned();
    let parts = ["package=\"@acme/ui\"", "may=\"publish @acme/ui\"", "claim.repository=", "token="];
    watched.line("token-exchange ok who=\"oidc:", &parts).await;
    exchange(watched.addr, "@acme/ui", &token).send().await.expect(403);
    watched.line("token-exchange refused who=\"-\" ", &["used for this package before"]).await;
    exchange(watched.addr, "left", "npm_none").send().await.expect(401);
    watched.line("token-exchange refused who=\"-\" ", &["package=\"left\"", "why="]).await;
    let said = watched.end().await;
    assert!(!said.contains(&token) && !said.contains(&given) && !said.contains("npm_none"));
}

#[tokio::test]
async fn what_users_change_of_themselves_is_one_line_each() {
    let mut watched = Watched::start("info").await;
    let ann = watched.comes("ann").await;
    watched.send("POST", PROFILE, &json!({"fullname": "Ann"}), Some(&ann)).await.expect(200);
    watched.line("profile ok who=\"ann\" ", &[]).await;
    watched.send("POST", PROFILE, &json!({"fullname": 7}), Some(&ann)).await.expect(400);
    watched.line("profile refused who=\"ann\" ", &["why=\"fullname is not a text\""]).await;
    let change = |old: &str| json!({"password": {"old": old, "new": "battery staple"}});
    watched.send("POST", PROFILE, &change("a guess"), Some(&ann)).await.expect(401);
    watched.line("password refused who=\"ann\" ", &["why="]).await;
    watched.send("POST", PROFILE, &change(&password("ann")), Some(&ann)).await.expect(200);
    watched.line("password ok who=\"ann\" ", &["tokens_ended=\"0\""]).await;

    let mode = |mode: &str| json!({"tfa": {"password": "battery staple", "mode": mode}});
    let begun = watched.send("POST", PROFILE, &mode("auth-only"), Some(&ann)).await.expect(200);
    watched.line("second-factor ok who=\"ann\" ", &["what=\"begun\""]).await;
    let url = begun.json()["tfa"].as_str().expect("a URL").to_owned();
    watched.send("POST", PROFILE, &json!({"tfa": ["abcdef"]}), Some(&ann)).await.expect(400);
    watched.line("second-factor refused who=\"ann\" ", &["why="]).await;
    let confirm = json!({"tfa": [code_of(&url)]});
    watched.send("POST", PROFILE, &confirm, Some(&ann)).await.expect(200);
    watched.line("second-factor ok who=\"ann\" ", &["what=\"confirmed\""]).await;
    watched.send("POST", PROFILE, &mode("disable"), Some(&ann)).await.expect(401);
    watched.line("second-factor refused who=\"ann\" ", &["one-time password"]).await;
    watched.log_in("ann", "battery staple").await.expect(401);
    watched.line("login refused who=\"ann\" ", &["one-time password"]).await;
    watched.end().await;
}

/// `nopar user`, to where NOPAR's log goes; to standard error where that is no file yet.
#[tokio::test]
async fn users_who_are_added_changed_and_removed_are_one_line_each() {
    let folder = tempfile::tempdir().expect("a directory");
    let (registry, log) = (folder.path().join("registry"), folder.path().join("nopar.log"));
    let [to, file] = [&registry, &log].map(|it| it.to_str().expect("a path in UTF-8"));
    let run = async |arguments: &str| {
        let mut shell = Command::new("/bin/sh");
        shell.arg("-c").arg(format!("echo 'correct horse' | {PROGRAM} user {arguments}"));
        let env = [("NOPAR_REGISTRY_PATH", to), ("NOPAR_LOGFILE", file)];
        let ended = Binary::start_as(tempfile::tempdir().expect("a directory"), shell, &env);
        ended.ended().await
    };
    let lines = |text: &str| -> Vec<String> {
        let lines = text.lines().filter_map(|line| line.split_once(TRAIL));
        lines.map(|(_, line)| line.to_owned()).collect()
    };
    let ended = run("add ann").await;
    assert!(ended.success && !log.exists(), "{}", ended.stderr);
    let said = lines(&ended.stderr);
    assert_eq!(said.len(), 1, "{}", ended.stderr);
    assert!(said[0].starts_with("user-add ok who=\"uid "), "{said:?}");
    assert!(said[0].ends_with(" from=\"command\" user=\"ann\""), "{said:?}");

    std::fs::write(&log, "").expect("a log");
    for arguments in ["passwd ann", "add Ann", "ls", "rm ann", "rm ann"] {
        let ended = run(arguments).await;
        assert!(!ended.stderr.contains(TRAIL), "{}", ended.stderr);
    }
    let text = std::fs::read_to_string(&log).expect("a log");
    let said = lines(&text);
    assert_eq!(said.len(), 2, "{text}");
    assert!(said[0].starts_with("password ok ") && said[1].starts_with("user-remove ok "));
    assert!(said.iter().all(|line| line.ends_with("user=\"ann\" tokens_ended=\"0\"")), "{text}");
    assert!(!text.contains("correct horse"));
}
