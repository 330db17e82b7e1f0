//! A packument's view is made when its form is first asked for, and once.
//! Knows nothing of what the forms hold.

use std::fs;

use super::{both, entries};
use crate::asking::{INSTALL, LONG, WAYS, Want};
use crate::support::client::Response;
use crate::support::nopar::TestNopar;
use crate::support::upstream::FakeUpstream;

async fn with_lodash() -> (FakeUpstream, TestNopar) {
    let upstream = FakeUpstream::start().await;
    upstream.package("lodash").readme("# lodash").version("1.0.0", |v| v);
    let nopar = TestNopar::with(&upstream).host("npm.test").start().await;
    (upstream, nopar)
}

async fn abbreviated(nopar: &TestNopar) -> Response {
    nopar.request("/lodash").header("Accept", INSTALL).send().await.expect(200)
}

/// Every way of asking has the right answer.
async fn all_right(upstream: &FakeUpstream, nopar: &TestNopar) {
    let packument = upstream.packument("lodash");
    for way in WAYS {
        way.check(&way.of(nopar, "lodash").send().await, &packument, "http://npm.test");
    }
}

/// The form that nobody asked for is in no file; the first who does gets it without an upstream, and the
/// next, also after a restart, what was made then.
#[tokio::test]
async fn the_other_form_is_made_once_when_it_is_asked_for() {
    for first in [Want::Full, Want::Abbreviated] {
        let (upstream, mut nopar) = with_lodash().await;
        let asked = WAYS.into_iter().filter(|way| way.want == first);
        for way in asked {
            way.of(&nopar, "lodash").send().await.expect(200);
        }
        assert_eq!(entries(&nopar).len(), 1, "{first:?}");
        all_right(&upstream, &nopar).await;
        let made = entries(&nopar);
        assert_eq!(made.len(), 2, "{first:?}");
        for _ in 0..2 {
            nopar.restart().await;
            all_right(&upstream, &nopar).await;
            assert_eq!(entries(&nopar), made, "{first:?}: what is there is not made again");
        }
        assert_eq!(upstream.count_all(), 1);
    }
}

/// A crowd that asks for the other form makes it once.
#[tokio::test]
async fn a_crowd_makes_the_other_form_once() {
    let (upstream, nopar) = with_lodash().await;
    nopar.get("/lodash").await.expect(200);
    let asks = (0..50).map(|_| {
        let request = nopar.request("/lodash").header("Accept", INSTALL);
        tokio::spawn(request.header("Accept-Encoding", "gzip").send())
    });
    let mut bodies = Vec::new();
    for ask in asks.collect::<Vec<_>>() {
        bodies.push(ask.await.expect("an answer").expect(200).body);
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    assert_eq!(entries(&nopar).len(), 2);
    assert_eq!(upstream.count_all(), 1);
}

/// What was made for one generation is never served for another; the next generation comes with both
/// forms, as both are asked for.
#[tokio::test]
async fn a_new_generation_has_the_forms_that_were_asked_for() {
    let (upstream, nopar) = with_lodash().await;
    both(&nopar, "lodash").await;
    let before = entries(&nopar);
    upstream.package("lodash").version("2.0.0", |v| v);
    nopar.advance(LONG);
    abbreviated(&nopar).await;
    let after = entries(&nopar);
    let kept = after.iter().filter(|file| before.contains(file)).count();
    assert_eq!((after.len(), kept), (2, 1), "{before:?} {after:?}");
    all_right(&upstream, &nopar).await;
    assert_eq!(entries(&nopar), after, "nothing had to be made");
    assert_eq!(upstream.count_all(), 2);
}

/// A view that was kept by itself and is damaged, cut or gone is made again, without an upstream.
#[tokio::test]
async fn a_damaged_view_is_made_again() {
    let (upstream, mut nopar) = with_lodash().await;
    nopar.get("/lodash").await.expect(200);
    let packument = entries(&nopar);
    let right = abbreviated(&nopar).await.body;
    for damage in 0..40 {
        nopar.stop().await;
        let mut views = entries(&nopar);
        views.retain(|file| !packument.contains(file));
        let [view] = &views[..] else { panic!("{views:?}") };
        let path = nopar.cache_path().join(view);
        let mut bytes = fs::read(&path).expect("the view's file");
        match damage {
            0 => fs::remove_file(&path).expect("removing it"),
            1..5 => fs::write(&path, &bytes[..bytes.len() * damage / 5]).expect("cutting it"),
            _ => {
                let at = (damage - 5) * bytes.len() / 35;
                bytes[at] ^= 0x55;
                fs::write(&path, bytes).expect("damaging it");
            }
        }
        nopar.restart().await;
        assert_eq!(abbreviated(&nopar).await.body, right, "damage {damage}");
    }
    assert_eq!(upstream.count_all(), 1);
}
