//! Names of private packages do not reach upstreams by searches.
//! Knows nothing of all the ways to write one; those are tried beside the code.

use super::{SEARCH, answer, finds_few, names, only_hosted, search};
use crate::support::nopar::TestNopar;
use crate::support::publish::Publish;
use crate::support::upstream::FakeUpstream;

/// Hosted and claimed names, in whatever way they are written, are searched for here only.
#[tokio::test]
async fn a_text_with_a_private_name_stays_here() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).env("NOPAR_LOCAL_PACKAGES", "@acme/*, inner-*");
    let nopar = nopar.start().await;
    Publish::of("hidden", "1.0.0").succeed(nopar.addr()).await;
    upstream.clear();
    for text in [
        "hidden",
        "HIDDEN",
        "react+%22hidden%22",
        "hidden%401.0.0",
        "hid%2564en",
        "@acme",
        "%40acme%2Fui",
        "%40acme%252fui%401.0.0",
        "scope:acme",
        "inner-thing",
    ] {
        let answer = answer(&nopar, &format!("text={text}")).await;
        let is_hidden = ["hidden", "HIDDEN"].contains(&text);
        let expected = if is_hidden { &["hidden"][..] } else { &[] };
        only_hosted(&answer, expected, "not told of private names");
    }
    assert_eq!(upstream.count_all(), 0);
    // Other words are for all.
    finds_few(&upstream, "hid", &["hide"]);
    assert_eq!(names(&search(&nopar, "text=hid").await), ["hidden", "hide"]);
    assert_eq!(upstream.count(SEARCH), 1);
}

/// A name stays private when all of its package was taken back, and becomes so with another process' publish at once.
#[tokio::test]
async fn names_are_private_whoever_published_them_and_whatever_is_left() {
    let upstream = FakeUpstream::start().await;
    let one = TestNopar::with(&upstream).stopped_clock().start().await;
    let registry = one.registry_path().to_str().expect("a path in UTF-8").to_owned();
    let other = TestNopar::with(&upstream).env("NOPAR_REGISTRY_PATH", &registry).start().await;
    Publish::of("gone", "1.0.0").succeed(one.addr()).await;
    super::changes::take_back(&one, "gone").await;
    search(&one, "text=any").await;
    Publish::of("fresh", "1.0.0").succeed(other.addr()).await;
    upstream.clear();
    for text in ["gone", "fresh"] {
        only_hosted(&answer(&one, &format!("text={text}")).await, &[], "not told of private names");
    }
    assert_eq!(upstream.count_all(), 0);
}
