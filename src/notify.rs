//! What the service manager hears, if there is one: that NOPAR serves, lives, and stops (sd_notify(3)).
//! Knows nothing of what is served. Without `NOTIFY_SOCKET` nobody hears anything.

use log::{info, warn};
use sd_notify::NotifyState;
use std::io;

/// How many signs of life there are in the time after which none is taken for the end: one may be late.
const SIGNS: u32 = 2;

/// Whether there is a service manager that hears it.
pub fn is_heard() -> bool {
    std::env::var_os("NOTIFY_SOCKET").is_some()
}

/// NOPAR serves from now on; `status` is what `systemctl status` shows of that.
pub fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// NOPAR reads its configuration again; that it is [`ready`] tells that this is done, whatever came of it.
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        // Without the time, systemd would take it for a failure (sd_notify(3)).
        Err(error) => warn_once(&error),
    }
}

/// NOPAR serves to the end what has begun, and nothing more.
pub fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("finishing what is going on")]);
}

/// The service's main process is this one from now on. Only the one that was so far may say it.
pub fn main_process(pid: u32) {
    tell(&[NotifyState::MainPid(pid)]);
}

/// Gives signs of life, as often as the manager wants them (`WatchdogSec=`), for as long as this future is driven: by a
/// runtime that answers nobody any more it is not.
pub async fn live() {
    let Some(patience) = sd_notify::watchdog_enabled() else { return };
    let mut signs = tokio::time::interval(patience / SIGNS);
    info!("the service manager hears of NOPAR every {:?}", patience / SIGNS);
    loop {
        signs.tick().await;
        tell(&[NotifyState::Watchdog]);
    }
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        warn_once(&error);
    }
}

/// A manager that cannot be reached once is seldom reached later, and signs of life are many.
fn warn_once(error: &io::Error) {
    static TOLD: std::sync::Once = std::sync::Once::new();
    TOLD.call_once(|| warn!("the service manager cannot be told anything: {error}"));
}
