//! `nopar user passwd` and `rm` beside a NOPAR that serves: what a user had is over.
//! Knows nothing of the rest of the command.

use super::*;

#[tokio::test]
async fn another_password_by_who_runs_nopar_ends_all_tokens() {
    let (_upstream, nopar) = with_users().await;
    let ann = log_in(&nopar, "ann", PASSWORD).await;
    let bob = log_in(&nopar, "bob", PASSWORD).await;
    let said = user(nopar.registry_path(), "passwd ann", "battery staple").await;
    assert_eq!(said, "the password of ann was changed, and their token no longer works\n");
    assert!(!is_good(&nopar, &ann).await && is_good(&nopar, &bob).await);
    assert!(!is_good(&nopar, &anns_password()).await);
    log_in(&nopar, "ann", "battery staple").await;
}

#[tokio::test]
async fn who_is_removed_has_no_tokens_and_nor_has_another_of_the_name() {
    let (_upstream, nopar) = with_users().await;
    let ann = log_in(&nopar, "ann", PASSWORD).await;
    log_in(&nopar, "ann", PASSWORD).await;
    let said = user(nopar.registry_path(), "rm ann", "").await;
    assert_eq!(
        said,
        "ann was removed, and their 2 tokens no longer work; what they published stays\n"
    );
    assert!(!is_good(&nopar, &ann).await);
    user(nopar.registry_path(), "add ann", PASSWORD).await;
    assert!(!is_good(&nopar, &ann).await);
    log_in(&nopar, "ann", PASSWORD).await;
}
