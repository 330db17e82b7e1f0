//! What cannot be done is told as failed, what is done as done.
//! Knows nothing of what clients are told.

use std::fs;

use super::*;

/// A login by a page that waits for its first form: its path.
async fn begun(watched: &Watched) -> String {
    let begun = watched.send("POST", "/-/v1/login", &json!({}), None).await.expect(200).json();
    let url = begun["loginUrl"].as_str().expect("a URL");
    url.strip_prefix(&format!("http://{}", watched.addr)).expect("an address of its own").to_owned()
}

async fn posted(watched: &Watched, page: &str, form: &str) -> Response {
    let request = Request::new(watched.addr, "POST", page);
    let request = request.header("Content-Type", "application/x-www-form-urlencoded");
    request.body(form.to_owned()).send().await
}

/// They were `refused`, as if somebody had guessed.
#[tokio::test]
async fn what_fails_behind_an_answer_of_its_own_is_no_refusal() {
    let mut watched = Watched::start("info").await;
    let page = begun(&watched).await;
    posted(&watched, &page, "user=ann&password=a+guess").await.expect(401);
    watched.line("login refused who=\"ann\" ", &["why=\"the user"]).await;
    let users = watched.own().join("users.json");
    let kept = fs::read(&users).expect("users");
    fs::write(&users, "{").expect("damage");
    posted(&watched, &page, "user=ann&password=a+guess").await.expect(500);
    watched.line("login failed who=\"ann\" ", &["why=\"the registry"]).await;
    fs::write(&users, kept).expect("a good copy");

    let tokens = watched.own().join("tokens");
    fs::write(&tokens, "in the way").expect("a file");
    let token = watched.issuer.token(&json!({}));
    crate::trust::exchange(watched.addr, "@acme/ui", &token).send().await.expect(500);
    let parts = ["package=\"@acme/ui\"", "why=\"the registry"];
    watched.line("token-exchange failed who=\"-\" ", &parts).await;
    watched.end().await;
}

/// It was told as if there were none.
#[tokio::test]
async fn an_account_is_told_of_although_the_login_that_made_it_fails() {
    let mut watched = Watched::start_with("info", &[("NOPAR_SIGN_UP", "yes")]).await;
    let tokens = watched.own().join("tokens");
    fs::write(&tokens, "in the way").expect("a file");
    watched.log_in("joe", "correct horse").await.expect(500);
    let line = watched.line("user-add ok who=\"joe\" ", &[]).await;
    assert!(!line.contains("why="), "{line}");
    fs::remove_file(&tokens).expect("it is gone");
    watched.log_in("joe", "correct horse").await.expect(201);
    watched.line("login ok who=\"joe\" ", &["token="]).await;
    watched.log_in("Joe", "correct horse").await.expect(403);
    watched.line("user-add refused who=\"Joe\" ", &["why="]).await;
    watched.end().await;
}
