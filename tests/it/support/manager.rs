//! A stand-in for a service manager: it hears what NOPAR tells it.
//! Knows nothing of what that means.

use std::path::PathBuf;

use tempfile::TempDir;
use tokio::net::UnixDatagram;

use super::deadline::within;

/// Hears messages until it is dropped.
pub(crate) struct Manager {
    socket: UnixDatagram,
    folder: TempDir,
}

impl Manager {
    /// One that nobody knows of yet.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        let socket = UnixDatagram::bind(folder.path().join("notify")).expect("a socket");
        Self { socket, folder }
    }

    /// What `NOTIFY_SOCKET` has to be.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("notify")
    }

    /// The next message.
    pub(crate) async fn hears(&self) -> String {
        let mut message = [0; 4096];
        let hearing = self.socket.recv(&mut message);
        let length = within("the manager to hear something".to_owned(), hearing).await;
        String::from_utf8_lossy(&message[..length.expect("a message")]).into_owned()
    }

    /// Passes over messages until one begins with this, and returns it.
    pub(crate) async fn hears_of(&self, beginning: &str) -> String {
        loop {
            let message = self.hears().await;
            if message.starts_with(beginning) {
                return message;
            }
        }
    }
}
