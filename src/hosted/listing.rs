//! What many ask for at once, made for all of them together.
//! Knows nothing of what it is, but that it takes time, and is out of date for who asks after it was begun.

use parking_lot::Mutex;
use std::sync::Arc;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

/// One at most is being made, and one at most is next: it is begun when that is done, and is for all who have asked
/// by then.
pub(super) struct Listing<T> {
    asked: Arc<Mutex<Asked<T>>>,
}

struct Asked<T> {
    /// Who waits for the next one.
    waiting: Vec<oneshot::Sender<T>>,
    /// Whether somebody is about to look who waits: who asks then need not begin anything.
    is_served: bool,
}

impl<T> Default for Listing<T> {
    fn default() -> Listing<T> {
        let asked = Asked { waiting: Vec::new(), is_served: false };
        Listing { asked: Arc::new(Mutex::new(asked)) }
    }
}

impl<T: Clone + Send + 'static> Listing<T> {
    /// Asks for one that is begun after this. It comes here, or an error if `make`, which may block and is run on the
    /// blocking pool, panicked.
    pub(super) fn ask<M>(&self, make: M) -> oneshot::Receiver<T>
    where
        M: Fn() -> T + Send + Sync + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let mut asked = self.asked.lock();
        asked.waiting.push(sender);
        if !std::mem::replace(&mut asked.is_served, true) {
            // A task of its own: whoever leaves, the others are served.
            tokio::spawn(serve(Arc::clone(&self.asked), Arc::new(make)));
        }
        receiver
    }
}

async fn serve<T: Clone + Send + 'static>(
    asked: Arc<Mutex<Asked<T>>>,
    make: Arc<impl Fn() -> T + Send + Sync + 'static>,
) {
    while let Some(waiting) = next(&asked) {
        let make = Arc::clone(&make);
        // Otherwise it panicked: who waits learns it by the end of the channel.
        if let Ok(made) = spawn_blocking(move || make()).await {
            for one in waiting {
                let _ = one.send(made.clone());
            }
        }
    }
}

/// Those for whom the next one is made, but for who has left; `None` when there is nobody, and whoever comes has to
/// begin anew.
fn next<T>(asked: &Mutex<Asked<T>>) -> Option<Vec<oneshot::Sender<T>>> {
    let mut asked = asked.lock();
    let mut waiting = std::mem::take(&mut asked.waiting);
    waiting.retain(|one| !one.is_closed());
    asked.is_served = !waiting.is_empty();
    asked.is_served.then_some(waiting)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;
    use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

    /// Makes numbers, one after the other: tells of each that it is begun, and makes it when it may.
    struct Numbers {
        listing: Listing<usize>,
        make: Arc<dyn Fn() -> usize + Send + Sync>,
        begun: UnboundedReceiver<usize>,
        may: mpsc::Sender<()>,
    }

    impl Numbers {
        fn new() -> Numbers {
            let (begin, begun) = unbounded_channel();
            let (may, leave) = mpsc::channel();
            let (leave, last) = (Mutex::new(leave), AtomicUsize::new(0));
            let make = move || {
                let number = last.fetch_add(1, Ordering::SeqCst) + 1;
                let _ = begin.send(number);
                // Without one, the test has failed and goes.
                let _ = leave.lock().recv();
                number
            };
            Numbers { listing: Listing::default(), make: Arc::new(make), begun, may }
        }

        fn ask(&self) -> oneshot::Receiver<usize> {
            let make = Arc::clone(&self.make);
            self.listing.ask(move || make())
        }

        async fn begin(&mut self, number: usize) {
            assert_eq!(self.begun.recv().await, Some(number));
        }

        fn end(&self) {
            self.may.send(()).unwrap();
        }
    }

    #[tokio::test]
    async fn who_asks_while_one_is_made_shares_the_next() {
        let mut numbers = Numbers::new();
        let first = numbers.ask();
        numbers.begin(1).await;
        let crowd: Vec<_> = (0..100).map(|_| numbers.ask()).collect();
        assert!(numbers.begun.try_recv().is_err(), "one at a time");
        numbers.end();
        assert_eq!(first.await.unwrap(), 1);
        numbers.begin(2).await;
        let late = numbers.ask();
        numbers.end();
        for one in crowd {
            assert_eq!(one.await.unwrap(), 2);
        }
        numbers.begin(3).await;
        numbers.end();
        assert_eq!(late.await.unwrap(), 3);
        let later = numbers.ask();
        numbers.begin(4).await;
        numbers.end();
        assert_eq!(later.await.unwrap(), 4);
        assert!(numbers.begun.try_recv().is_err(), "none for nobody");
    }

    #[tokio::test]
    async fn nothing_is_made_for_who_has_left() {
        let mut numbers = Numbers::new();
        let first = numbers.ask();
        numbers.begin(1).await;
        drop(numbers.ask());
        numbers.end();
        assert_eq!(first.await.unwrap(), 1);
        // One that is being made goes on without those who asked for it, and is in nobody's way.
        drop(numbers.ask());
        let last = numbers.ask();
        numbers.begin(2).await;
        numbers.end();
        assert_eq!(last.await.unwrap(), 2);
        let left = numbers.ask();
        numbers.begin(3).await;
        drop(left);
        let last = numbers.ask();
        numbers.end();
        numbers.begin(4).await;
        numbers.end();
        assert_eq!(last.await.unwrap(), 4);
    }

    #[tokio::test]
    async fn a_panic_is_told_and_forgotten() {
        let listing = Listing::default();
        let broken = listing.ask(|| -> usize { panic!("as asked for") });
        assert!(broken.await.is_err());
        assert_eq!(listing.ask(|| 7).await.unwrap(), 7);
    }
}
