//! The four cells of a behaviour: {packument, tarball} × {held, not held}.
//! Knows nothing of which behaviours there are.

use super::behaviour::{Asset, Behaviour, Cold, Held};
use super::scene::{A_MINUTE, Scene, VERSIONS, YEAR};
use crate::asking::{WAYS, afresh};
use crate::packument::entries;
use crate::support::client::Response;
use crate::support::upstream::usual_path;

/// What is not held: its path, what it leads to, and what becomes of it if anything can be told.
fn absent(behaviour: Behaviour) -> Vec<(String, Asset, Option<Cold>)> {
    let packument = behaviour.cold(Asset::Packument);
    let mut all = vec![("/cold".to_owned(), Asset::Packument, packument)];
    for (version, asset) in VERSIONS {
        all.push((usual_path("known", version), asset, behaviour.cold(asset)));
        all.push((usual_path("unseen", version), asset, behaviour.cold_and_unsaid(asset)));
    }
    all
}

/// Checks every cell, and that all is well again after the upstream is.
pub(super) async fn check(behaviour: Behaviour) {
    let scene = Scene::set(behaviour).await;
    let before = entries(&scene.nopar);
    let packument = scene.upstream.packument("held");
    // Changed, so that "not modified" is no answer.
    scene.upstream.package("held").version("1.1.0", |v| v);
    let paths = absent(behaviour).into_iter().map(|(path, asset, _)| (path, asset));
    let mut paths: Vec<_> = paths.collect();
    for path in ["/held", "/unseen"] {
        paths.push((path.to_owned(), Asset::Packument));
    }
    paths.push(("/held/-/*".to_owned(), Asset::Short));
    behaviour.begin(&scene.upstream, &paths).await;

    held_tarballs(&scene, behaviour).await;
    held_packument(&scene, behaviour, &packument).await;
    for (path, _, expected) in absent(behaviour) {
        if let Some(expected) = expected {
            not_held(&scene, behaviour, &path, expected).await;
        }
    }
    nothing_wrong_is_kept(&scene, behaviour, before).await;

    behaviour.end(&scene.upstream).await;
    scene.nopar.advance(A_MINUTE);
    for (path, _, _) in absent(behaviour) {
        afresh(&scene.nopar, &path).await.expect(200);
    }
    for name in ["held", "known", "cold", "unseen"] {
        scene.check_packument(name).await;
        scene.check_tarballs(name).await;
    }
}

/// A held tarball is served, and its upstream not even asked.
async fn held_tarballs(scene: &Scene, behaviour: Behaviour) {
    scene.check_tarballs("held").await;
    for (version, _) in VERSIONS {
        let answer = scene.nopar.get(&usual_path("held", version)).await.expect(200);
        assert_eq!(answer.header("x-cache"), Some("hit"), "{behaviour:?}");
    }
    assert_eq!(scene.upstream.count_all(), 0, "{behaviour:?}");
}

/// A held packument is served whatever its age, unless the upstream says that it is gone.
async fn held_packument(scene: &Scene, behaviour: Behaviour, packument: &serde_json::Value) {
    for way in WAYS {
        let answer = way.of(&scene.nopar, "held").send().await;
        match behaviour.held() {
            Held::Stale => {
                assert_eq!(answer.header("x-cache"), Some("stale"), "{behaviour:?} {way:?}");
                let age = answer.header("age").and_then(|age| age.parse().ok());
                assert!(age >= Some(YEAR.as_secs()), "{behaviour:?}: {age:?}");
                way.check(&answer, packument, &scene.nopar.url());
            }
            Held::Gone(status) => {
                json_error(&answer, status, behaviour);
            }
        }
    }
    // All six shared one failure.
    count(scene, behaviour, "/held");
}

/// What is not held fails as the table says, for the next to ask as well.
async fn not_held(scene: &Scene, behaviour: Behaviour, path: &str, expected: Cold) {
    let answer = scene.nopar.get(path).await;
    match expected {
        Cold::Fails(status, reason, retry_after) => {
            json_error(&answer, status, behaviour);
            assert_eq!(answer.json()["reason"], reason, "{behaviour:?} {path}");
            assert_eq!(answer.header("retry-after"), retry_after, "{behaviour:?} {path}");
            assert_eq!(answer.header("x-cache"), Some("miss"), "{behaviour:?} {path}");
            let again = scene.nopar.get(path).await;
            json_error(&again, status, behaviour);
            assert_eq!(again.body, answer.body, "{behaviour:?} {path}");
            assert_eq!(again.header("retry-after"), retry_after, "{behaviour:?} {path}");
            assert_eq!(again.header("x-cache"), Some("negative"), "{behaviour:?} {path}");
            count(scene, behaviour, path);
        }
        Cold::Breaks => {
            assert_eq!(answer.status, 200, "{behaviour:?} {path}: {:?}", answer.headers);
            spoilt(&answer, behaviour);
            spoilt(&scene.nopar.get(path).await, behaviour);
            // Its readers see the break a little before the failure is remembered.
            assert!((1..=2).contains(&scene.upstream.count(path)), "{behaviour:?} {path}");
        }
        Cold::FailsOrBreaks => {
            spoilt(&answer, behaviour);
            spoilt(&scene.nopar.get(path).await, behaviour);
        }
    }
}

/// The upstream was asked, and not too often.
fn count(scene: &Scene, behaviour: Behaviour, path: &str) {
    let (asked, most) = (scene.upstream.count(path), behaviour.most_requests());
    // Of all that it is asked for, who wants a pause is asked for one thing: that is not told here.
    let least = if matches!(behaviour, Behaviour::TooMany(Some(_))) { 0 } else { most.min(1) };
    assert!((least..=most).contains(&asked), "{behaviour:?}: {asked} requests of {path}");
}

#[track_caller]
fn json_error(answer: &Response, status: u16, behaviour: Behaviour) {
    assert_eq!(answer.status, status, "{behaviour:?}: {:?}", answer.headers);
    assert_eq!(answer.header("content-type"), Some("application/json"), "{behaviour:?}");
    let body = answer.json();
    assert!(body["error"].is_string() && body["reason"].is_string(), "{behaviour:?}: {body}");
}

/// Nobody takes this for a tarball.
#[track_caller]
fn spoilt(answer: &Response, behaviour: Behaviour) {
    if answer.status == 200 {
        assert!(!answer.complete, "{behaviour:?}: a whole body of {} bytes", answer.raw_len);
        return;
    }
    assert!((502..=504).contains(&answer.status), "{behaviour:?}: {}", answer.status);
    json_error(answer, answer.status, behaviour);
}

/// The same files lie there as before, but for what is gone; and it is the same for a new process.
async fn nothing_wrong_is_kept(scene: &Scene, behaviour: Behaviour, before: Vec<String>) {
    // A packument, and the view of it that was made later.
    let gone = if behaviour.held() == Held::Stale { 0 } else { 2 };
    let now = entries(&scene.nopar);
    assert!(now.iter().all(|file| before.contains(file)), "{behaviour:?}: {now:?}");
    assert_eq!(now.len(), before.len() - gone, "{behaviour:?}");
}
