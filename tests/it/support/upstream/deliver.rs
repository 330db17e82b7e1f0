//! Sends an answer, whole or spoilt as a fault says.
//! Knows nothing of packages.

use std::io;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::answer::Answer;
use super::faults::{Fault, Pace};
use super::manners::BodyForm;

/// Bytes per write; a chunk's size where the body is chunked.
const PIECE: usize = 16 * 1024;

/// What becomes of the connection after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Keep,
    Close,
    Reset,
}

/// How an answer is to be sent.
pub(super) struct Delivery {
    pub(super) answer: Answer,
    pub(super) form: BodyForm,
    pub(super) keep_alive: bool,
    /// It answers HEAD: the head of a GET, no body.
    pub(super) head_only: bool,
    pub(super) pace: Option<Pace>,
    /// Only the faults that spoil a transfer matter here.
    pub(super) fault: Option<Fault>,
}

impl Delivery {
    /// Sends it all. An error means that the peer has gone.
    pub(super) async fn send(self, stream: &mut BufReader<TcpStream>) -> io::Result<Fate> {
        match self.fault {
            Some(Fault::Reset) => return Ok(Fate::Reset),
            Some(Fault::CloseBeforeHead) => return Ok(Fate::Close),
            Some(Fault::Silence) => return hung_up(stream).await,
            Some(Fault::Endless(kind)) => return endless(kind, stream).await,
            _ => {}
        }
        stream.write_all(&self.head()).await?;
        if self.head_only || self.answer.bodiless() {
            return Ok(self.fate(true));
        }
        let (end, ending) = match self.fault {
            Some(Fault::CutBody(after) | Fault::StopBody(after)) => (after, Fate::Close),
            Some(Fault::ResetBody(after)) => (after, Fate::Reset),
            _ => (usize::MAX, self.fate(false)),
        };
        let whole = end >= self.answer.body.len();
        self.body(end.min(self.answer.body.len()), stream).await?;
        if matches!(self.fault, Some(Fault::StopBody(_))) {
            return hung_up(stream).await;
        }
        if self.form() == BodyForm::Chunked && whole {
            stream.write_all(b"0\r\n\r\n").await?;
        }
        Ok(ending)
    }

    /// A lying Content-Length needs one, whatever the usual form.
    fn form(&self) -> BodyForm {
        match self.lies() {
            true => BodyForm::Length,
            false => self.form,
        }
    }

    fn lies(&self) -> bool {
        matches!(self.fault, Some(Fault::LengthTooLong(_) | Fault::LengthTooShort(_)))
    }

    fn fate(&self, without_body: bool) -> Fate {
        let needs_close = self.form() == BodyForm::UntilClose && !without_body;
        match self.lies() || needs_close || !self.keep_alive {
            true => Fate::Close,
            false => Fate::Keep,
        }
    }

    fn head(&self) -> Vec<u8> {
        let status = self.answer.status;
        let reason = reason(status);
        let mut head = format!("HTTP/1.1 {status} {reason}\r\n").into_bytes();
        let mut headers = self.answer.headers.clone();
        let length = self.answer.body.len() as u64;
        let claim = match self.fault {
            Some(Fault::LengthTooLong(more)) => Some(length + more),
            Some(Fault::LengthTooShort(fewer)) => Some(length.saturating_sub(fewer)),
            _ => (self.form() == BodyForm::Length).then_some(length),
        };
        match claim {
            _ if self.answer.bodiless() => {}
            Some(length) => headers.set("Content-Length", &length.to_string()),
            None if self.form() == BodyForm::Chunked => headers.set("Transfer-Encoding", "chunked"),
            None => {}
        }
        if !self.keep_alive {
            headers.set("Connection", "close");
        }
        headers.write_to(&mut head);
        head.extend_from_slice(b"\r\n");
        head
    }

    /// Sends the body up to `end`, at its pace.
    async fn body(&self, end: usize, stream: &mut BufReader<TcpStream>) -> io::Result<()> {
        let mut at = 0;
        if let Some(Fault::Trickle(first, pause)) = self.fault {
            at = first.min(end);
            self.piece(&self.answer.body[..at], stream).await?;
            let mut pauses = tokio::time::interval(pause);
            while at < end {
                pauses.tick().await;
                self.piece(&self.answer.body[at..=at], stream).await?;
                at += 1;
            }
        }
        let mut free = self.pace.as_ref().map_or(usize::MAX, |pace| pace.first);
        while at < end {
            if let (Some(pace), true) = (&self.pace, at == free) {
                stream.flush().await?;
                pace.gate.pass().await;
                free = free.saturating_add(pace.step);
            }
            let next = end.min(at + PIECE).min(free);
            self.piece(&self.answer.body[at..next], stream).await?;
            at = next;
        }
        Ok(())
    }

    async fn piece(&self, bytes: &[u8], stream: &mut BufReader<TcpStream>) -> io::Result<()> {
        if self.form() != BodyForm::Chunked {
            return stream.write_all(bytes).await;
        }
        write_chunk(bytes, stream).await
    }
}

async fn write_chunk(bytes: &[u8], stream: &mut BufReader<TcpStream>) -> io::Result<()> {
    let size = format!("{:x}\r\n", bytes.len());
    stream.write_all(size.as_bytes()).await?;
    stream.write_all(bytes).await?;
    stream.write_all(b"\r\n").await
}

/// Waits until the peer has closed its end, or speaks out of turn.
async fn hung_up(stream: &mut BufReader<TcpStream>) -> io::Result<Fate> {
    stream.flush().await?;
    stream.fill_buf().await?;
    Ok(Fate::Reset)
}

async fn endless(kind: &str, stream: &mut BufReader<TcpStream>) -> io::Result<Fate> {
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    // JSON that might yet become a packument: only a limit can end it.
    write_chunk(b"{\"readme\":\"", stream).await?;
    loop {
        write_chunk(&[b'a'; PIECE], stream).await?;
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        304 => "Not Modified",
        404 => "Not Found",
        _ => "Whatever",
    }
}
