//! When and how NOPAR ends: asked by a signal (or a test), it stops accepting, finishes what is
//! going on, and goes.
//! Knows nothing of requests but how many there are.
//!
//! Pingora's own graceful stop sleeps for a fixed time even when idle, and then drops what is not
//! done. So this one happens before Pingora is told, and Pingora is told to be quick.

use crate::inflight::InFlight;
use crate::notify;
use async_trait::async_trait;
use log::{info, warn};
use pingora::server::{ShutdownSignal, ShutdownSignalWatch};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook::iterator::Signals;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How long connections that wait for a request are kept when another process serves already: who sends one on them is
/// answered, and told that it is the last there. Clients that pause for longer find the connection closed, and open
/// another.
const LAST_ANSWERS: Duration = Duration::from_secs(5);

/// How long what has begun may take when another process serves already: nobody waits for that, and who takes nothing
/// of an answer is cut long before.
const LEAVING: Duration = Duration::from_secs(3600);
/// Who was let in last counts from when its task first runs, a little later than the loops that accept end.
const SETTLING: Duration = Duration::from_millis(20);

/// What asks NOPAR to end.
pub struct Stop {
    asked: watch::Receiver<Wish>,
}

/// What NOPAR is asked for.
#[derive(Clone, Copy, Debug, Default)]
struct Wish {
    /// How many times it was asked to end.
    times: usize,
    /// Whether another process serves in its place.
    is_succeeded: bool,
}

/// Asks a NOPAR in this process to end.
#[derive(Clone, Debug)]
pub struct StopHandle {
    wish: Arc<watch::Sender<Wish>>,
}

impl Stop {
    /// SIGTERM, SIGINT and SIGQUIT; at SIGUSR1, `reopen` is called, on the thread that hears them, and at SIGHUP `reload`.
    /// Both are to do no more than to tell another thread. They are heard from now
    /// on, long before anybody waits for them: a signal that comes while NOPAR starts would end the process in the middle of
    /// whatever it does, and requests may already be answered by then.
    ///
    /// # Errors
    ///
    /// When the system gives no thread, or no pipe, to hear them with.
    pub fn signals(
        reopen: impl Fn() + Send + 'static,
        reload: impl Fn() + Send + 'static,
    ) -> io::Result<(StopHandle, Stop)> {
        let mut signals = Signals::new([SIGTERM, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGHUP])?;
        let (handle, stop) = Stop::channel();
        let asking = handle.clone();
        let hear = move || {
            signals.forever().for_each(|signal| match signal {
                SIGUSR1 => reopen(),
                SIGHUP => reload(),
                // Other servers take it for an order to upgrade; unheard, it would end this one.
                SIGUSR2 => {
                    info!("SIGUSR2 changes nothing: `nopar upgrade` has another program take over")
                }
                _ => asking.stop(),
            });
        };
        std::thread::Builder::new().name("signals".to_owned()).spawn(hear)?;
        Ok((handle, stop))
    }

    /// Who is told of a successor.
    pub(crate) fn succession(&self) -> Succession {
        Succession(self.asked.clone())
    }

    /// Whether it is about to end by then.
    pub(crate) fn is_asked(&self) -> impl Fn() -> bool + Send + use<> {
        let asked = self.asked.clone();
        move || {
            let wish = asked.borrow();
            wish.is_succeeded || wish.times > 0
        }
    }

    /// A handle, for NOPAR inside another program.
    pub fn channel() -> (StopHandle, Stop) {
        let (wish, asked) = watch::channel(Wish::default());
        (StopHandle { wish: Arc::new(wish) }, Stop { asked })
    }
}

/// Tells when another process serves in place of this one.
#[derive(Clone)]
pub(crate) struct Succession(watch::Receiver<Wish>);

impl Succession {
    /// Waits until then.
    pub(crate) async fn comes(&self) {
        wished(&self.0, |wish| wish.is_succeeded).await;
    }
}

impl StopHandle {
    /// Whether it was asked to end.
    pub fn is_asked(&self) -> bool {
        self.wish.borrow().times > 0
    }

    /// Asks to end. The second time, it ends at once.
    pub fn stop(&self) {
        self.wish.send_modify(|wish| wish.times += 1);
    }

    /// Another process serves on the same sockets: this one lets nobody in any more, finishes what is going on, takes its
    /// time for it, and ends.
    pub fn succeeded(&self) {
        self.wish.send_modify(|wish| wish.is_succeeded = true);
    }
}

/// Pingora's question when to end, answered when there is nothing left to lose.
pub(crate) struct Stopper {
    pub(crate) stop: Stop,
    /// Set when it ends, and no other process serves in its place.
    pub(crate) ending: watch::Sender<bool>,
    /// Set to end the accept loops, and each connection with its next answer.
    pub(crate) last: watch::Sender<bool>,
    /// Set to close idle connections.
    pub(crate) closing: watch::Sender<bool>,
    /// Becomes true when the accept loops have ended.
    pub(crate) closed: watch::Receiver<bool>,
    pub(crate) in_flight: InFlight,
    /// How long that takes at most, as it is when it begins.
    pub(crate) timeout: Box<dyn Fn() -> Duration + Send + Sync>,
}

#[async_trait]
impl ShutdownSignalWatch for Stopper {
    async fn recv(&self) -> ShutdownSignal {
        let mut asked = Asked::new(&self.stop);
        let succession = self.stop.succession();
        let is_asked = tokio::select! {
            biased;
            () = asked.again() => true,
            () = succession.comes() => !self.leave(&mut asked).await,
        };
        if is_asked {
            self.end(&mut asked).await;
        }
        ShutdownSignal::FastShutdown
    }
}

impl Stopper {
    /// Ends when what is going on is done, or it is asked once more.
    async fn end(&self, asked: &mut Asked) {
        let timeout = (self.timeout)();
        info!("stopping: {} requests in flight", self.in_flight.count());
        notify::stopping();
        let _ = self.ending.send(true);
        self.close();
        tokio::select! {
            () = self.drained() => info!("stopped"),
            () = tokio::time::sleep(timeout) => warn!(
                "stopped with {} requests unfinished after {} s (NOPAR_STOP_TIMEOUT)",
                self.in_flight.count(),
                timeout.as_secs(),
            ),
            () = asked.again() => {
                warn!("stopped at once with {} requests unfinished", self.in_flight.count());
            }
        }
    }

    /// Finishes what is going on while another process serves; false when it was asked to end before that is done.
    async fn leave(&self, asked: &mut Asked) -> bool {
        info!("another process serves: finishing {} requests", self.in_flight.count());
        // Nobody listening any more is as good as everybody told.
        let _ = self.last.send(true);
        tokio::select! {
            () = tokio::time::sleep(LAST_ANSWERS) => {}
            () = asked.again() => return false,
        }
        self.close();
        tokio::select! {
            () = self.drained() => info!("left"),
            () = tokio::time::sleep(LEAVING) => {
                warn!("left with {} requests unfinished", self.in_flight.count());
            }
            () = asked.again() => return false,
        }
        true
    }

    fn close(&self) {
        let _ = self.last.send(true);
        let _ = self.closing.send(true);
    }

    async fn drained(&self) {
        let _ = self.closed.clone().wait_for(|closed| *closed).await;
        tokio::time::sleep(SETTLING).await;
        self.in_flight.idle().await;
    }
}

/// Waits for being asked, once or again.
struct Asked {
    asked: watch::Receiver<Wish>,
    times: usize,
}

impl Asked {
    fn new(stop: &Stop) -> Asked {
        Asked { asked: stop.asked.clone(), times: 0 }
    }

    /// Once more than it was heard; who gives up waiting misses nothing.
    async fn again(&mut self) {
        let wanted = self.times + 1;
        wished(&self.asked, |wish| wish.times >= wanted).await;
        self.times = wanted;
    }
}

/// Waits until it is wished for.
async fn wished(asked: &watch::Receiver<Wish>, is_wished: impl FnMut(&Wish) -> bool) {
    if asked.clone().wait_for(is_wished).await.is_err() {
        // The handle is gone: nobody will ever ask.
        std::future::pending::<()>().await;
    }
}
