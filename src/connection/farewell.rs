//! The end of a connection: a last answer, and a close that does not destroy it.
//! Knows nothing of why; a connection that is closed with unread bytes in it is reset, and a client
//! that is reset may lose an answer it has not read yet.

use super::{Patience, date};
use crate::reply::Reply;
use pingora::protocols::Stream;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::timeout;

/// Read at once of what nobody wants.
const PIECE: usize = 16 << 10;

/// Sends an answer past Pingora, and says that it is the last. The bytes of its body that went out.
pub(super) async fn answer(
    stream: &mut (impl AsyncWrite + Unpin),
    reply: &Reply,
    to_head: bool,
    patience: &Patience,
) -> usize {
    let mut bytes = header(reply);
    if !to_head {
        bytes.extend_from_slice(&reply.body);
    }
    match say(stream, &bytes, patience).await {
        true if !to_head => reply.body.len(),
        _ => 0,
    }
}

/// Sends the last bytes of all; whether they were taken.
pub(super) async fn say(
    stream: &mut (impl AsyncWrite + Unpin),
    bytes: &[u8],
    patience: &Patience,
) -> bool {
    let send = async {
        stream.write_all(bytes).await?;
        stream.shutdown().await
    };
    matches!(timeout(patience.linger, send).await, Ok(Ok(())))
}

fn header(reply: &Reply) -> Vec<u8> {
    let reason = reply.status.canonical_reason().unwrap_or_default();
    let mut header = format!("HTTP/1.1 {} {reason}\r\n", reply.status.as_str());
    for (name, value) in &reply.headers {
        header += &format!("{name}: {}\r\n", value.to_str().unwrap_or_default());
    }
    header += &format!("content-length: {}\r\nconnection: close\r\ndate: ", reply.body.len());
    let mut header = header.into_bytes();
    date::append(&mut header);
    header.extend_from_slice(b"\r\n\r\n");
    header
}

/// Says that nothing more comes, and closes when the client has done the same, or when it has had
/// its time.
///
/// Where `expecting` is false, the client is believed to have nothing more to say: it is waited for
/// only if it has said something already.
pub(super) async fn close(mut stream: Stream, expecting: bool, limit: Duration, mut size: u64) {
    let drain = async {
        // It may have been said before: once more does no harm.
        stream.shutdown().await?;
        if !expecting && !says_something(&mut stream).await {
            return Ok(());
        }
        let mut piece = vec![0; PIECE];
        while size > 0 {
            match stream.read(&mut piece).await? {
                0 => break,
                read => size = size.saturating_sub(read as u64),
            }
        }
        io::Result::Ok(())
    };
    // Broken off, late or at its end: the connection closes.
    let _ = timeout(limit, drain).await;
}

/// Whether there are bytes to be read now.
async fn says_something(stream: &mut Stream) -> bool {
    let mut piece = [0; 1];
    std::future::poll_fn(|context| {
        let mut buffer = ReadBuf::new(&mut piece);
        let read = std::pin::Pin::new(&mut *stream);
        let read = tokio::io::AsyncRead::poll_read(read, context, &mut buffer);
        std::task::Poll::Ready(read.is_ready() && !buffer.filled().is_empty())
    })
    .await
}
