//! A stand-in for a service manager: it hears what NOPAR tells it.
//! Knows nothing of what that means.
//!
//! It hears at any time, as a real one does: a socket holds some ten messages, and whoever sends one more waits. NOPARs that
//! give signs of life would wait for a test that waits for them.

use std::path::PathBuf;

use tempfile::TempDir;
use tokio::net::UnixDatagram;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;

use super::deadline::within;

/// Hears messages until it is dropped.
pub(crate) struct Manager {
    messages: Mutex<mpsc::UnboundedReceiver<String>>,
    hearing: JoinHandle<()>,
    folder: TempDir,
}

impl Manager {
    /// One that nobody knows of yet.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        let socket = UnixDatagram::bind(folder.path().join("notify")).expect("a socket");
        let (heard, messages) = mpsc::unbounded_channel();
        let hearing = tokio::spawn(async move {
            let mut message = [0; 4096];
            while let Ok(length) = socket.recv(&mut message).await {
                let text = String::from_utf8_lossy(&message[..length]).into_owned();
                if heard.send(text).is_err() {
                    return;
                }
            }
        });
        Self { messages: Mutex::new(messages), hearing, folder }
    }

    /// What `NOTIFY_SOCKET` has to be.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("notify")
    }

    /// The next message.
    pub(crate) async fn hears(&self) -> String {
        let mut messages = self.messages.lock().await;
        let message = within("the manager to hear something".to_owned(), messages.recv()).await;
        message.expect("its socket lives as long as it does")
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

impl Drop for Manager {
    fn drop(&mut self) {
        self.hearing.abort();
    }
}
