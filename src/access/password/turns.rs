//! Who may compute a hash, of all who want to: as many as there are cores, and some who wait.
//! Knows nothing of users, nor of who has tried how often.
//!
//! A hash takes a core for some tens of milliseconds and 19 MiB, whoever asks for it: made-up names cost as much as
//! real ones. So a crowd waits, and what is more than a crowd is told to come again.

use super::{Hash, NewPassword, Unusable, Verdict};
use std::io;
use std::sync::Arc;
use std::thread::available_parallelism;
use tokio::sync::{Semaphore, TryAcquireError};
use tokio::task::spawn_blocking;

/// How many wait at most. On two cores that is some three seconds' work.
const WAITING: usize = 128;

/// The turns. Clones are the same.
#[derive(Clone)]
pub(in crate::access) struct PasswordTurns {
    /// Whoever computes or waits.
    room: Arc<Semaphore>,
    /// Whoever computes.
    cores: Arc<Semaphore>,
}

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub(in crate::access) enum TurnError {
    /// Too many want one; a moment later there may be room.
    #[error("too many passwords are being checked just now: try again in a few seconds")]
    Busy,
    /// There is nothing to compare with.
    #[error(transparent)]
    Unusable(#[from] Unusable),
    /// It was not computed.
    #[error(transparent)]
    Failed(#[from] io::Error),
}

impl PasswordTurns {
    /// As many at once as there are cores.
    pub(in crate::access) fn new() -> PasswordTurns {
        PasswordTurns::of(available_parallelism().map_or(2, usize::from), WAITING)
    }

    fn of(cores: usize, waiting: usize) -> PasswordTurns {
        PasswordTurns {
            room: Arc::new(Semaphore::new(cores + waiting)),
            cores: Arc::new(Semaphore::new(cores)),
        }
    }

    /// Whether a password is that of a hash. Who stops waiting gives up the turn; what is being computed goes on to
    /// its end.
    ///
    /// # Errors
    /// When it is not computed, see [`TurnError`].
    pub(in crate::access) async fn verify(
        &self,
        password: String,
        hash: Hash,
    ) -> Result<Verdict, TurnError> {
        Ok(self.compute(move || hash.verify(&password)).await??)
    }

    /// The hash of a password that was chosen.
    ///
    /// # Errors
    /// When it is not computed.
    pub(in crate::access) async fn hash(&self, password: NewPassword) -> Result<Hash, TurnError> {
        Ok(self.compute(move || Hash::of(&password)).await??)
    }

    /// The same for one that was found right, see [`Hash::again`].
    ///
    /// # Errors
    /// When it is not computed.
    pub(in crate::access) async fn hash_again(&self, password: String) -> Result<Hash, TurnError> {
        Ok(self.compute(move || Hash::again(&password)).await??)
    }

    async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, TurnError> {
        let room = match Arc::clone(&self.room).try_acquire_owned() {
            Err(TryAcquireError::NoPermits) => return Err(TurnError::Busy),
            other => other.map_err(io::Error::other)?,
        };
        let core = Arc::clone(&self.cores).acquire_owned().await.map_err(io::Error::other)?;
        let done = spawn_blocking(move || {
            // Held by the work itself: nobody else begins when its caller has gone.
            let _held = (room, core);
            work()
        });
        Ok(done.await.map_err(io::Error::other)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    #[tokio::test]
    async fn passwords_are_hashed_and_verified() {
        let turns = PasswordTurns::new();
        let chosen = NewPassword::parse("password".to_owned()).unwrap();
        let hash = turns.hash(chosen).await.unwrap();
        let verdict = |password: &str, hash: &Hash| turns.verify(password.to_owned(), hash.clone());
        let right = Verdict::Right { is_weak: false };
        assert_eq!(verdict("password", &hash).await.unwrap(), right);
        assert_eq!(verdict("passwort", &hash).await.unwrap(), Verdict::Wrong);
        let again = turns.hash_again("short".to_owned()).await.unwrap();
        assert_eq!(verdict("short", &again).await.unwrap(), right);
        let unusable: Hash = serde_json::from_str("\"\"").unwrap();
        let error = verdict("password", &unusable).await.unwrap_err();
        assert!(matches!(error, TurnError::Unusable(_)) && error.to_string().contains("passwd"));
    }

    /// One computes, two wait, and the fourth is sent away; when one has been done, there is room again.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_crowd_waits_and_more_than_that_is_sent_away() {
        let turns = PasswordTurns::of(1, 2);
        let (begun, begins) = mpsc::channel();
        let (go, gate) = mpsc::channel::<()>();
        let first = tokio::spawn({
            let turns = turns.clone();
            async move {
                let work = move || {
                    begun.send(()).unwrap();
                    gate.recv().unwrap();
                };
                turns.compute(work).await
            }
        });
        begins.recv().unwrap();
        let done = Arc::new(AtomicUsize::new(0));
        let work = || {
            let done = Arc::clone(&done);
            move || done.fetch_add(1, Ordering::SeqCst)
        };
        let mut waiting = [Box::pin(turns.compute(work())), Box::pin(turns.compute(work()))];
        for waits in &mut waiting {
            assert!(futures_poll(waits).await, "the core is taken");
        }
        let sent_away = turns.compute(work()).await;
        assert!(matches!(sent_away, Err(TurnError::Busy)), "{:?}", sent_away.err());

        // Who does not wait any more takes no room.
        let [one, other] = waiting;
        drop(other);
        let third = turns.compute(work());
        go.send(()).unwrap();
        first.await.unwrap().unwrap();
        let (one, third) = tokio::join!(one, third);
        assert!(one.is_ok() && third.is_ok());
        assert_eq!(done.load(Ordering::SeqCst), 2);
    }

    /// Polls once; whether it waits.
    async fn futures_poll<F: Future + Unpin>(future: &mut F) -> bool {
        std::future::poll_fn(|context| {
            let polled = std::pin::Pin::new(&mut *future).poll(context);
            std::task::Poll::Ready(polled.is_pending())
        })
        .await
    }

    #[tokio::test]
    async fn work_that_panics_is_an_error_and_gives_its_turn_back() {
        let turns = PasswordTurns::of(1, 0);
        for _ in 0..3 {
            let failed = turns.compute(|| panic!("on purpose")).await;
            assert!(matches!(failed, Err::<(), _>(TurnError::Failed(_))));
        }
        assert_eq!(turns.compute(|| 7).await.unwrap(), 7);
    }
}
