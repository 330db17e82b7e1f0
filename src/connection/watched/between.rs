//! The stream in the hands of who reads heads before Pingora does.
//! Knows nothing of what is in a head.

use super::{HEAD, IDLE, Watched, socket};
use crate::connection::UNSENT;
use crate::connection::ready::Caller;
use pingora::protocols::{ALPN, GetSocketDigest, Ssl};
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::Instant;

/// Read at once: more than a head usually has.
const PIECE: usize = 4096;

impl Watched {
    /// Whether its two ends agreed on HTTP/2.
    pub(in crate::connection) fn is_http2(&self) -> bool {
        matches!(self.selected_alpn_proto(), Some(ALPN::H2))
    }

    /// Who is at the other end.
    pub(in crate::connection) fn caller(&self) -> Caller {
        let address = self
            .get_socket_digest()
            .and_then(|socket| socket.peer_addr().and_then(|address| address.as_inet()).copied());
        Caller { address, is_tls: self.get_ssl_digest().is_some() }
    }

    /// Reads on in a head, or waits for the next one; how many bytes, 0 at the end. They are added to
    /// what [`Watched::take_head`] hands out.
    pub(in crate::connection) fn poll_more(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if self.is_in(IDLE) {
            self.head.let_go();
        }
        let mut piece = [MaybeUninit::uninit(); PIECE];
        let mut buffer = ReadBuf::uninit(&mut piece);
        ready!(Pin::new(self).poll_read(context, &mut buffer))?;
        Poll::Ready(Ok(buffer.filled().len()))
    }

    /// Whether a head has begun.
    pub(in crate::connection) fn is_in_head(&self) -> bool {
        self.is_in(HEAD)
    }

    /// What was read of a head, to be looked at; it must be given back.
    pub(in crate::connection) fn take_head(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.head.bytes)
    }

    /// When the head's first byte came.
    pub(in crate::connection) fn head_since(&self) -> Instant {
        self.head.since()
    }

    /// Gives a head back that is not whole yet.
    pub(in crate::connection) fn continue_head(&mut self, bytes: Vec<u8>) {
        self.head.bytes = bytes;
    }

    /// Gives a head back whose first `len` bytes were a request, now answered; what is behind them
    /// is the next one's.
    pub(in crate::connection) fn end_head(&mut self, bytes: Vec<u8>, len: usize) {
        // What was read came from there first.
        self.early.splice(..0, bytes[len..].iter().copied());
        self.head.bytes = bytes;
        self.head.let_go();
    }

    /// Gives a head back that will be read once more, by Pingora. If it is known to be the first `len`
    /// bytes, Pingora is not shown what is behind it: it would close the connection after the answer.
    pub(in crate::connection) fn read_again(&mut self, mut bytes: Vec<u8>, len: Option<usize>) {
        bytes.append(&mut self.early);
        self.early = bytes;
        self.early_head = len.unwrap_or_default();
        self.head.is_read_again = true;
        self.shared.phase.store(IDLE, Ordering::Relaxed);
        // What Pingora sends is copied, and would take memory while it waits.
        if std::mem::take(&mut self.takes_pages)
            && let Some(socket) = self.stream.as_ref().and_then(socket::of)
        {
            socket::let_wait(socket, UNSENT);
        }
    }
}
