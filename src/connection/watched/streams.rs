//! The stream of an HTTP/2 connection.
//! Knows nothing of frames.

use super::{STREAMS, Shared, Watched};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

/// What a client says first (RFC 9113 §3.4): `PRI * HTTP/2.0`, `SM`, and empty lines.
const PREFACE: usize = 24;

/// How much was written to a connection that somebody else has.
pub(in crate::connection) struct Flow(Arc<Shared>);

impl Flow {
    /// Bytes, since it began to speak HTTP/2.
    pub(in crate::connection) fn written(&self) -> u64 {
        self.0.written.load(Ordering::Relaxed)
    }
}

impl Watched {
    /// From now on it is HTTP/2. Waits for the client's first words, for which it has as long as for
    /// a head; false when they do not come. Whether they are right is Pingora's to say.
    pub(in crate::connection) async fn begin_streams(&mut self) -> bool {
        self.shared.phase.store(STREAMS, Ordering::Relaxed);
        let mut preface = [0; PREFACE];
        let limit = self.patience.head;
        let read = timeout(limit, self.read_exact(&mut preface)).await;
        self.early.extend_from_slice(&preface);
        matches!(read, Ok(Ok(_)))
    }

    /// Tells of what is written, also when Pingora has the stream.
    pub(in crate::connection) fn flow(&self) -> Flow {
        Flow(Arc::clone(&self.shared))
    }
}
