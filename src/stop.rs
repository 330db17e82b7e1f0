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
use signal_hook::consts::{SIGINT, SIGQUIT, SIGTERM, SIGUSR1};
use signal_hook::iterator::Signals;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// What asks NOPAR to end.
pub struct Stop {
    /// How many times it was asked.
    asked: watch::Receiver<usize>,
}

/// Asks a NOPAR in this process to end.
#[derive(Clone, Debug)]
pub struct StopHandle {
    times: Arc<watch::Sender<usize>>,
}

impl Stop {
    /// SIGTERM, SIGINT and SIGQUIT; at SIGUSR1, `reopen` is called, on the thread that hears them. They are heard from now
    /// on, long before anybody waits for them: a signal that comes while NOPAR starts would end the process in the middle of
    /// whatever it does, and requests may already be answered by then.
    ///
    /// # Errors
    ///
    /// When the system gives no thread, or no pipe, to hear them with.
    pub fn signals(reopen: impl Fn() + Send + 'static) -> io::Result<Stop> {
        let mut signals = Signals::new([SIGTERM, SIGINT, SIGQUIT, SIGUSR1])?;
        let (handle, stop) = Stop::channel();
        let hear = move || {
            signals.forever().for_each(|signal| match signal {
                SIGUSR1 => reopen(),
                _ => handle.stop(),
            });
        };
        std::thread::Builder::new().name("signals".to_owned()).spawn(hear)?;
        Ok(stop)
    }

    /// A handle, for NOPAR inside another program.
    pub fn channel() -> (StopHandle, Stop) {
        let (times, asked) = watch::channel(0);
        (StopHandle { times: Arc::new(times) }, Stop { asked })
    }
}

impl StopHandle {
    /// Asks to end. The second time, it ends at once.
    pub fn stop(&self) {
        self.times.send_modify(|times| *times += 1);
    }
}

/// Pingora's question when to end, answered when there is nothing left to lose.
pub(crate) struct Stopper {
    pub(crate) stop: Stop,
    /// Set to end the accept loops and close idle connections.
    pub(crate) closing: watch::Sender<bool>,
    /// Becomes true when the accept loops have ended.
    pub(crate) closed: watch::Receiver<bool>,
    pub(crate) in_flight: InFlight,
    pub(crate) timeout: Duration,
}

#[async_trait]
impl ShutdownSignalWatch for Stopper {
    async fn recv(&self) -> ShutdownSignal {
        let mut asked = Asked::new(&self.stop);
        asked.again().await;
        info!("stopping: {} requests in flight", self.in_flight.count());
        notify::stopping();
        // Nobody listening any more is as good as everybody told.
        let _ = self.closing.send(true);
        tokio::select! {
            () = self.drained() => info!("stopped"),
            () = tokio::time::sleep(self.timeout) => warn!(
                "stopped with {} requests unfinished after {} s (NOPAR_STOP_TIMEOUT)",
                self.in_flight.count(),
                self.timeout.as_secs(),
            ),
            () = asked.again() => {
                warn!("stopped at once with {} requests unfinished", self.in_flight.count());
            }
        }
        ShutdownSignal::FastShutdown
    }
}

impl Stopper {
    async fn drained(&self) {
        let _ = self.closed.clone().wait_for(|closed| *closed).await;
        self.in_flight.idle().await;
    }
}

/// Waits for being asked, once or again.
struct Asked {
    asked: watch::Receiver<usize>,
    times: usize,
}

impl Asked {
    fn new(stop: &Stop) -> Asked {
        Asked { asked: stop.asked.clone(), times: 0 }
    }

    async fn again(&mut self) {
        self.times += 1;
        let wanted = self.times;
        if self.asked.wait_for(|asked| *asked >= wanted).await.is_err() {
            // The handle is gone: nobody will ever ask.
            std::future::pending::<()>().await;
        }
    }
}
