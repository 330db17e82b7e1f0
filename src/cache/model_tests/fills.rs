//! Bodies on their way in, and those who read along.
//! Knows nothing of what is held.

use super::Flaw;
use crate::cache::disk::DiskCache;
use crate::cache::entry::Terms;
use crate::cache::key::{Key, Kind};
use crate::cache::parts::PartsWriter;
use crate::cache::store::Store;
use crate::npm::{Digester, Integrity};
use bytes::Bytes;
use pingora::http::ResponseHeader;
use pingora_cache::CacheMeta;
use pingora_cache::storage::{HitHandler, MissFinishType, MissHandler, Storage};
use pingora_cache::trace::Span;
use std::time::{Duration, SystemTime};
use tokio::task::JoinHandle;

/// One body being written.
pub(super) struct Fill {
    pub(super) key: usize,
    pub(super) id: u64,
    pub(super) body: Bytes,
    pub(super) fresh_until: SystemTime,
    pub(super) flaw: Flaw,
    handler: MissHandler,
    at: usize,
    readers: Vec<JoinHandle<(Vec<u8>, bool)>>,
}

/// A body for `key`, unlike those of other seeds: a packument's has two parts.
fn body(key: &Key, seed: u8, size: usize) -> Bytes {
    let bytes = (0..size).map(|n| (n % 251) as u8 ^ seed).collect::<Vec<u8>>();
    match key.kind() {
        Kind::Tarball => Bytes::from(bytes),
        Kind::Packument => {
            let (one, two) = bytes.split_at(size / 3);
            let writer = PartsWriter::default().part(Bytes::copy_from_slice(one));
            writer.part(Bytes::copy_from_slice(two)).finish(&[0, 1]).concat().into()
        }
    }
}

fn integrity(bytes: &[u8]) -> Integrity {
    let mut digester = Digester::new(None);
    digester.update(bytes);
    digester.finish()
}

impl Fill {
    pub(super) async fn begin(
        cache: &'static DiskCache,
        store: &'static Store,
        (number, key): (usize, &Key),
        (seed, size): (u8, usize),
        flaw: Flaw,
    ) -> Fill {
        let body = body(key, seed, size);
        let mut header = ResponseHeader::build(200, None).unwrap();
        let promised = match flaw {
            Flaw::Promised => Some(body.len()),
            Flaw::Length => Some(body.len() + 1),
            _ => None,
        };
        if let Some(promised) = promised {
            header.insert_header("content-length", promised).unwrap();
        }
        let now = SystemTime::now();
        let fresh_until = now + Duration::from_secs(100);
        let mut meta = CacheMeta::new(fresh_until, now, 0, 0, header);
        let digest = match flaw {
            Flaw::Digest => Some(integrity(b"something else")),
            Flaw::Promised => Some(integrity(&body)),
            _ => None,
        };
        let longest = if flaw == Flaw::TooLong { body.len() as u64 / 2 } else { u64::MAX };
        let integrity = digest.filter(|_| key.kind() == Kind::Tarball);
        let terms = Terms { asked: cache.next_ticket(), integrity, longest };
        meta.extensions_mut().insert(terms);
        let trace = Span::inactive().handle();
        let handler = store.get_miss_handler(&key.to_pingora(), &meta, &trace).await.unwrap();
        let id = handler.entry_id().unwrap().get();
        Fill { key: number, id, body, fresh_until, flaw, handler, at: 0, readers: Vec::new() }
    }

    /// Whether all of it was written.
    pub(super) fn is_written(&self) -> bool {
        self.at == self.body.len()
    }

    /// What becomes of a body that was written to its end: it is kept.
    pub(super) fn is_right(&self, kind: Kind) -> bool {
        match self.flaw {
            Flaw::None | Flaw::Promised => true,
            Flaw::Digest => kind == Kind::Packument,
            Flaw::Length => false,
            // Half of nothing is nothing.
            Flaw::TooLong => self.body.is_empty(),
        }
    }

    /// The next bytes. `false` when it is not wanted any more.
    pub(super) async fn write(&mut self, len: usize) -> bool {
        let end = self.body.len().min(self.at.saturating_add(len));
        let piece = self.body.slice(self.at..end);
        self.at = end;
        let written = self.handler.write_body(piece, false).await;
        assert!(written.is_ok() || self.flaw == Flaw::TooLong, "{written:?}");
        written.is_ok()
    }

    /// Somebody reads along, to its end, whichever that is.
    pub(super) fn read_along(&mut self, mut hit: HitHandler) {
        self.readers.push(tokio::spawn(async move {
            let mut read = Vec::new();
            loop {
                match hit.read_body().await {
                    Ok(Some(piece)) => read.extend_from_slice(&piece),
                    end => return (read, end.is_ok()),
                }
            }
        }));
    }

    /// The end of a body. Its weight, if it is kept.
    pub(super) async fn finish(mut self, kind: Kind) -> Option<usize> {
        while !self.is_written() {
            if !self.write(usize::MAX).await {
                self.cancel().await;
                return None;
            }
        }
        let right = self.is_right(kind);
        let finished = self.handler.finish().await;
        assert_eq!(finished.is_ok(), right, "{:?}", self.flaw);
        // What is too long is right, but not kept.
        let whole = right || self.flaw == Flaw::TooLong;
        check(self.readers, &self.body, whole).await;
        finished.ok().map(|finished| match finished {
            MissFinishType::Created(weight) => weight,
            MissFinishType::Appended(..) => panic!("nothing is ever appended"),
        })
    }

    /// Its upstream breaks it off.
    pub(super) async fn cancel(self) {
        drop(self.handler);
        check(self.readers, &self.body, false).await;
    }

    /// Nobody is there any more to write or read.
    pub(super) fn leak(self) {
        self.readers.iter().for_each(JoinHandle::abort);
        std::mem::forget(self.handler);
    }
}

/// Readers got all of it and a good end, or a part of it and none.
async fn check(readers: Vec<JoinHandle<(Vec<u8>, bool)>>, body: &[u8], whole: bool) {
    for reader in readers {
        let (read, ended) = reader.await.unwrap();
        assert_eq!(ended, whole, "{} of {} bytes were read", read.len(), body.len());
        assert!(body.starts_with(&read), "wrong bytes among {}", read.len());
        if whole {
            assert_eq!(read.len(), body.len());
        } else {
            assert!(read.is_empty() || read.len() < body.len(), "the last bytes wait");
        }
    }
}
