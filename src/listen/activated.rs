//! The sockets that a service manager has bound, as its variables tell of them (sd_listen_fds(3)).
//! Knows nothing of what they are.
//!
//! The variables stay in the environment, as to take them away is not safe while there are threads. Whom NOPAR starts
//! has another process id than they name, and gets none of the sockets: they are closed when it begins.

use super::ListenError;
use super::given::Given;
use std::io;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicBool, Ordering};

/// The sockets, if there are any for this process that nobody has taken yet. To be called before this process opens
/// anything: what it opened could have a number that is said to be a socket's.
pub(super) fn take() -> Result<Option<Vec<Given>>, ListenError> {
    static TAKEN: AtomicBool = AtomicBool::new(false);
    // First without names: those of another process's sockets are not looked at.
    let count = sd_notify::listen_fds().map_err(unusable)?.len();
    if count == 0 || TAKEN.swap(true, Ordering::Relaxed) {
        return Ok(None);
    }
    let listed: Vec<(RawFd, String)> =
        sd_notify::listen_fds_with_names().map_err(ListenError::Activation)?.collect();
    let taken = listed.into_iter().map(|(number, name)| {
        #[allow(unsafe_code)]
        // SAFETY: the manager opened it for this process before it began, so its number is nobody else's; it is open, as
        // it was just marked to be closed on exec; and it is taken once.
        let fd = unsafe { OwnedFd::from_raw_fd(number) };
        Given { fd, name: known(name) }
    });
    Ok(Some(taken.collect()))
}

fn unusable(error: io::Error) -> ListenError {
    ListenError::Activation(match error.raw_os_error() {
        Some(libc::EBADF) => io::Error::other("not all of them are open"),
        _ => error,
    })
}

/// A manager calls its sockets what it likes: the one name that means something stays.
fn known(name: String) -> String {
    match name.as_str() {
        Given::REGISTRY_FILE => Given::REGISTRY.to_owned(),
        _ => name,
    }
}
