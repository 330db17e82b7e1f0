//! Names of private packages do not reach upstreams by searches.
//! Knows nothing of all the ways to write one; those are tried beside the code.

use super::{SEARCH, answer, finds_few, finds_nothing, names, only_hosted, search};
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

/// What belongs to one upstream by its patterns is no other's business; all other words are for both.
#[tokio::test]
async fn an_upstreams_names_are_for_it_alone() {
    let (all, acme) = (FakeUpstream::start().await, FakeUpstream::start().await);
    let file = format!(
        "[[upstream]]\nurl = \"{}\"\n\n[[upstream]]\npackages = [\"@Acme/*\", \"inner\"]\nurl = \"{}\"\n",
        all.url(),
        acme.url()
    );
    let nopar = TestNopar::forwarding_to("").without_env("NOPAR_FORWARDER_URL").file(&file);
    let nopar = nopar.start().await;
    [&all, &acme].into_iter().for_each(finds_nothing);
    for text in ["@acme", "%40ACME%2fkit", "scope:acme", "x+@acme/kit@1.0.0", "inner", "INNER"] {
        search(&nopar, &format!("text={text}")).await;
    }
    assert_eq!((all.count_all(), acme.count_all()), (0, 6), "{:?}", all.requests());
    let answered = answer(&nopar, "text=inner&size=5").await;
    let said: Vec<String> = super::timing(&answered).into_iter().map(|(_, said)| said).collect();
    assert_eq!(said, ["dur", "dur", "not told of private names"]);
    search(&nopar, "text=kit").await;
    assert_eq!((all.count_all(), acme.count_all()), (1, 7));
}

/// A document that cannot be read is no reason to find nothing else, nor to tell its name to anybody.
#[tokio::test]
async fn the_name_of_a_damaged_package_stays_here() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).start().await;
    Publish::of("broken-not", "1.0.0").succeed(nopar.addr()).await;
    let folder = nopar.registry_path().join("broken");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("broken.json"), "{\"name\":\"bro").expect("a file");
    upstream.clear();
    only_hosted(&answer(&nopar, "text=broken").await, &["broken-not"], "not told of private names");
    assert_eq!(upstream.count_all(), 0);
}
