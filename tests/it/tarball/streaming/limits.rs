//! Tarballs that are coming in, and too long to be kept, or to stay.
//! Knows nothing of tarballs that stay.

use super::{SIZE, begin, begun, check_rest, path};
use crate::packument::entries;
use crate::support::client::{Request, send_all};
use crate::support::nopar::TestNopar;
use crate::support::upstream::{BodyForm, FakeUpstream};

async fn limited(env: &str, value: &str, form: BodyForm) -> (FakeUpstream, TestNopar) {
    let upstream = FakeUpstream::start().await;
    upstream.manners(|m| m.body_form = form);
    upstream.package("big").version("1.0.0", |v| v.tarball_size(SIZE));
    let nopar = TestNopar::with(&upstream).env(env, value).start().await;
    (upstream, nopar)
}

/// Two read one that turns out to be too long to be kept: both get it whole, and nothing is kept.
#[tokio::test]
async fn two_readers_of_one_too_long_to_keep_get_it_whole() {
    for form in [BodyForm::Length, BodyForm::Chunked, BodyForm::UntilClose] {
        let (upstream, nopar) = limited("NOPAR_MAX_TARBALL", "900000", form).await;
        let hold = upstream.hold_body(&path("big"), 600_000);
        let first = tokio::spawn(nopar.get(&path("big")));
        hold.arrived(1).await;
        let second = tokio::spawn(nopar.get(&path("big")));
        hold.release();
        for answer in [first, second] {
            let answer = answer.await.expect("an answer").expect(200);
            assert!(answer.body == upstream.tarball("big", "1.0.0"), "{form:?}");
        }
        assert!(upstream.count(&path("big")) <= 3, "{form:?}");
        let asked = usize::from(form == BodyForm::UntilClose);
        assert_eq!(entries(&nopar).len(), asked, "{form:?}: at most the packument");
    }
}

/// A reader of one that is not kept leaves: the other gets it whole.
#[tokio::test]
async fn a_reader_of_one_not_kept_leaves_and_the_other_gets_it_whole() {
    let (upstream, nopar) = limited("NOPAR_MAX_TARBALL", "1200000", BodyForm::Chunked).await;
    let (hold, first, _) = begun(&upstream, &nopar).await;
    let second = begin(&nopar).await;
    hold.release();
    first.reset();
    check_rest(&upstream, second, 0).await;
    assert_eq!(entries(&nopar), [""; 0]);
}

/// A crowd, and a cache in which nothing has room for long: each gets what it asked for, whole.
#[tokio::test]
async fn a_crowd_gets_everything_whole_from_a_tiny_cache() {
    // Room for nothing at all, and for one at a time.
    for size in ["10000", "1700000"] {
        let (upstream, nopar) = limited("NOPAR_CACHE_SIZE", size, BodyForm::Length).await;
        let names: Vec<String> = (0..6).map(|number| format!("p{number}")).collect();
        for name in &names {
            upstream.package(name).version("1.0.0", |v| v.tarball_size(1_000_000 + name.len()));
        }
        let asked: Vec<_> = names.iter().cycle().take(60).collect();
        let requests = asked.iter().map(|name| Request::get(nopar.addr(), &path(name)));
        for (name, answer) in asked.iter().zip(send_all(requests).await) {
            assert!(answer.expect(200).body == upstream.tarball(name, "1.0.0"), "{name}, {size}");
        }
    }
}
