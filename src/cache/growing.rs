//! A body on its way in, read by any number of clients while it grows.
//! Knows nothing of files' format or of digests: it is told what may be read, and whether it ended well.
//!
//! What was received lies in the file, the last of it in memory until it is written. The last
//! [`HELD_BACK`] bytes are handed out only when the whole was found right: a client that got wrong
//! bytes before them sees a broken connection, never a complete body.
//!
//! A body that is not being kept (too long, or the disk takes no more) stays in memory until its
//! readers have passed it, and its upstream waits for them.

mod registry;

use super::entry::meta_of;
use super::fill::blocking;
use super::format::Freshness;
use super::read;
use crate::clock::Clock;
use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use parking_lot::Mutex;
use pingora::http::ResponseHeader;
use pingora_cache::CacheMeta;
pub(super) use registry::{Registered, Registry};
use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io;
use std::sync::{Arc, OnceLock};
use tokio::sync::{Notify, watch};

/// How much of a body waits for the judgement on the whole, in bytes.
const HELD_BACK: u64 = 64 * 1024;
/// How much of a body that is not kept may wait in memory for its slowest reader, in bytes.
const WINDOW: u64 = 1024 * 1024;
/// The most that is read at once from the file for one reader: a crowd has as many of them in memory
/// as it has members.
const PIECE: u64 = 32 * 1024;

/// Why a body is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// It is shorter or longer than its Content-Length.
    #[error("{arrived} of {expected} bytes arrived")]
    Length {
        /// What arrived, in bytes.
        arrived: u64,
        /// What the header said.
        expected: u64,
    },
    /// Its digest is not the one its `dist` names.
    #[error("its digests are {computed}, and its packument says {expected}")]
    Digest {
        /// Of what arrived.
        computed: String,
        /// What the packument says.
        expected: String,
    },
}

#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    /// How many bytes may be read.
    readable: u64,
    /// Whether those are all.
    whole: bool,
}

/// A body on its way in.
pub struct Growing {
    id: u64,
    header: ResponseHeader,
    body: Mutex<Body>,
    /// Ends without being `whole` when the writer is dropped: nobody takes that for a good end.
    progress: watch::Receiver<Progress>,
    /// A reader has moved on, or left.
    moved: Notify,
    wrong: OnceLock<Wrong>,
}

/// Where the bytes are.
struct Body {
    file: Option<(Arc<File>, u64)>,
    /// How much of it is in the file.
    written: u64,
    /// What follows; from `tail_at` on.
    tail: VecDeque<Bytes>,
    tail_at: u64,
    /// Where each reader is.
    readers: HashMap<u64, u64>,
    next_reader: u64,
}

/// The one that makes a body grow. Dropped before [`Writer::end`], it has failed.
pub(super) struct Writer {
    growing: Arc<Growing>,
    progress: watch::Sender<Progress>,
    expected: Option<u64>,
    received: u64,
}

impl Writer {
    /// A body that begins; `expected` bytes long, if that is known; in `file` from the given offset
    /// on, if it is to be kept.
    pub(super) fn new(
        id: u64,
        header: ResponseHeader,
        expected: Option<u64>,
        file: Option<(Arc<File>, u64)>,
    ) -> Writer {
        let (sender, progress) = watch::channel(Progress::default());
        let body = Body {
            file,
            written: 0,
            tail: VecDeque::new(),
            tail_at: 0,
            readers: HashMap::new(),
            next_reader: 0,
        };
        let growing = Growing {
            id,
            header,
            body: Mutex::new(body),
            progress,
            moved: Notify::new(),
            wrong: OnceLock::new(),
        };
        Writer { growing: Arc::new(growing), progress: sender, expected, received: 0 }
    }

    pub(super) fn growing(&self) -> &Arc<Growing> {
        &self.growing
    }

    /// Bytes so far.
    pub(super) fn received(&self) -> u64 {
        self.received
    }

    /// The next bytes.
    pub(super) fn push(&mut self, bytes: Bytes) {
        self.received += bytes.len() as u64;
        if !bytes.is_empty() {
            self.growing.body.lock().tail.push_back(bytes);
        }
        let readable = match self.expected {
            Some(expected) => self.received.min(expected.saturating_sub(HELD_BACK)),
            None => self.received.saturating_sub(HELD_BACK),
        };
        self.progress.send_if_modified(|progress| {
            let more = readable > progress.readable;
            progress.readable = readable.max(progress.readable);
            more
        });
    }

    /// What is not in the file yet, and where it begins.
    pub(super) fn unwritten(&self) -> (u64, Vec<Bytes>) {
        let body = self.growing.body.lock();
        (body.written, body.tail.iter().cloned().collect())
    }

    /// How much that is, in bytes.
    pub(super) fn unwritten_len(&self) -> u64 {
        self.received - self.growing.body.lock().written
    }

    /// All that was received is in the file.
    pub(super) fn written(&self) {
        let mut body = self.growing.body.lock();
        body.written = self.received;
        body.tail.clear();
        body.tail_at = self.received;
    }

    /// Waits, with a body that goes to no file any more, until its readers have taken most of it.
    /// `false` when there are none: nobody wants the rest.
    pub(super) async fn room(&self) -> bool {
        loop {
            let moved = self.growing.moved.notified();
            tokio::pin!(moved);
            moved.as_mut().enable();
            {
                let mut body = self.growing.body.lock();
                body.let_go_of_read();
                if body.readers.is_empty() {
                    return false;
                }
                if self.received - body.tail_at.max(body.written) <= WINDOW {
                    return true;
                }
            }
            moved.await;
        }
    }

    /// It is all there and right.
    pub(super) fn end(self) {
        self.progress.send_replace(Progress { readable: self.received, whole: true });
    }

    /// It is wrong.
    pub(super) fn fail(self, wrong: Wrong) {
        let _ = self.growing.wrong.set(wrong);
    }
}

impl Body {
    /// Forgets what all readers have passed.
    fn let_go_of_read(&mut self) {
        let slowest = self.readers.values().min().copied().unwrap_or(u64::MAX);
        while let Some(first) = self.tail.front()
            && self.tail_at + first.len() as u64 <= slowest
        {
            self.tail_at += first.len() as u64;
            self.tail.pop_front();
        }
    }

    fn piece(&self, at: u64, readable: u64) -> Option<Piece> {
        if at < self.written {
            let (file, body_at) = self.file.as_ref()?;
            let len = PIECE.min(self.written.min(readable) - at);
            return Some(Piece::File { file: Arc::clone(file), at: body_at + at, len });
        }
        let mut start = self.tail_at;
        for bytes in &self.tail {
            let end = start + bytes.len() as u64;
            if (start..end).contains(&at) {
                let piece =
                    bytes.slice((at - start) as usize..(end.min(readable) - start) as usize);
                return Some(Piece::Memory(piece));
            }
            start = end;
        }
        None
    }
}

enum Piece {
    Memory(Bytes),
    File { file: Arc<File>, at: u64, len: u64 },
}

impl Growing {
    /// The generation it will be.
    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// pingora-cache's form of its header; with its length, once that is known.
    pub fn meta(&self, clock: &Clock) -> CacheMeta {
        let mut header = self.header.clone();
        let progress = *self.progress.borrow();
        if progress.whole {
            // A number can be sent.
            let _ = header.insert_header(CONTENT_LENGTH, progress.readable);
        }
        meta_of(&header, &Freshness::from_now(clock), clock)
    }

    /// Waits until its first bytes may be read: then a client can be told that it is there.
    ///
    /// # Errors
    /// When it ended badly before that. `None`: its upstream broke it off.
    pub async fn begun(&self) -> Result<(), Option<Wrong>> {
        self.until(|progress| progress.whole || progress.readable > 0).await
    }

    /// Waits until it is whole.
    ///
    /// # Errors
    /// As [`Growing::begun`].
    pub async fn ended(&self) -> Result<(), Option<Wrong>> {
        self.until(|progress| progress.whole).await
    }

    async fn until(&self, reached: impl FnMut(&Progress) -> bool) -> Result<(), Option<Wrong>> {
        let mut progress = self.progress.clone();
        let reached = progress.wait_for(reached).await;
        reached.map(drop).map_err(|_| self.wrong.get().cloned())
    }

    /// Whether its length is known before its end.
    pub fn has_length(&self) -> bool {
        self.header.headers.contains_key(CONTENT_LENGTH)
    }

    /// One more reader, from the first byte on. `None` when that is gone already.
    pub(super) fn reader(self: &Arc<Self>) -> Option<Reader> {
        let mut body = self.body.lock();
        if body.tail_at > body.written {
            return None;
        }
        let number = body.next_reader;
        body.next_reader += 1;
        body.readers.insert(number, 0);
        drop(body);
        Some(Reader { progress: self.progress.clone(), growing: Arc::clone(self), number, at: 0 })
    }
}

/// One reader of a growing body.
pub(super) struct Reader {
    growing: Arc<Growing>,
    progress: watch::Receiver<Progress>,
    number: u64,
    at: u64,
}

impl Reader {
    /// The next bytes, as soon as they may be read; `None` after the last.
    ///
    /// # Errors
    /// When the body broke off or was found wrong: what was read is not to be taken for it.
    pub(super) async fn next(&mut self) -> io::Result<Option<Bytes>> {
        let at = self.at;
        let more = self.progress.wait_for(|progress| progress.whole || progress.readable > at);
        let progress = match more.await {
            Ok(progress) => *progress,
            Err(_) => return Err(self.growing.broken()),
        };
        if at >= progress.readable {
            return Ok(None);
        }
        let piece = self.growing.body.lock().piece(at, progress.readable);
        let bytes = match piece {
            Some(Piece::Memory(bytes)) => bytes,
            // Written a moment ago, it lies in the page cache.
            Some(Piece::File { file, at, len }) => match read::bytes_now(&file, at, len) {
                Some(bytes) => bytes,
                None => blocking(move || read::bytes(&file, at, len)).await?,
            },
            None => return Err(io::Error::other("a part of the body is gone")),
        };
        self.at += bytes.len() as u64;
        self.growing.body.lock().readers.insert(self.number, self.at);
        self.growing.moved.notify_one();
        Ok(Some(bytes))
    }
}

impl Growing {
    fn broken(&self) -> io::Error {
        match self.wrong.get() {
            Some(wrong) => io::Error::other(wrong.clone()),
            None => io::Error::other("the upstream broke it off"),
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.growing.body.lock().readers.remove(&self.number);
        self.growing.moved.notify_one();
    }
}

#[cfg(test)]
mod tests;
