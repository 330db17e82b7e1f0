//! The thread a NOPAR runs on, from bind to its end.
//! Knows nothing of directories and requests.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use nopar::app::{App, ReloadHandle, Reloads, Stop, StopHandle};
use nopar::catalogue::Catalogue;
use nopar::certificate::Shown;
use nopar::clock::Clock;
use nopar::config::{Config, Sources};
use nopar::connection::Patience;
use nopar::proxy::Figures;
use tokio::sync::oneshot;

use crate::support::deadline::{DEADLINE, within};

/// One run. Dropping it stops it and waits.
pub(super) struct Running {
    pub(super) addresses: Vec<SocketAddr>,
    pub(super) figures: Figures,
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) reload: ReloadHandle,
    pub(super) certificate: Option<Arc<Shown>>,
    stop: StopHandle,
    thread: Option<JoinHandle<()>>,
    /// Closed when the thread has ended, whichever way.
    end: Option<mpsc::Receiver<()>>,
}

impl Running {
    /// Loads the configuration, binds, and waits for the addresses; NOPAR's words if it refuses.
    pub(super) async fn start(
        env: &BTreeMap<String, String>,
        file: Option<&Path>,
        clock: Clock,
        patience: Patience,
    ) -> Result<Self, String> {
        let sources =
            Sources { env: env.clone(), file: file.map(Path::to_owned), ignore_saved: false };
        let config = Config::load(&sources).map_err(|mistakes| mistakes.to_string())?;
        let (stop, stopped) = Stop::channel();
        let (reload, reloads) = Reloads::channel();
        let (bound, binding) = oneshot::channel();
        let (alive, end) = mpsc::channel::<()>();
        // Bound on the thread that runs it: an App need not be Send.
        let body = move || {
            let _alive = alive;
            match App::bind(config, clock) {
                Ok(app) => {
                    let known = (
                        app.addresses().to_vec(),
                        app.figures(),
                        app.catalogue(),
                        app.certificate(),
                    );
                    let _ = bound.send(Ok(known));
                    app.with_patience(patience).with_reloads(reloads, sources).run(stopped);
                }
                Err(error) => {
                    let _ = bound.send(Err(error.to_string()));
                }
            }
        };
        let thread = std::thread::Builder::new().name("nopar".to_owned());
        let thread = thread.spawn(body).expect("a thread");
        let bound = within("NOPAR's start".to_owned(), binding).await;
        let (addresses, figures, catalogue, certificate) = match bound {
            Ok(outcome) => outcome?,
            Err(_) => return Err("it panicked while it started".to_owned()),
        };
        let (thread, end) = (Some(thread), Some(end));
        Ok(Self { addresses, figures, catalogue, certificate, reload, stop, thread, end })
    }

    /// Tells it to stop.
    pub(super) fn begin_stop(&self) {
        self.stop.stop();
    }

    /// Waits for its end, off the test's runtime, where fakes and clients may still be at work.
    pub(super) async fn ended(mut self) {
        let thread = self.thread.take().expect("taken only here and in drop");
        let end = self.end.take().expect("taken only here and in drop");
        let waiting = tokio::task::spawn_blocking(move || wait(thread, &end));
        let outcome = waiting.await.expect("waiting does not panic");
        outcome.unwrap_or_else(|reason| panic!("{reason}"));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let (Some(thread), Some(end)) = (self.thread.take(), self.end.take()) else {
            return;
        };
        self.begin_stop();
        let outcome = wait(thread, &end);
        // A second panic while the first unwinds would abort the whole test binary.
        if let (Err(reason), false) = (outcome, std::thread::panicking()) {
            panic!("{reason}");
        }
    }
}

fn wait(thread: JoinHandle<()>, end: &mpsc::Receiver<()>) -> Result<(), &'static str> {
    match end.recv_timeout(DEADLINE) {
        Err(mpsc::RecvTimeoutError::Timeout) => Err("NOPAR did not stop within the deadline"),
        _ => thread.join().map_err(|_| "NOPAR's thread panicked"),
    }
}
