//! Answers that are ready to be sent, as a connection sees them.
//! Knows nothing of what they are answers to.

use super::Plain;
use crate::pages::Pages;
use async_trait::async_trait;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

/// Who a connection leads to.
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    /// The other end's address.
    pub address: Option<SocketAddr>,
    /// Whether what is said is encrypted.
    pub is_tls: bool,
}

/// Who has answers ready.
pub trait Ready: Send + Sync + 'static {
    /// What is remembered of an answer until it is sent.
    type Sent: Send;

    /// The answer to `request`, if it can be given without waiting for anything; its head, but for
    /// what the connection adds (Date, Connection, and the empty line), is appended to `head`.
    /// `None`: Pingora gets the request.
    fn answer(
        &self,
        request: &Plain<'_>,
        caller: &Caller,
        head: &mut Vec<u8>,
    ) -> Option<Answer<Self::Sent>>;

    /// An answer is sent, or broken off after so many bytes of its body.
    fn finished(&self, request: &Plain<'_>, caller: &Caller, sent: Self::Sent, end: End);
}

/// A ready answer without its head.
pub struct Answer<S> {
    /// Its body. A HEAD request has none.
    pub body: Body,
    /// Handed back when it is sent.
    pub sent: S,
}

/// The body of a ready answer.
pub enum Body {
    /// These bytes, in memory.
    Bytes(Pages),
    /// What a file holds, piece by piece.
    Pieces(Box<dyn Pieces>),
}

/// A body that is read while it is sent.
#[async_trait]
pub trait Pieces: Send {
    /// The next piece; if it is not in memory, it takes the place of what `buffer` holds.
    ///
    /// # Errors
    /// When it cannot be read, or is damaged.
    async fn next(&mut self, buffer: &mut Vec<u8>) -> io::Result<Piece>;

    /// The piece that was the next one before, once more.
    ///
    /// # Errors
    /// As [`Pieces::next`].
    async fn again(&mut self, buffer: &mut Vec<u8>) -> io::Result<Piece>;
}

/// A piece of a body.
#[derive(Clone, Debug)]
pub enum Piece {
    /// It is in memory.
    Bytes(Pages),
    /// It is in the buffer.
    Buffer,
    /// There are no more.
    End,
}

/// How an answer ended.
#[derive(Clone, Copy, Debug)]
pub struct End {
    /// Bytes of its body that were sent.
    pub bytes: usize,
    /// From the end of the request's head to the last byte.
    pub duration: Duration,
    /// Why it was broken off, in a word.
    pub error: Option<&'static str>,
}
