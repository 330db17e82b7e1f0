//! The socket under a stream.
//! Knows nothing of what is sent.

use pingora::protocols::Stream;
use rustix::ioctl::{Getter, Opcode, ioctl};
use socket2::SockRef;
use std::ffi::c_int;
use std::os::fd::BorrowedFd;

/// Bytes in the send queue that the other end has not acknowledged (`SIOCOUTQ`, tcp(7)).
const UNACKNOWLEDGED: Opcode = libc::TIOCOUTQ as Opcode;

/// The stream's socket, if it has one.
pub(super) fn of(stream: &Stream) -> Option<BorrowedFd<'_>> {
    // A stream without a socket has none of its numbers.
    let id = Some(stream.id()).filter(|id| *id >= 0)?;
    #[allow(unsafe_code)]
    // SAFETY: it is the number of the stream's socket, which lives as long as the stream that is borrowed.
    Some(unsafe { BorrowedFd::borrow_raw(id) })
}

/// Sets how many bytes may wait in a socket before more is taken. A system that cannot do that has no such limit.
pub(super) fn let_wait(socket: BorrowedFd<'_>, bytes: u32) {
    let _ = SockRef::from(&socket).set_tcp_notsent_lowat(bytes);
}

/// Bytes that were written and that the other end has not got yet; none, where that cannot be known.
pub(super) fn unacknowledged(stream: &Stream) -> u64 {
    let Some(socket) = of(stream) else { return 0 };
    #[allow(unsafe_code)]
    // SAFETY: this request reads one `int` and does nothing else.
    let queued = unsafe { ioctl(socket, Getter::<UNACKNOWLEDGED, c_int>::new()) };
    queued.map_or(0, |bytes| bytes.max(0) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pingora::protocols::l4::stream::Stream as L4;
    use std::future::poll_fn;
    use std::pin::Pin;
    use std::task::Poll;
    use tokio::io::{AsyncReadExt, AsyncWrite};
    use tokio::net::{TcpListener, TcpStream};

    #[tokio::test]
    async fn what_the_other_end_has_not_got_is_known() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        let mut stream: Stream = Box::new(L4::from(server));
        assert_eq!(unacknowledged(&stream), 0);
        let piece = vec![7; 1 << 20];
        let mut written = 0;
        poll_fn(|context| {
            while let Poll::Ready(more) = Pin::new(&mut stream).poll_write(context, &piece) {
                written += more.unwrap();
            }
            Poll::Ready(())
        })
        .await;
        let queued = unacknowledged(&stream);
        assert!(queued > 0 && queued < written as u64, "{queued} of {written}");
        let mut read = vec![0; written];
        client.read_exact(&mut read).await.unwrap();
        assert!(unacknowledged(&stream) < queued);
    }
}
