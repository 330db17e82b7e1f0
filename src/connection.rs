//! Connections of callers who may mean harm: how many there may be, how slow they may be, the way of
//! answers that are ready (`lane`), and the answers to what Pingora does not take for a request.
//! Knows nothing of what is asked; a request that was read is the proxy's.
//!
//! Every connection is wrapped in a [`Watched`] stream before Pingora sees it. While a head is
//! being read, what Pingora would write is its own bare refusal: it is swallowed, and [`Guard`],
//! which has the connection back when Pingora is done with it, says the same in NOPAR's words.

mod buffer;
mod crowd;
mod date;
mod farewell;
mod guard;
mod handshake;
mod head;
mod lane;
mod pace;
mod plain;
mod ready;
mod refusal;
mod sending;
mod streams;
mod waits;
mod watched;

pub use guard::Guard;
pub use pace::Pace;
pub use plain::{Authorization, Forwarded, Plain, Read};
pub use ready::{Answer, Body, Caller, End, Piece, Pieces, Ready};
pub use sending::READ_ERROR;
pub use watched::Watched;

use crate::pages::Live;
use pingora::protocols::http::ServerSession;
use pingora::server::ShutdownWatch;
use std::time::Duration;
use tokio::sync::watch;

/// Bytes that a connection may have waiting in the system beside what is on its way (connections
/// inherit it from their listener). Without a limit that is up to 4 MB each, copied into memory that
/// has left the processor's caches before it is sent: bodies of 5 MB and more took 25 % more CPU and
/// went half as fast (measured on loopback, 16 connections). What is on its way is not limited, so long
/// roads stay full.
pub const UNSENT: u32 = 64 << 10;

/// The most that is read at once of a large body, in bytes.
pub const PIECE: usize = 256 << 10;

/// The most that is handed to a stream of HTTP/2 at once: Pingora measures how long a piece waits for its
/// client, and not how much of it went. A client that takes the least of [`Patience::reading`] takes one in
/// that time.
pub const STREAM_PIECE: usize = 32 << 10;

/// How connections come to their end.
#[derive(Clone, Debug)]
pub struct Ending {
    /// Becomes true when each answer is the last on its connection.
    pub last: ShutdownWatch,
    /// Becomes true when connections that wait for a request are closed.
    pub closing: ShutdownWatch,
}

impl Ending {
    /// For as long as their clients like.
    fn never() -> Ending {
        let never = watch::channel(false).1;
        Ending { last: never.clone(), closing: never }
    }

    /// Waits until connections are closed.
    async fn closed(&self) {
        // Who could say so may be gone.
        let _ = self.closing.clone().wait_for(|closing| *closing).await;
    }
}

/// How much is borne from a caller.
#[derive(Clone, Debug)]
pub struct Patience {
    /// From the first byte of a request's head to its last.
    pub head: Duration,
    /// Bytes of a request's head.
    pub head_size: usize,
    /// Silence between two requests on one connection, in whole seconds.
    pub idle: Duration,
    /// Requests on one connection before it is closed, so that connections spread over threads anew.
    pub requests: u32,
    /// The least a caller takes of an answer while it is waited for.
    pub reading: Pace,
    /// How many pieces of large bodies may lie in memory because their readers do not take them, so that
    /// they need not be read again.
    pub stalled_pieces: usize,
    /// How long each of them may: places are for who is slow, and not for who has stopped.
    pub stalled: Duration,
    /// The least a caller sends of a body that is wanted.
    pub sending: Pace,
    /// How long a connection is kept, after the last answer on it, for what the caller still sends:
    /// closing it at once would reset it, and the answer could be lost with that.
    pub linger: Duration,
    /// Bytes that are read meanwhile.
    pub linger_size: u64,
    /// What bodies take in memory. When it is too much, who takes nothing of an answer is cut at once.
    pub memory: Live,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience {
            head: Duration::from_secs(75),
            head_size: 64 << 10,
            idle: Duration::from_secs(60),
            requests: 10_000,
            // Sockets take an answer in large steps: a short window would cut slow but honest readers.
            reading: Pace { window: Duration::from_secs(60), least: 60 << 10 },
            stalled_pieces: 128,
            stalled: Duration::from_secs(1),
            sending: Pace { window: Duration::from_secs(15), least: 15 << 10 },
            linger: Duration::from_secs(10),
            linger_size: 64 << 20,
            memory: Live::default(),
        }
    }
}

/// The connection of a session. `None`: it came in another way than through a [`Guard`].
pub fn of(session: &ServerSession) -> Option<&Watched> {
    session.stream()?.as_ref().as_any().downcast_ref()
}
