//! HTTP/1.1 messages off a socket: heads, and bodies piece by piece.
//! Knows nothing of registries; refuses to mend what is malformed.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};

use super::headers::Headers;

/// Above any head a test sends on purpose.
const HEAD_LIMIT: usize = 256 * 1024;
const LINES_LIMIT: usize = 256;

/// A request's first line and headers.
#[derive(Clone, Debug)]
pub(crate) struct RequestHead {
    pub(crate) method: String,
    /// The request target exactly as sent.
    pub(crate) target: String,
    pub(crate) headers: Headers,
}

/// A response's first line and headers.
#[derive(Clone, Debug)]
pub(crate) struct ResponseHead {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
}

/// How the end of a body is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// There is no body (HEAD, 1xx, 204, 304).
    Empty,
    /// Content-Length.
    Length(u64),
    /// Transfer-Encoding: chunked.
    Chunked,
    /// It ends with the connection.
    UntilClose,
}

/// Why a body is not whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BodyFault {
    #[error("the connection closed {missing} bytes before the Content-Length was reached")]
    Short { missing: u64 },
    #[error("the connection closed before the last chunk")]
    UnfinishedChunks,
    #[error("a malformed chunk: {0:?}")]
    BadChunk(String),
    #[error("the connection broke: {0:?}")]
    Broken(io::ErrorKind),
    #[error("the body did not end within the deadline")]
    Deadline,
}

impl Framing {
    /// RFC 9112, 6.3. `Err` names a contradiction a server must not send.
    pub(crate) fn of_response(head: &ResponseHead, to_head: bool) -> Result<Self, String> {
        let stated = Self::stated(&head.headers)?;
        if to_head || head.status < 200 || matches!(head.status, 204 | 304) {
            return Ok(Self::Empty);
        }
        Ok(stated.unwrap_or(Self::UntilClose))
    }

    /// As for responses, but a request without a stated length has no body.
    pub(crate) fn of_request(head: &RequestHead) -> Result<Self, String> {
        Ok(Self::stated(&head.headers)?.unwrap_or(Self::Empty))
    }

    fn stated(headers: &Headers) -> Result<Option<Self>, String> {
        let chunked = headers.lists("transfer-encoding", "chunked");
        let lengths: Vec<&str> = headers.all("content-length").collect();
        match lengths.as_slice() {
            [] => Ok(chunked.then_some(Self::Chunked)),
            [_, ..] if chunked => Err("Content-Length beside Transfer-Encoding".to_owned()),
            [length] => match length.parse() {
                Ok(length) => Ok(Some(Self::Length(length))),
                Err(_) => Err(format!("Content-Length {length:?}")),
            },
            several => Err(format!("several Content-Lengths: {several:?}")),
        }
    }
}

/// Reads one request head; `None` when the peer closed instead of sending one.
pub(crate) async fn read_request_head<R>(reader: &mut R) -> io::Result<Option<RequestHead>>
where
    R: AsyncBufRead + Unpin,
{
    let Some(bytes) = read_head(reader).await? else {
        return Ok(None);
    };
    let mut lines = [httparse::EMPTY_HEADER; LINES_LIMIT];
    let mut parsed = httparse::Request::new(&mut lines);
    parsed.parse(&bytes).map_err(io::Error::other)?;
    Ok(Some(RequestHead {
        method: parsed.method.unwrap_or_default().to_owned(),
        target: parsed.path.unwrap_or_default().to_owned(),
        headers: Headers::parsed(parsed.headers),
    }))
}

/// Reads one response head; `None` when the peer closed instead of sending one.
pub(crate) async fn read_response_head<R>(reader: &mut R) -> io::Result<Option<ResponseHead>>
where
    R: AsyncBufRead + Unpin,
{
    let Some(bytes) = read_head(reader).await? else {
        return Ok(None);
    };
    let mut lines = [httparse::EMPTY_HEADER; LINES_LIMIT];
    let mut parsed = httparse::Response::new(&mut lines);
    parsed.parse(&bytes).map_err(io::Error::other)?;
    Ok(Some(ResponseHead {
        status: parsed.code.unwrap_or_default(),
        headers: Headers::parsed(parsed.headers),
    }))
}

async fn read_head<R: AsyncBufRead + Unpin>(reader: &mut R) -> io::Result<Option<Vec<u8>>> {
    let mut head = Vec::new();
    loop {
        let before = head.len();
        let got = reader.read_until(b'\n', &mut head).await?;
        match &head[before..] {
            [] if before == 0 => return Ok(None),
            line if !line.ends_with(b"\n") => return Err(io::ErrorKind::UnexpectedEof.into()),
            // Empty lines before a request line are to be skipped (RFC 9112, 2.2).
            b"\r\n" | b"\n" if before == 0 => head.clear(),
            b"\r\n" | b"\n" => return Ok(Some(head)),
            _ if before + got > HEAD_LIMIT => return Err(io::Error::other("head too large")),
            _ => {}
        }
    }
}

/// A body being read.
#[derive(Debug)]
pub(crate) struct BodyReader {
    framing: Framing,
    /// Bytes left of the body (Content-Length) or of the present chunk.
    left: u64,
    done: bool,
}

impl BodyReader {
    /// A body that starts where the reader stands.
    pub(crate) fn new(framing: Framing) -> Self {
        let left = match framing {
            Framing::Length(length) => length,
            _ => 0,
        };
        Self { framing, left, done: framing == Framing::Empty || framing == Framing::Length(0) }
    }

    /// The next piece, decoded; `None` once the body is whole.
    pub(crate) async fn next<R>(&mut self, reader: &mut R) -> Result<Option<Vec<u8>>, BodyFault>
    where
        R: AsyncBufRead + Unpin,
    {
        if !self.done && self.framing == Framing::Chunked && self.left == 0 {
            self.begin_chunk(reader).await?;
        }
        if self.done {
            return Ok(None);
        }
        let ready = reader.fill_buf().await.map_err(broken)?;
        if ready.is_empty() {
            return self.closed();
        }
        let size = match self.framing {
            Framing::UntilClose => ready.len(),
            _ => ready.len().min(usize::try_from(self.left).unwrap_or(usize::MAX)),
        };
        let piece = ready[..size].to_vec();
        reader.consume(size);
        self.advance(size, reader).await?;
        Ok(Some(piece))
    }

    fn closed(&mut self) -> Result<Option<Vec<u8>>, BodyFault> {
        match self.framing {
            Framing::UntilClose | Framing::Empty => {
                self.done = true;
                Ok(None)
            }
            Framing::Length(_) => Err(BodyFault::Short { missing: self.left }),
            Framing::Chunked => Err(BodyFault::UnfinishedChunks),
        }
    }

    async fn advance<R>(&mut self, size: usize, reader: &mut R) -> Result<(), BodyFault>
    where
        R: AsyncBufRead + Unpin,
    {
        self.left = self.left.saturating_sub(size as u64);
        match self.framing {
            Framing::Length(_) => self.done = self.left == 0,
            Framing::Chunked if self.left == 0 => {
                let mut end = [0; 2];
                reader.read_exact(&mut end).await.map_err(in_chunk)?;
                if &end != b"\r\n" {
                    return Err(BodyFault::BadChunk("no line end after it".to_owned()));
                }
            }
            _ => {}
        }
        Ok(())
    }

    async fn begin_chunk<R: AsyncBufRead + Unpin>(&mut self, r: &mut R) -> Result<(), BodyFault> {
        let line = chunk_line(r).await?;
        let size = line.split(';').next().unwrap_or_default().trim();
        self.left = u64::from_str_radix(size, 16).map_err(|_| BodyFault::BadChunk(line.clone()))?;
        if self.left == 0 {
            // Trailers, up to the empty line.
            while !chunk_line(r).await?.is_empty() {}
            self.done = true;
        }
        Ok(())
    }
}

async fn chunk_line<R: AsyncBufRead + Unpin>(reader: &mut R) -> Result<String, BodyFault> {
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line).await.map_err(in_chunk)?;
    let Some(line) = line.strip_suffix(b"\r\n") else {
        return Err(BodyFault::UnfinishedChunks);
    };
    Ok(String::from_utf8_lossy(line).into_owned())
}

fn in_chunk(error: io::Error) -> BodyFault {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => BodyFault::UnfinishedChunks,
        kind => BodyFault::Broken(kind),
    }
}

fn broken(error: io::Error) -> BodyFault {
    BodyFault::Broken(error.kind())
}
