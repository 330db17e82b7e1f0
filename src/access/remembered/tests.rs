//! What is asked once and what again.
//! Knows nothing of hashes.

use super::*;
use std::convert::Infallible;
use std::future::{pending, poll_fn, ready};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

/// What is remembered, and how often somebody had to find out.
struct Tried {
    remembered: Remembered,
    clock: Clock,
    times: AtomicUsize,
}

fn tried() -> Tried {
    let clock = Clock::stopped();
    let remembered = Remembered::new(clock.clone()).unwrap();
    Tried { remembered, clock, times: AtomicUsize::new(0) }
}

impl Tried {
    /// Asks where the answer would be this; whether it was found out and not remembered.
    async fn is_asked(&self, [user, password, hash]: [&str; 3], answer: bool) -> bool {
        let before = self.times.load(Ordering::SeqCst);
        let find_out = async {
            self.times.fetch_add(1, Ordering::SeqCst);
            Ok::<bool, Infallible>(answer)
        };
        let Ok(told) = self.remembered.is_right(user, password, hash, find_out).await;
        assert_eq!(told, answer);
        self.times.load(Ordering::SeqCst) > before
    }

    fn count(&self) -> (usize, usize) {
        let known = self.remembered.known.lock();
        (known.right.len(), known.asked.len())
    }
}

const ANN: [&str; 3] = ["ann", "secret", "$hash"];

#[tokio::test]
async fn what_was_right_is_remembered_for_a_minute() {
    let tried = tried();
    assert!(tried.is_asked(ANN, true).await);
    tried.clock.advance(Duration::from_secs(59));
    assert!(!tried.is_asked(ANN, true).await);
    // From when it was found out, however often it is shown.
    tried.clock.advance(Duration::from_secs(1));
    assert!(tried.is_asked(ANN, true).await);
    assert!(!tried.is_asked(ANN, true).await);
    assert_eq!(tried.count(), (1, 0));
}

#[tokio::test]
async fn anything_else_is_found_out_for_itself() {
    let tried = tried();
    assert!(tried.is_asked(ANN, true).await);
    for other in [
        ["ann", "secret", "$other"],
        ["ann", "Secret", "$hash"],
        ["bob", "secret", "$hash"],
        ["anns", "ecret", "$hash"],
        ["ann", "secret$", "hash"],
        ["", "annsecret", "$hash"],
    ] {
        assert!(tried.is_asked(other, false).await, "{other:?}");
    }
    // Nor does another process know it.
    let other = Remembered::new(tried.clock.clone()).unwrap();
    assert_ne!(other.shown("a", "b", "c"), tried.remembered.shown("a", "b", "c"));
}

#[tokio::test]
async fn what_is_wrong_is_not_remembered() {
    let tried = tried();
    for _ in 0..3 {
        assert!(tried.is_asked(ANN, false).await);
        assert_eq!(tried.count(), (0, 0));
    }
}

#[tokio::test]
async fn all_who_show_the_same_at_once_share_one_answer() {
    for answer in [true, false] {
        let remembered = Remembered::new(Clock::stopped()).unwrap();
        let times = Arc::new(AtomicUsize::new(0));
        let (go, gate) = sync::watch::channel(false);
        let crowd: Vec<_> = (0..50)
            .map(|_| {
                let (remembered, times, mut gate) =
                    (remembered.clone(), Arc::clone(&times), gate.clone());
                tokio::spawn(async move {
                    let find_out = async {
                        times.fetch_add(1, Ordering::SeqCst);
                        gate.wait_for(|open| *open).await.map(|_| answer)
                    };
                    remembered.is_right("ann", "secret", "$hash", find_out).await.unwrap()
                })
            })
            .collect();
        // All of them have asked before there is an answer.
        let mut waiting = 0;
        while waiting < 50 {
            tokio::task::yield_now().await;
            let known = remembered.known.lock();
            waiting = known.asked.values().map(|(_, askers)| *askers).sum();
        }
        go.send(true).unwrap();
        for member in crowd {
            assert_eq!(member.await.unwrap(), answer);
        }
        assert_eq!(times.load(Ordering::SeqCst), 1);
        assert_eq!(remembered.known.lock().asked.len(), 0);
    }
}

#[tokio::test]
async fn who_gives_up_or_fails_leaves_the_question_to_the_next() {
    let tried = tried();
    let remembered = &tried.remembered;
    {
        let mut given_up =
            Box::pin(remembered.is_right("ann", "secret", "$hash", pending::<Result<bool, ()>>()));
        let mut next =
            pin!(remembered.is_right("ann", "secret", "$hash", ready(Ok::<_, ()>(true))));
        let both = poll_fn(|context| {
            let one = given_up.as_mut().poll(context).is_pending();
            Poll::Ready(one && next.as_mut().poll(context).is_pending())
        });
        assert!(both.await, "the second waits for the first");
        drop(given_up);
        assert_eq!(next.await, Ok(true));
    }
    assert_eq!(tried.count(), (1, 0));
    let failed = remembered.is_right("bob", "secret", "$hash", ready(Err("no"))).await;
    assert_eq!(failed, Err("no"));
    assert!(tried.is_asked(["bob", "secret", "$hash"], true).await);
    assert_eq!(tried.count(), (2, 0));
}

#[tokio::test]
async fn only_so_much_is_remembered() {
    let clock = Clock::stopped();
    let remembered = Remembered { most: 10, ..Remembered::new(clock.clone()).unwrap() };
    let tried = Tried { remembered, clock, times: AtomicUsize::new(0) };
    for number in 0..10 {
        if number == 9 {
            tried.clock.advance(Duration::from_secs(30));
        }
        assert!(tried.is_asked([&format!("user{number}"), "secret", "$hash"], true).await);
    }
    // Those of more than a minute ago go first, and all only if that is not enough.
    tried.clock.advance(Duration::from_secs(30));
    assert!(tried.is_asked(ANN, true).await);
    assert_eq!(tried.count(), (2, 0));
    assert!(!tried.is_asked(["user9", "secret", "$hash"], true).await);
    for number in 10..30 {
        tried.is_asked([&format!("user{number}"), "secret", "$hash"], true).await;
        assert!(tried.count().0 <= 10);
    }
}
