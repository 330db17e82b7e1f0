//! Users with a second factor log in by the page.
//! Knows nothing of how codes are made, but by the app of another test.

use super::super::second_factor::enabled;
use super::*;

#[tokio::test]
async fn the_page_asks_for_a_code_once_the_password_is_right() {
    let (_upstream, nopar) = with_users().await;
    let (mut app, paper, _) = enabled(&nopar, "auth-only").await;
    let login = begun(&nopar, &json!({})).await;
    // Whoever does not know the password learns nothing of codes.
    let wrong = page_of(&confirm(&nopar, &login.page, "ann", "a guess").await, 401);
    assert!(!wrong.contains("name=\"code\""), "{wrong}");
    let asked = confirm(&nopar, &login.page, "ann", PASSWORD).await;
    let text = page_of(&asked, 200);
    assert!(text.contains("name=\"code\"") && text.contains("as ann"), "{text}");
    assert!(!text.contains("name=\"password\"") && !text.contains(PASSWORD), "{text}");
    nopar.get(&login.done).await.expect(202);

    let proof = hidden(&asked, "proof");
    let by = |proof: &str, code: &str| {
        posted(&nopar, &login.page, &[("form", "code"), ("proof", proof), ("code", code)]).send()
    };
    let wrong = by(&proof, "000000x").await;
    let text = page_of(&wrong, 401);
    assert!(text.contains("role=\"alert\"") && hidden(&wrong, "proof") == proof, "{text}");
    let code = app.next(&nopar);
    // Without the password a code is of no use, nor with one for another login.
    let other = begun(&nopar, &json!({})).await;
    let elsewhere = confirm(&nopar, &other.page, "ann", PASSWORD).await;
    for made_up in ["", "abc", &hidden(&elsewhere, "proof")] {
        let text = page_of(&by(made_up, &code).await, 401);
        assert!(text.contains("name=\"password\""), "{text}");
    }
    nopar.get(&login.done).await.expect(202);
    let spaced = format!("{} {}", &code[..3], &code[3..]);
    let confirmed = page_of(&by(&proof, &spaced).await, 200);
    assert!(confirmed.contains("Logged in as ann"), "{confirmed}");
    fetched(&nopar, &login.done).await;

    // On paper, for the other one; and none is good twice.
    let fields = |code| [("form", "code"), ("proof", code), ("code", paper[0].as_str())];
    let proof = hidden(&elsewhere, "proof");
    page_of(&posted(&nopar, &other.page, &fields(&proof)).send().await, 200);
    fetched(&nopar, &other.done).await;
    let third = begun(&nopar, &json!({})).await;
    let proof = hidden(&confirm(&nopar, &third.page, "ann", PASSWORD).await, "proof");
    page_of(&posted(&nopar, &third.page, &fields(&proof)).send().await, 401);
}

#[tokio::test]
async fn codes_cannot_be_tried_out_on_the_page() {
    let (_upstream, nopar) = with_users().await;
    let (mut app, _, _) = enabled(&nopar, "auth-and-writes").await;
    let login = begun(&nopar, &json!({})).await;
    let proof = hidden(&confirm(&nopar, &login.page, "ann", PASSWORD).await, "proof");
    let by = |code: &str| {
        posted(&nopar, &login.page, &[("form", "code"), ("proof", &proof), ("code", code)]).send()
    };
    for _ in 0..5 {
        page_of(&by("abcdef").await, 401);
    }
    let early = by("abcdef").await;
    page_of(&early, 429);
    assert!(early.header("retry-after").is_some());
    // The wait is shorter than an app's next code.
    page_of(&by(&app.next(&nopar)).await, 200);
    fetched(&nopar, &login.done).await;
}
