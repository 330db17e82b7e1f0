//! A ready answer on its way: its head and the pieces of its body, as the client takes them.
//! Knows nothing of where pieces come from.
//!
//! A piece that the client does not take lies in memory. There is room for so many of them, and each has
//! it for so long ([`Patience`](super::Patience)); who needs more gives its piece back, and reads it again,
//! checked like the first time, when the client takes more.

use super::UNSENT;
use super::buffer::Buffer;
use super::ready::{Body, Piece, Pieces};
use super::waits::Waits;
use super::watched::Watched;
use crate::inflight::{InFlight, Working};
use std::fs::File;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::AsyncWrite;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::coop::consume_budget;
use tokio::time::Instant;

/// The word for an answer that broke off as what was to be sent could not be read.
pub const READ_ERROR: &str = "read_error";

/// Why an answer was broken off.
#[derive(Clone, Copy)]
pub(super) enum Broken {
    /// What was to be sent could not be read.
    Reading,
    /// The client does not take it.
    Writing,
}

impl Broken {
    pub(super) fn word(self) -> &'static str {
        match self {
            Broken::Reading => READ_ERROR,
            Broken::Writing => "client_gone",
        }
    }
}

/// A body on its way.
pub(super) struct Sending {
    /// What goes out next, or is going out.
    piece: Piece,
    buffer: Buffer,
    pieces: Option<Box<dyn Pieces>>,
    /// Bytes that are gone.
    pub(super) sent: usize,
}

impl Sending {
    /// Ready to be sent. `None` when the body cannot be read: nothing was sent yet.
    pub(super) async fn of(body: Body, is_head: bool) -> Option<Sending> {
        let whole = |piece| Sending { piece, buffer: Buffer::none(), pieces: None, sent: 0 };
        match body {
            _ if is_head => Some(whole(Piece::End)),
            Body::Bytes(bytes) => Some(whole(Piece::Bytes(bytes))),
            Body::Pieces(mut pieces) => {
                let mut buffer = Buffer::take();
                let piece = pieces.next(&mut buffer).await.ok()?;
                Some(Sending { piece, buffer, pieces: Some(pieces), sent: 0 })
            }
        }
    }

    pub(super) async fn send(&mut self, out: &mut Out<'_>, head: &[u8]) -> Result<(), Broken> {
        let mut head = head;
        loop {
            let mut done = 0;
            let sent = self.send_piece(out, head, &mut done).await;
            self.sent += done.saturating_sub(head.len());
            sent?;
            let Some(pieces) = &mut self.pieces else { return Ok(()) };
            // Whoever reads as fast as it is sent would have the thread for the whole of a large body.
            consume_budget().await;
            self.piece = pieces.next(&mut self.buffer).await.map_err(|_| Broken::Reading)?;
            if matches!(self.piece, Piece::End) {
                return Ok(());
            }
            head = &[];
        }
    }

    async fn send_piece(
        &mut self,
        out: &mut Out<'_>,
        head: &[u8],
        done: &mut usize,
    ) -> Result<(), Broken> {
        let is_again = self.pieces.is_some();
        loop {
            let body: &[u8] = match &self.piece {
                Piece::Bytes(bytes) => bytes,
                Piece::Buffer => &self.buffer,
                Piece::End => &[],
            };
            let file = match &self.piece {
                Piece::Bytes(pages) => pages.file(),
                _ => None,
            };
            if file.is_none() && body.len() > UNSENT as usize {
                out.stream.copies();
            }
            let sent = poll_fn(|context| out.poll_send(head, body, file, done, is_again, context));
            match sent.await.map_err(|_| Broken::Writing)? {
                Sent::All => return Ok(()),
                Sent::Unflushed => {
                    self.let_go();
                    return out.flush().await.map_err(|_| Broken::Writing);
                }
                Sent::Stalled => {
                    self.let_go();
                    out.woken().await;
                    self.read_again().await.map_err(|_| Broken::Reading)?;
                }
            }
        }
    }

    /// Gives the piece back.
    fn let_go(&mut self) {
        self.piece = Piece::End;
        self.buffer = Buffer::none();
    }

    /// Reads the piece that was given back.
    async fn read_again(&mut self) -> io::Result<()> {
        let Some(pieces) = &mut self.pieces else { return Ok(()) };
        self.buffer = Buffer::take();
        self.piece = pieces.again(&mut self.buffer).await?;
        Ok(())
    }
}

/// How far a piece came.
enum Sent {
    /// To the client, or its socket.
    All,
    /// Taken by the stream, which has to wait for the client.
    Unflushed,
    /// The client does not take it, and it has been in memory for long enough.
    Stalled,
}

/// The connection while an answer is being sent.
pub(super) struct Out<'a> {
    stream: &'a mut Watched,
    in_flight: &'a InFlight,
    /// Keeps a stop waiting, from when the client or the disk may have to be waited for.
    working: Option<Working>,
    waits: &'a mut Waits,
    is_waiting: bool,
    /// Where pieces may wait.
    room: &'a Semaphore,
    place: Option<SemaphorePermit<'a>>,
}

impl<'a> Out<'a> {
    pub(super) fn new(
        stream: &'a mut Watched,
        in_flight: &'a InFlight,
        working: Option<Working>,
        waits: &'a mut Waits,
        room: &'a Semaphore,
    ) -> Out<'a> {
        Out { stream, in_flight, working, waits, is_waiting: false, room, place: None }
    }

    /// Sends what is left of both, the first of which is a head, after the first `done` bytes. If it
    /// `is_again` to be had, a piece that is kept waiting is not held.
    fn poll_send(
        &mut self,
        head: &[u8],
        body: &[u8],
        file: Option<&File>,
        done: &mut usize,
        is_again: bool,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<Sent>> {
        while *done < head.len() + body.len() {
            if let Some(file) = file {
                let unsent = &head[(*done).min(head.len())..];
                let from = done.saturating_sub(head.len());
                let rest = (file, from, body.len() - from);
                if let Some(sent) = self.stream.send_pages(unsent, rest, context) {
                    *done += sent?;
                    self.is_waiting = false;
                    continue;
                }
            }
            let rest = [
                IoSlice::new(&head[(*done).min(head.len())..]),
                IoSlice::new(&body[done.saturating_sub(head.len())..]),
            ];
            match Pin::new(&mut *self.stream).poll_write_vectored(context, &rest) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(written) => *done += written?,
                Poll::Pending => return self.poll_stalled(is_again, context),
            }
            self.is_waiting = false;
        }
        self.place = None;
        // Over TLS, and for short answers, it is here that the client is waited for.
        match Pin::new(&mut *self.stream).poll_flush(context) {
            Poll::Pending => Poll::Ready(Ok(Sent::Unflushed)),
            flushed => flushed.map_ok(|()| Sent::All),
        }
    }

    /// The client has to be waited for: a stop waits, too.
    fn waiting(&mut self) {
        self.working.get_or_insert_with(|| self.in_flight.begin());
    }

    fn poll_stalled(
        &mut self,
        is_again: bool,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<Sent>> {
        self.waiting();
        if !is_again {
            return Poll::Pending;
        }
        if !std::mem::replace(&mut self.is_waiting, true) {
            self.waits.begin(Instant::now());
        }
        self.place = self.place.take().or_else(|| self.room.try_acquire().ok());
        let limit = self.stream.patience().stalled;
        if self.place.is_some() && self.waits.poll_longer(limit, context).is_pending() {
            return Poll::Pending;
        }
        self.place = None;
        Poll::Ready(Ok(Sent::Stalled))
    }

    /// Waits until something happens that a write waited for before.
    async fn woken(&mut self) {
        let mut is_woken = false;
        poll_fn(|_| match std::mem::replace(&mut is_woken, true) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
        .await;
    }

    async fn flush(&mut self) -> io::Result<()> {
        self.waiting();
        poll_fn(|context| Pin::new(&mut *self.stream).poll_flush(context)).await
    }
}
