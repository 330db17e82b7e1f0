//! A connection as Pingora sees it: it notes where in a request it is, and cuts what is too slow.
//! Knows nothing of what follows from that.

mod between;
mod identity;
mod socket;
mod streams;

pub(super) use streams::Flow;

use super::head::{Cut, Head};
use super::pace::Meter;
use super::{Patience, UNSENT};
use parking_lot::Mutex;
use pingora::protocols::Stream;
use rustix::net::SendFlags;
use std::fs::File;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;

/// Bytes that may wait in a socket which they were not copied into: less would have the sender woken up more
/// often (a tarball of 5 MB took 1.4 times the CPU with 512 KiB), more would be more than Linux lets wait there.
const UNSENT_PAGES: u32 = 4 << 20;

/// Between two requests, or before the first.
const IDLE: u8 = 0;
/// A head has begun and is not yet taken for a request.
const HEAD: u8 = 1;
/// A request is being answered, and its body may be read.
const REQUEST: u8 = 2;
/// A request that was read to its end is being answered.
const ANSWER: u8 = 3;
/// HTTP/2, where requests and answers have no order: only writing is watched.
const STREAMS: u8 = 4;

/// A stream that is watched. Pingora has it; what remains of it goes back to the `Watch`.
#[derive(Debug)]
pub struct Watched {
    /// `None` only while it is dropped.
    stream: Option<Stream>,
    shared: Arc<Shared>,
    patience: Arc<Patience>,
    head: Head,
    /// What came while the request before was being answered.
    early: Vec<u8>,
    /// How much of that is to be read first, and alone.
    early_head: usize,
    writing: Meter,
    /// Whether much may wait in the socket, as nothing of it is copied.
    takes_pages: bool,
}

/// The other end of a [`Watched`].
pub(super) struct Watch {
    shared: Arc<Shared>,
}

/// What is left when Pingora is done with a connection.
pub(super) struct Remains {
    pub(super) stream: Stream,
    /// What was read of a head that Pingora did not take for a request.
    pub(super) head: Option<Head>,
    pub(super) cut: Option<Cut>,
    /// Whether the client may still be sending a body nobody reads.
    pub(super) unread: bool,
}

#[derive(Debug, Default)]
struct Shared {
    phase: AtomicU8,
    unread: AtomicBool,
    cut: OnceLock<Cut>,
    cut_off: Notify,
    /// Bytes written of HTTP/2.
    written: AtomicU64,
    remains: Mutex<Option<(Stream, Head)>>,
}

impl Watched {
    pub(super) fn new(stream: Stream, patience: Arc<Patience>) -> (Watched, Watch) {
        let shared = Arc::<Shared>::default();
        let watch = Watch { shared: Arc::clone(&shared) };
        let writing = Meter::new(patience.reading);
        let (stream, head, early) = (Some(stream), Head::default(), Vec::new());
        let watched = Watched {
            stream,
            shared,
            patience,
            head,
            early,
            early_head: 0,
            writing,
            takes_pages: false,
        };
        (watched, watch)
    }

    /// How much is borne from this caller.
    pub fn patience(&self) -> &Patience {
        &self.patience
    }

    /// Says that a head was read and taken for a request, and whether that was all of it.
    pub fn request_begins(&self, body_read: bool) {
        let phase = if body_read { ANSWER } else { REQUEST };
        self.shared.phase.store(phase, Ordering::Relaxed);
    }

    /// Says that the request is answered, and whether its body was read to its end.
    pub fn request_ends(&self, body_read: bool) {
        self.shared.phase.store(IDLE, Ordering::Relaxed);
        // Once there is something unread, the connection ends.
        if !body_read {
            self.shared.unread.store(true, Ordering::Relaxed);
        }
    }

    /// Says that the end of the request's body cannot be told: whatever comes is the rest of it.
    pub fn body_breaks(&self) {
        self.shared.unread.store(true, Ordering::Relaxed);
    }

    /// Why it was cut, in a word, if it was.
    pub fn cut_reason(&self) -> Option<&'static str> {
        self.shared.cut.get().map(|cut| cut.word())
    }

    fn is_in(&self, phase: u8) -> bool {
        self.shared.phase.load(Ordering::Relaxed) == phase
    }

    fn stream(&self) -> &Stream {
        self.stream.as_ref().expect("taken in drop only")
    }

    fn stream_mut(&mut self) -> &mut Stream {
        self.stream.as_mut().expect("taken in drop only")
    }

    /// Ends the connection in the middle of a head. Pingora is not told, it would only log an
    /// error: the `Guard` takes the connection from it.
    fn cut_head<T>(&self, cut: Cut) -> Poll<io::Result<T>> {
        let _ = self.shared.cut.set(cut);
        self.shared.cut_off.notify_one();
        Poll::Pending
    }

    /// What a read found between requests or in a head.
    fn read_head(&mut self, read: &[u8]) {
        if self.is_in(IDLE) {
            self.shared.phase.store(HEAD, Ordering::Relaxed);
            self.head.begin();
        }
        self.head.bytes.extend_from_slice(read);
    }

    /// While it waits for the upstream, Pingora looks whether the client is still there, and drops
    /// answer and connection when it finds the next request instead: so that is kept for later.
    fn poll_is_there(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.early.is_empty() {
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        ready!(Pin::new(self.stream_mut()).poll_read(context, buffer))?;
        if buffer.filled().len() == before {
            return Poll::Ready(Ok(()));
        }
        self.early.extend_from_slice(&buffer.filled()[before..]);
        buffer.set_filled(before);
        Poll::Pending
    }

    fn poll_next(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.early.is_empty() {
            return Pin::new(self.stream_mut()).poll_read(context, buffer);
        }
        let most = if self.early_head > 0 { self.early_head } else { self.early.len() };
        let size = buffer.remaining().min(most);
        self.early_head = self.early_head.saturating_sub(size);
        buffer.put_slice(&self.early[..size]);
        self.early.drain(..size);
        if self.early.is_empty() {
            self.early = Vec::new();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_write_with(
        &mut self,
        context: &mut Context<'_>,
        offered: &[u8],
        write: impl FnOnce(Pin<&mut Stream>, &mut Context<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if self.is_in(HEAD) {
            self.head.swallowed.extend_from_slice(offered);
            return Poll::Ready(Ok(offered.len()));
        }
        match write(Pin::new(self.stream_mut()), context) {
            Poll::Pending => self.poll_stalled(context),
            Poll::Ready(written) => {
                let bytes = *written.as_ref().unwrap_or(&0);
                self.writing.moved(bytes);
                if self.is_in(STREAMS) {
                    self.shared.written.fetch_add(bytes as u64, Ordering::Relaxed);
                }
                Poll::Ready(written)
            }
        }
    }

    /// Sends a head and what a file holds without copying it. `None` when that is not to be had, or the client
    /// has to be waited for: a write will tell.
    pub(super) fn send_pages(
        &mut self,
        head: &[u8],
        (file, from, len): (&File, usize, usize),
        context: &mut Context<'_>,
    ) -> Option<io::Result<usize>> {
        if self.stream().get_ssl_digest().is_some() {
            return None;
        }
        // What goes straight to the socket must not overtake what the stream still holds.
        if !head.is_empty() && Pin::new(self.stream_mut()).poll_flush(context).is_pending() {
            return None;
        }
        let socket = socket::of(self.stream.as_ref()?)?;
        if !std::mem::replace(&mut self.takes_pages, true) {
            socket::let_wait(socket, UNSENT_PAGES);
        }
        let sent = if head.is_empty() {
            let mut at = from as u64;
            rustix::fs::sendfile(socket, file, Some(&mut at), len)
        } else {
            rustix::net::send(
                socket,
                head,
                SendFlags::MORE | SendFlags::NOSIGNAL | SendFlags::DONTWAIT,
            )
        };
        match sent {
            Ok(0) => Some(Err(io::ErrorKind::WriteZero.into())),
            Ok(bytes) => {
                self.writing.moved(bytes);
                Some(Ok(bytes))
            }
            // The client has to be waited for, or a sandbox has its own ideas; if it is worse, a write will tell.
            Err(_) => None,
        }
    }

    /// Says that a long body follows which is copied: no more of it is to wait in the socket than it has to.
    pub(super) fn copies(&mut self) {
        if std::mem::replace(&mut self.takes_pages, false)
            && let Some(socket) = self.stream.as_ref().and_then(socket::of)
        {
            socket::let_wait(socket, UNSENT);
        }
    }

    /// A write has to wait for the client.
    fn poll_stalled<T>(&mut self, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        let stream = self.stream.as_ref().expect("taken in drop only");
        let (queued, memory) = (|| socket::unacknowledged(stream), &self.patience.memory);
        ready!(self.writing.poll_too_slow(queued, || memory.is_too_much(), context));
        let _ = self.shared.cut.set(Cut::SlowReader);
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl Watch {
    /// Waits until the connection is cut in the middle of a head.
    pub(super) async fn cut_off(&self) {
        self.shared.cut_off.notified().await;
    }

    /// What is left, once Pingora has let go of the connection.
    pub(super) fn remains(self) -> Option<Remains> {
        let (stream, head) = self.shared.remains.lock().take()?;
        let refused = self.shared.phase.load(Ordering::Relaxed) == HEAD;
        Some(Remains {
            stream,
            head: refused.then_some(head),
            cut: self.shared.cut.get().copied(),
            unread: self.shared.unread.load(Ordering::Relaxed),
        })
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(stream) = self.stream.take() {
            let head = std::mem::take(&mut self.head);
            *self.shared.remains.lock() = Some((stream, head));
        }
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.is_in(REQUEST) || self.is_in(STREAMS) {
            // A body may have come with its head, which was read by others first.
            return self.poll_next(context, buffer);
        }
        if self.is_in(ANSWER) {
            return self.poll_is_there(context, buffer);
        }
        // Pingora parses after each read: if it reads on, what is there is not the whole head.
        if self.is_in(HEAD) && self.head.bytes.len() >= self.patience.head_size {
            return self.cut_head(Cut::LargeHead);
        }
        let before = buffer.filled().len();
        match self.poll_next(context, buffer) {
            Poll::Pending if self.is_in(HEAD) => {
                let limit = self.patience.head;
                ready!(self.head.poll_late(limit, context));
                self.cut_head(Cut::SlowHead)
            }
            Poll::Ready(Ok(())) if buffer.filled().len() > before => {
                self.read_head(&buffer.filled()[before..]);
                Poll::Ready(Ok(()))
            }
            Poll::Ready(_) if self.is_in(HEAD) => self.cut_head(Cut::Gone),
            other => other,
        }
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_with(context, bytes, |stream, context| stream.poll_write(context, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let first = slices.iter().find(|slice| !slice.is_empty());
        self.poll_write_with(context, first.map_or(&[], |slice| &**slice), |stream, context| {
            stream.poll_write_vectored(context, slices)
        })
    }

    fn is_write_vectored(&self) -> bool {
        self.stream().is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(self.stream_mut()).poll_flush(context) {
            Poll::Pending => self.poll_stalled(context),
            flushed => {
                self.writing.moved(0);
                flushed
            }
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A head that was refused is still to be answered.
        if self.is_in(HEAD) {
            return Poll::Ready(Ok(()));
        }
        match Pin::new(self.stream_mut()).poll_shutdown(context) {
            Poll::Pending => self.poll_stalled(context),
            shut => shut,
        }
    }
}
