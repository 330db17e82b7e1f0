//! More logins than there is room for.
//! Knows nothing of what comes of one.

use super::*;

/// From one address. Others are not concerned: the table's own tests say so.
#[tokio::test]
async fn an_address_begins_so_many_logins_and_no_more_until_some_are_over() {
    let (_upstream, nopar) = with_users().await;
    let mut connection = nopar.connect().await;
    let first = begun(&nopar, &json!({})).await;
    for _ in 1..100 {
        connection.ask(beginning(&nopar, &json!({}))).await.expect(200);
    }
    nopar.advance(Duration::from_secs(100));
    let answer = beginning(&nopar, &json!({})).send().await;
    let said = refusal(&answer, &[429], "one more");
    assert!(said.contains("try again in 200 seconds"), "{said}");
    assert_eq!(answer.header("retry-after"), Some("200"));
    // Those that wait are as good as before.
    page_of(&confirm(&nopar, &first.page, "ann", PASSWORD).await, 200);
    fetched(&nopar, &first.done).await;
    beginning(&nopar, &json!({})).send().await.expect(200);
    nopar.advance(Duration::from_secs(200));
    for _ in 0..20 {
        beginning(&nopar, &json!({})).send().await.expect(200);
    }
}
