//! NOPAR_MAX_TARBALL: what is longer is passed on, but not kept.
//! Knows nothing of the cache's own size.

use super::path;
use crate::packument::entries;
use crate::support::client::{Response, send_all};
use crate::support::nopar::TestNopar;
use crate::support::upstream::{BodyForm, FakeUpstream};

const LIMIT: usize = 300_000;
const FORMS: [BodyForm; 3] = [BodyForm::Length, BodyForm::Chunked, BodyForm::UntilClose];

async fn limited(form: BodyForm, size: usize) -> (FakeUpstream, TestNopar) {
    let upstream = FakeUpstream::start().await;
    upstream.manners(|m| m.body_form = form);
    upstream.package("a").version("1.0.0", |v| v.tarball_size(size));
    let nopar = TestNopar::with(&upstream).env("NOPAR_MAX_TARBALL", &LIMIT.to_string());
    (upstream, nopar.start().await)
}

/// How many tarballs are kept: the packument beside them is shorter.
fn kept(nopar: &TestNopar) -> usize {
    let size = |file: &String| file.rsplit('-').next().and_then(|size| size.parse().ok());
    entries(nopar).iter().filter(|file| size(file) > Some(LIMIT / 2)).count()
}

/// It is the whole tarball, or visibly not: an error, or a body that does not come to its end.
#[track_caller]
fn check_whole_or_failed(answer: &Response, upstream: &FakeUpstream, what: &str) {
    let whole = answer.body == upstream.tarball("a", "1.0.0");
    assert!(
        whole || !answer.complete || answer.status >= 500,
        "{what}: a {} of {} bytes that looks whole",
        answer.status,
        answer.raw_len
    );
}

/// A longer tarball is passed on whole, and asked for again, as it is not kept.
#[tokio::test]
async fn a_longer_tarball_is_passed_on_and_not_kept() {
    for size in [LIMIT + 1, 3 * LIMIT] {
        let (upstream, nopar) = limited(BodyForm::Length, size).await;
        for times in 1..=3 {
            let answer = nopar.get(&path("a")).await.expect(200);
            assert!(answer.body == upstream.tarball("a", "1.0.0"), "{size}");
            assert_eq!(upstream.count(&path("a")), times, "{size}");
            assert_eq!(entries(&nopar), [""; 0], "{size}");
        }
    }
}

/// One of exactly the limit is kept, whatever way its length is stated.
#[tokio::test]
async fn a_tarball_of_exactly_the_limit_is_kept() {
    for form in FORMS {
        let (upstream, nopar) = limited(form, LIMIT).await;
        for _ in 0..2 {
            let answer = nopar.get(&path("a")).await.expect(200);
            assert!(answer.body == upstream.tarball("a", "1.0.0"), "{form:?}");
        }
        // Where the end cannot be told from a cut, the packument is asked, and the bytes once more.
        let times = if form == BodyForm::UntilClose { 2 } else { 1 };
        assert_eq!(upstream.count(&path("a")), times, "{form:?}");
    }
}

/// A longer one of unstated length never becomes a short body that looks whole, alone or for many
/// at once, and nothing of it is kept.
#[tokio::test]
async fn a_longer_tarball_of_unstated_length_never_looks_whole() {
    for form in FORMS {
        for size in [LIMIT + 1, 1_000_000] {
            let (upstream, nopar) = limited(form, size).await;
            for _ in 0..2 {
                let answer = nopar.get(&path("a")).await;
                check_whole_or_failed(&answer, &upstream, &format!("{form:?} {size}"));
                assert_eq!(kept(&nopar), 0, "{form:?} {size}");
            }
        }
    }
}

/// The same for many who ask at once, and join while the first part is on its way.
#[tokio::test]
async fn many_asking_for_a_longer_tarball_never_get_a_short_one() {
    for form in FORMS {
        let (upstream, nopar) = limited(form, 1_000_000).await;
        let hold = upstream.hold_body(&path("a"), LIMIT / 2);
        let requests: Vec<_> = (0..20).map(|_| nopar.request(&path("a"))).collect();
        let answers = tokio::spawn(send_all(requests));
        hold.arrived(1).await;
        hold.release();
        for answer in answers.await.expect("answers") {
            check_whole_or_failed(&answer, &upstream, &format!("{form:?}"));
        }
        assert_eq!(kept(&nopar), 0, "{form:?}");
    }
}
