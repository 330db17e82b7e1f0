//! The keys of an issuer, which are asked for when they are needed, and seldom.
//! Knows nothing of tokens, nor of how keys are fetched.
//!
//! Who shows what looks like a token of a known issuer may cause a question there: so one that names a key nobody has
//! seen causes one a minute at most, whoever comes, and all who wait share it. It is asked by a task of its own, which
//! goes on to its end when they leave.

use super::Refused;
use super::jwks::KeySet;
use super::key::Key;
use crate::clock::Clock;
use async_trait::async_trait;
use bytes::Bytes;
use log::warn;
use parking_lot::Mutex;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::watch;
use tokio::time::timeout;

/// Who fetches the keys of issuers.
#[async_trait]
pub trait Keys: Send + Sync + 'static {
    /// The document with the keys of an issuer (its JWK Set, RFC 7517), as its `jwks_uri` has it now (OpenID Connect
    /// Discovery 1.0 §4). The issuer is one of the configuration, as it is written there. Nobody reads more than the
    /// first 256 KiB and a byte of it.
    ///
    /// # Errors
    /// When it cannot be had; why, for the log. Who takes longer than 10 s is not waited for.
    async fn keys(&self, issuer: &str) -> io::Result<Bytes>;
}

/// How long keys are used without asking. An issuer shows a new key for longer before it signs by it.
const FRESH: Duration = Duration::from_secs(600);
/// How long they are used while the issuer does not answer.
const STALE: Duration = Duration::from_secs(24 * 3600);
/// How long an answer is good for those who name a key that is not in it.
const UNKNOWN: Duration = Duration::from_secs(60);
/// How long a failure is.
const FAILED: Duration = Duration::from_secs(10);
/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// An issuer, and its keys.
pub(super) struct Issuer {
    name: String,
    source: Arc<dyn Keys>,
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Its keys, and when they were asked for.
    held: Option<(KeySet, SystemTime)>,
    /// When it was asked last, and whether that failed.
    asked: Option<(SystemTime, bool)>,
    /// Closes when the question that is going on has its answer.
    question: Option<watch::Receiver<()>>,
}

/// What is known of a key.
enum Look {
    Known(Result<Arc<Key>, Refused>),
    Later(watch::Receiver<()>),
}

impl Issuer {
    pub(super) fn new(name: String, source: Arc<dyn Keys>, clock: Clock) -> Issuer {
        Issuer { name, source, clock, state: Mutex::default() }
    }

    /// Its key with this ID.
    pub(super) async fn key(self: &Arc<Issuer>, id: &str) -> Result<Arc<Key>, Refused> {
        match self.look(id) {
            Look::Known(key) => key,
            Look::Later(mut question) => {
                // It says nothing; it ends.
                let _ = question.changed().await;
                self.state.lock().held(id, self.clock.now())
            }
        }
    }

    /// What is known, or, if asking would help and is due, a question.
    fn look(self: &Arc<Issuer>, id: &str) -> Look {
        let now = self.clock.now();
        let mut state = self.state.lock();
        let is_fresh = state.held.as_ref().is_some_and(|(_, got)| since(*got, now) <= FRESH);
        let held = state.held(id, now);
        if is_fresh && held.is_ok() {
            return Look::Known(held);
        }
        let is_open = |question: &&watch::Receiver<()>| question.has_changed().is_ok();
        if let Some(question) = state.question.as_ref().filter(is_open) {
            return Look::Later(question.clone());
        }
        let is_due = state.asked.is_none_or(|(asked, has_failed)| {
            since(asked, now) >= if has_failed { FAILED } else { UNKNOWN }
        });
        if !is_due {
            return Look::Known(held);
        }
        let (answered, question) = watch::channel(());
        // Failed until it is answered.
        state.asked = Some((now, true));
        state.question = Some(question.clone());
        drop(state);
        let issuer = Arc::clone(self);
        tokio::spawn(async move {
            issuer.ask(now).await;
            drop(answered);
        });
        Look::Later(question)
    }

    /// Asks for the keys, and keeps them.
    async fn ask(&self, began: SystemTime) {
        let answer = timeout(PATIENCE, self.source.keys(&self.name)).await;
        let answer = answer.unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut)));
        let keys = answer.map_err(|error| format!("cannot be fetched: {error}"));
        let keys = keys.and_then(|document| {
            let keys = KeySet::parse(&document);
            keys.map_err(|wrong| format!("cannot be used: their document {wrong}"))
        });
        let mut state = self.state.lock();
        state.asked = Some((self.clock.now(), keys.is_err()));
        match keys {
            Ok(keys) => state.held = Some((keys, began)),
            Err(problem) => warn!("access: the keys of {} {problem}", self.name),
        }
    }
}

impl State {
    /// The key with this ID, if it is held and not too old; else why there is none.
    fn held(&self, id: &str, now: SystemTime) -> Result<Arc<Key>, Refused> {
        let held = self.held.as_ref().filter(|(_, got)| since(*got, now) <= STALE);
        let key = held.and_then(|(keys, _)| keys.get(id));
        let has_failed = self.asked.is_some_and(|(_, has_failed)| has_failed);
        let is_unknown = held.is_some() && !has_failed;
        key.ok_or(if is_unknown { Refused::Key } else { Refused::NoKeys })
    }
}

/// How long ago something was; long ago, if the clock was set back meanwhile.
fn since(then: SystemTime, now: SystemTime) -> Duration {
    now.duration_since(then).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::sync::Semaphore;

    /// An issuer that shows the keys with these IDs, or fails; each answer takes a permit.
    struct Source {
        ids: Mutex<Option<Vec<&'static str>>>,
        asked: AtomicUsize,
        permits: Semaphore,
    }

    #[async_trait]
    impl Keys for Source {
        async fn keys(&self, issuer: &str) -> io::Result<Bytes> {
            assert_eq!(issuer, "https://token.example");
            self.asked.fetch_add(1, Ordering::SeqCst);
            self.permits.acquire().await.unwrap().forget();
            let ids = self.ids.lock().clone().ok_or(io::Error::other("down"))?;
            let key = |id| {
                let x = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc";
                format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"{id}","x":"{x}"}}"#)
            };
            let keys: Vec<String> = ids.into_iter().map(key).collect();
            Ok(format!(r#"{{"keys":[{}]}}"#, keys.join(",")).into())
        }
    }

    struct Scene {
        source: Arc<Source>,
        clock: Clock,
        issuer: Arc<Issuer>,
    }

    impl Scene {
        fn new(ids: Option<Vec<&'static str>>) -> Scene {
            let permits = Semaphore::new(Semaphore::MAX_PERMITS);
            let source =
                Arc::new(Source { ids: Mutex::new(ids), asked: AtomicUsize::new(0), permits });
            let clock = Clock::stopped();
            let keys = Arc::clone(&source) as Arc<dyn Keys>;
            let issuer = Issuer::new("https://token.example".to_owned(), keys, clock.clone());
            Scene { source, clock, issuer: Arc::new(issuer) }
        }

        /// Asks for a key so many seconds later, and tells what comes of it and how many questions there were so far.
        async fn after(&self, seconds: u64, id: &str) -> (Result<(), Refused>, usize) {
            self.clock.advance(Duration::from_secs(seconds));
            let key = self.issuer.key(id).await.map(drop);
            (key, self.source.asked.load(Ordering::SeqCst))
        }

        fn shows(&self, ids: Option<Vec<&'static str>>) {
            *self.source.ids.lock() = ids;
        }
    }

    #[tokio::test]
    async fn keys_are_asked_for_every_ten_minutes_when_they_are_needed() {
        let scene = Scene::new(Some(vec!["a"]));
        assert_eq!(scene.after(0, "a").await, (Ok(()), 1));
        assert_eq!(scene.after(600, "a").await, (Ok(()), 1));
        assert_eq!(scene.after(1, "a").await, (Ok(()), 2));
        // One that it shows no more is none.
        scene.shows(Some(vec!["b"]));
        assert_eq!(scene.after(601, "a").await, (Err(Refused::Key), 3));
        assert_eq!(scene.after(0, "b").await, (Ok(()), 3));
    }

    #[tokio::test]
    async fn a_key_that_nobody_has_seen_causes_one_question_a_minute() {
        let scene = Scene::new(Some(vec!["a"]));
        assert_eq!(scene.after(0, "x").await, (Err(Refused::Key), 1));
        assert_eq!(scene.after(59, "y").await, (Err(Refused::Key), 1));
        assert_eq!(scene.after(0, "a").await, (Ok(()), 1));
        scene.shows(Some(vec!["a", "new"]));
        assert_eq!(scene.after(1, "new").await, (Ok(()), 2));
        assert_eq!(scene.after(0, "x").await, (Err(Refused::Key), 2));
    }

    #[tokio::test]
    async fn keys_are_used_for_a_day_while_the_issuer_is_down() {
        let scene = Scene::new(Some(vec!["a"]));
        assert_eq!(scene.after(0, "a").await, (Ok(()), 1));
        scene.shows(None);
        assert_eq!(scene.after(601, "a").await, (Ok(()), 2));
        assert_eq!(scene.after(9, "a").await, (Ok(()), 2), "it has just failed");
        assert_eq!(scene.after(0, "x").await, (Err(Refused::NoKeys), 2), "it may have it now");
        assert_eq!(scene.after(1, "a").await, (Ok(()), 3));
        let rest = STALE.as_secs() - 611;
        assert_eq!(scene.after(rest, "a").await, (Ok(()), 4));
        assert_eq!(scene.after(1, "a").await, (Err(Refused::NoKeys), 4));
        scene.shows(Some(vec!["a"]));
        assert_eq!(scene.after(9, "a").await, (Ok(()), 5));
    }

    #[tokio::test]
    async fn without_keys_a_failure_holds_for_ten_seconds() {
        let scene = Scene::new(None);
        assert_eq!(scene.after(0, "a").await, (Err(Refused::NoKeys), 1));
        scene.shows(Some(vec!["a"]));
        assert_eq!(scene.after(9, "a").await, (Err(Refused::NoKeys), 1));
        assert_eq!(scene.after(1, "a").await, (Ok(()), 2));
        // What is no document is a failure as well.
        scene.shows(Some(vec![]));
        assert_eq!(scene.after(601, "a").await, (Ok(()), 3));
        assert_eq!(scene.after(10, "a").await, (Ok(()), 4));
    }

    /// All wait for one answer; who leaves does not take it from the others.
    #[tokio::test]
    async fn a_crowd_asks_once_also_if_the_first_one_leaves() {
        let scene = Scene::new(Some(vec!["a"]));
        scene.source.permits.forget_permits(Semaphore::MAX_PERMITS);
        let ask = || {
            let issuer = Arc::clone(&scene.issuer);
            tokio::spawn(async move { issuer.key("a").await })
        };
        let first = ask();
        while scene.source.asked.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        let crowd: Vec<_> = (0..20).map(|_| ask()).collect();
        first.abort();
        assert!(first.await.unwrap_err().is_cancelled());
        scene.source.permits.add_permits(1);
        for one in crowd {
            assert!(one.await.unwrap().is_ok());
        }
        assert_eq!(scene.source.asked.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn an_issuer_that_never_answers_is_not_waited_for() {
        let scene = Scene::new(Some(vec!["a"]));
        scene.source.permits.forget_permits(Semaphore::MAX_PERMITS);
        assert_eq!(scene.after(0, "a").await, (Err(Refused::NoKeys), 1));
    }

    /// A panic of who fetches is a failure, and the next one asks again.
    #[tokio::test]
    async fn a_question_that_breaks_is_over() {
        let scene = Scene::new(Some(vec!["a"]));
        let other = Issuer::new(
            "https://other.example".to_owned(),
            Arc::clone(&scene.issuer.source),
            scene.clock.clone(),
        );
        let other = Arc::new(other);
        for _ in 0..2 {
            assert_eq!(other.key("a").await.map(drop), Err(Refused::NoKeys));
            assert_eq!(other.key("a").await.map(drop), Err(Refused::NoKeys));
            scene.clock.advance(FAILED);
        }
        assert_eq!(other.key("a").await.map(drop), Err(Refused::NoKeys));
    }
}
