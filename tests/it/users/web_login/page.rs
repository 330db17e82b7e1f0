//! What the page refuses, and how.
//! Knows nothing of second factors.

use super::*;
use crate::web::plain;

#[tokio::test]
async fn a_wrong_password_is_told_on_the_page_and_as_an_unknown_user_is() {
    let (_upstream, nopar) = with_users().await;
    let login = begun(&nopar, &json!({})).await;
    let wrong = confirm(&nopar, &login.page, "ann", "a guess").await;
    let text = page_of(&wrong, 401);
    assert!(text.contains("is not right: type them again"), "{text}");
    assert!(text.contains("name=\"user\" value=\"ann\"") && !text.contains("a guess"), "{text}");
    // A browser that is told of Basic asks by itself.
    assert!(!wrong.header("www-authenticate").unwrap_or_default().contains("Basic"));
    let unknown = confirm(&nopar, &login.page, "joe", "a guess").await;
    page_of(&unknown, 401);
    assert_eq!(plain(&unknown).replace("joe", "ann"), plain(&wrong));
    let nobody = page_of(&confirm(&nopar, &login.page, "", "").await, 400);
    assert!(nobody.contains("it is empty"), "{nobody}");
    nopar.get(&login.done).await.expect(202);
    page_of(&confirm(&nopar, &login.page, "ann", PASSWORD).await, 200);
    fetched(&nopar, &login.done).await;
}

#[tokio::test]
async fn who_guesses_on_the_page_waits_as_anywhere_else() {
    let (_upstream, nopar) = with_users().await;
    for _ in 0..5 {
        // Another page is no other chance, and nor is the other way to log in.
        let login = begun(&nopar, &json!({})).await;
        page_of(&confirm(&nopar, &login.page, "ann", "a guess").await, 401);
    }
    refusal(&logging_in(&nopar, "ann", PASSWORD).send().await, &[429], "the other way");
    let login = begun(&nopar, &json!({})).await;
    let early = confirm(&nopar, &login.page, "ann", PASSWORD).await;
    let text = page_of(&early, 429);
    assert!(text.contains("try again in"), "{text}");
    let wait: u64 = early.header("retry-after").expect("a wait").parse().expect("seconds");
    nopar.advance(Duration::from_secs(wait));
    page_of(&confirm(&nopar, &login.page, "ann", PASSWORD).await, 200);
}

#[tokio::test]
async fn a_link_that_was_used_or_made_up_is_of_no_use() {
    let (_upstream, nopar) = with_users().await;
    let login = begun(&nopar, &json!({})).await;
    page_of(&confirm(&nopar, &login.page, "ann", PASSWORD).await, 200);
    for used in [nopar.get(&login.page).await, confirm(&nopar, &login.page, "bob", PASSWORD).await]
    {
        let text = page_of(&used, 410);
        assert!(text.contains("confirmed already") && !text.contains("<form"), "{text}");
    }
    assert_eq!(
        get(&nopar, "/-/whoami", &fetched(&nopar, &login.done).await).await.json(),
        json!({"username": "ann"})
    );
    let other = begun(&nopar, &json!({})).await;
    for page in [
        login.page.as_str(),
        "/-/v1/login/abc",
        // The one secret is not the other.
        &other.done.replace("done", "login"),
    ] {
        let text = page_of(&nopar.get(page).await, 404);
        assert!(text.contains("npm login") && !text.contains("<form"), "{text}");
        page_of(&confirm(&nopar, page, "ann", PASSWORD).await, 404);
    }
    let mixed = nopar.get(&other.page.replace("login", "done")).await;
    refusal(&mixed, &[404], "the page's secret fetches nothing");
}

#[tokio::test]
async fn a_page_of_another_site_confirms_nothing() {
    let (_upstream, nopar) = with_users().await;
    let login = begun(&nopar, &json!({})).await;
    let fields = form(&[("user", "ann"), ("password", PASSWORD)]);
    for (name, value) in [
        ("Origin", "http://other.example"),
        ("Origin", "null"),
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
    ] {
        let post = nopar.request(&login.page).method("POST").body(fields.clone());
        refusal(&post.header(name, value).send().await, &[403], value);
        let begin = beginning(&nopar, &json!({})).header(name, value);
        refusal(&begin.send().await, &[403], value);
    }
    nopar.get(&login.done).await.expect(202);
    // A link on another site is a link.
    let followed = nopar.request(&login.page).header("Sec-Fetch-Site", "cross-site");
    page_of(&followed.send().await, 200);
}

#[tokio::test]
async fn what_the_client_says_of_itself_is_no_part_of_the_page() {
    let (_upstream, nopar) = with_users().await;
    let evil = "<img src=x onerror=alert(1)>\"'&";
    let begin = send(nopar.addr(), "POST", "/-/v1/login", &json!({"hostname": evil, "create": 7}));
    let urls = begin.header("User-Agent", evil.repeat(100)).send().await.expect(200).json();
    let page = text(&urls["loginUrl"]).replace(&nopar.url(), "");
    let shown = page_of(&nopar.get(&page).await, 200);
    assert!(!shown.contains("<img") && shown.contains("&#60;img"), "{shown}");
    assert!(shown.len() < 6_000, "{}", shown.len());
    let head = nopar.request(&page).method("HEAD").send().await.expect(200);
    assert_eq!(head.header("content-length"), Some(&*shown.len().to_string()));
}

#[tokio::test]
async fn methods_that_would_fetch_or_confirm_by_accident_are_none() {
    let (_upstream, nopar) = with_users().await;
    let login = begun(&nopar, &json!({})).await;
    page_of(&confirm(&nopar, &login.page, "ann", PASSWORD).await, 200);
    for (method, path) in [
        ("HEAD", &login.done),
        ("POST", &login.done),
        ("DELETE", &login.page),
        ("PUT", &login.page),
    ] {
        nopar.request(path).method(method).send().await.expect(405);
    }
    fetched(&nopar, &login.done).await;
}

#[tokio::test]
async fn a_form_that_is_too_long_is_refused() {
    let (_upstream, nopar) = with_users().await;
    let login = begun(&nopar, &json!({})).await;
    let long = "x".repeat(70_000);
    refusal(&confirm(&nopar, &login.page, "ann", &long).await, &[413], "long");
    let long = json!({"hostname": long});
    refusal(&beginning(&nopar, &long).send().await, &[413], "long");
}
