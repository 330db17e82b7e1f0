//! What is found, how often it is looked, and what is said of it.
//! Knows nothing of disks: what is tried is made up.

use super::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

/// Far above what anything here takes.
const PATIENT: Duration = Duration::from_secs(30);

fn works() -> Try {
    Arc::new(|| Ok(()))
}

fn fails() -> Try {
    Arc::new(|| Err("/srv/cache: No space left".to_owned()))
}

fn said(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap()
}

#[tokio::test]
async fn either_of_them_is_enough_to_be_unready() {
    for (cache, store, found) in [
        (works(), works(), (State::Works, State::Works)),
        (fails(), works(), (State::Fails, State::Works)),
        (works(), fails(), (State::Works, State::Fails)),
    ] {
        let readiness = Readiness::new(cache, store, Clock::stopped(), PATIENT);
        assert_eq!(readiness.look().await, found);
        let reply = reply(found.0, found.1, &[]);
        let is_ready = found == (State::Works, State::Works);
        assert_eq!(reply.status.as_u16(), if is_ready { 200 } else { 503 });
        assert_eq!(said(&reply)["status"], if is_ready { "ready" } else { "not ready" });
    }
}

#[tokio::test]
async fn what_panics_does_not_work() {
    let panics: Try = Arc::new(|| panic!("on purpose"));
    let readiness = Readiness::new(panics, works(), Clock::stopped(), PATIENT);
    assert_eq!(readiness.look().await, (State::Fails, State::Works));
}

/// A crowd costs one look, and so does everybody within a second.
#[tokio::test]
async fn it_is_looked_once_a_second() {
    let looks = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&looks);
    let counted: Try = Arc::new(move || {
        counting.fetch_add(1, Ordering::SeqCst);
        Ok(())
    });
    let clock = Clock::stopped();
    let readiness = Arc::new(Readiness::new(counted, works(), clock.clone(), PATIENT));
    let crowd: Vec<_> = (0..50)
        .map(|_| {
            let readiness = Arc::clone(&readiness);
            tokio::spawn(async move { readiness.look().await })
        })
        .collect();
    for asking in crowd {
        assert_eq!(asking.await.unwrap(), (State::Works, State::Works));
    }
    clock.advance(BELIEVED - Duration::from_millis(1));
    readiness.look().await;
    assert_eq!(looks.load(Ordering::SeqCst), 1);
    clock.advance(Duration::from_millis(1));
    readiness.look().await;
    assert_eq!(looks.load(Ordering::SeqCst), 2);
}

/// A disk that hangs holds one thread, however often it is asked after; what it says in the end counts.
#[tokio::test]
async fn a_disk_that_hangs_is_tried_once() {
    let (go, gate) = mpsc::channel::<()>();
    let (gate, begun) = (parking_lot::Mutex::new(gate), Arc::new(AtomicUsize::new(0)));
    let beginning = Arc::clone(&begun);
    let hangs: Try = Arc::new(move || {
        beginning.fetch_add(1, Ordering::SeqCst);
        gate.lock().recv().map_err(|error| error.to_string())
    });
    let clock = Clock::stopped();
    let readiness = Readiness::new(works(), hangs, clock.clone(), Duration::from_millis(10));
    for _ in 0..3 {
        assert_eq!(readiness.look().await, (State::Works, State::Hangs));
        clock.advance(BELIEVED);
    }
    go.send(()).unwrap();
    let waiting = async {
        while readiness.look().await != (State::Works, State::Works) {
            clock.advance(BELIEVED);
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENT, waiting).await.expect("it works again");
    assert_eq!(begun.load(Ordering::SeqCst), 1);
}

#[test]
fn nobody_hears_a_path_or_an_address() {
    let upstream = |is_asked, is_down| UpstreamState {
        root: "https://npm.acme.example".to_owned(),
        is_asked,
        is_down,
        reached: None,
        failed: None,
        failures: 0,
        erred: None,
        errors: 0,
        is_erring: false,
        latency: Default::default(),
    };
    let upstreams = [upstream(true, false), upstream(true, true), upstream(false, false)];
    let answer = reply(State::Fails, State::Hangs, &upstreams);
    let expected = json!({
        "status": "not ready",
        "error": "not ready: the cache cannot be written, the store does not answer; the log says why",
        "reason": "not_ready",
        "cache": "cannot be written",
        "store": "does not answer",
        "upstreams": {"up": 1, "down": 1, "not_asked": 1},
    });
    assert_eq!(said(&answer), expected);
    let fine = reply(State::Works, State::Works, &upstreams[1..2]);
    assert_eq!(fine.status, StatusCode::OK, "upstreams are detail");
}
