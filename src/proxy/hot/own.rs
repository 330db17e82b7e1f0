//! Ready answers of packages that are NOPAR's own.
//! Knows nothing of copies of an upstream's.

use super::due::{Due, Wanted};
use super::pieces::{InOrder, Source};
use super::{Hot, head};
use crate::connection::{Body, PIECE, Piece};
use crate::hosted::{Hosted, HostedError, Large, Package};
use crate::npm::{PackageName, TarballName};
use crate::pages::Pages;
use crate::proxy::ctx::CacheState;
use crate::store::{CHUNK, Tarball};
use crate::view::{Held, What};
use async_trait::async_trait;
use bytes::Bytes;
use log::error;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

// Buffers are made for pieces, and a piece is a chunk.
const _: () = assert!(PIECE as u64 == CHUNK);

/// A large tarball.
struct OwnPieces {
    hosted: Arc<Hosted>,
    package: Arc<Package>,
    file: TarballName,
    large: Arc<Large>,
    /// Opened when a piece is not in memory.
    content: Option<Tarball>,
}

impl Hot {
    /// A view or a tarball.
    pub(super) fn own(
        &self,
        name: &PackageName,
        what: &What,
        wanted: Wanted<'_>,
        head: &mut Vec<u8>,
        now: SystemTime,
    ) -> Option<(Due, Body)> {
        let hosted = &self.door.hosted;
        let package = hosted.ready(name)?;
        let answer = match hosted.look(&package, what) {
            Some(Held::Body(small)) => {
                let (len, etag) = (small.bytes.len() as u64, small.etag.as_deref());
                let due = wanted.due(etag)?;
                head::append_hosted(head, len, etag, &small.heads, due)?;
                (due, Body::Bytes(small.bytes.clone()))
            }
            // Something may be left to sign: the usual way sees to that.
            Some(Held::View(_)) if !package.is_settled(&self.door.clock) => return None,
            Some(Held::View(view)) => {
                let due = wanted.due(Some(view.etag.as_str()))?;
                let lines = head::of_view(&view, due, CacheState::Hosted)?;
                head::append(head, lines, Duration::ZERO);
                (due, Body::Bytes(view.body.clone()))
            }
            _ => self.large(&package, what, wanted, head)?,
        };
        self.door.memory.was_of_use();
        package.note_request(now);
        Some(answer)
    }

    fn large(
        &self,
        package: &Arc<Package>,
        what: &What,
        wanted: Wanted<'_>,
        head: &mut Vec<u8>,
    ) -> Option<(Due, Body)> {
        let What::File(file) = what else { return None };
        let large = self.door.hosted.ready_large(package, file)?;
        let due = wanted.due(large.etag.as_deref())?;
        head::append_hosted(head, large.len(), large.etag.as_deref(), &large.heads, due)?;
        if !due.is_whole || wanted.plain.is_head {
            return Some((due, Body::Bytes(Bytes::new().into())));
        }
        let (hosted, package) = (Arc::clone(&self.door.hosted), Arc::clone(package));
        let pieces = OwnPieces { hosted, package, file: file.clone(), large, content: None };
        Some((due, Body::Pieces(Box::new(InOrder::of(pieces)))))
    }
}

impl OwnPieces {
    async fn read(&mut self, number: u64) -> Result<Pages, HostedError> {
        let held = self.hosted.look(&self.package, &What::FilePiece(self.file.clone(), number));
        // Opened with the first one if any is missing: it may be unpublished while it is being sent.
        let is_first = number == 0;
        if let Some(Held::Piece(bytes)) = held
            && (!is_first || self.hosted.is_held(&self.package, &self.file, &self.large))
        {
            return Ok(bytes);
        }
        let content = match &mut self.content {
            Some(content) => content,
            none => none.insert(self.hosted.open(&self.large).await?),
        };
        self.hosted.piece(&self.package, &self.file, &self.large, content, number).await
    }
}

#[async_trait]
impl Source for OwnPieces {
    fn len(&self) -> u64 {
        self.large.len()
    }

    async fn piece(&mut self, number: u64, _buffer: &mut Vec<u8>) -> io::Result<Piece> {
        self.read(number).await.map(Piece::Bytes).map_err(|error| {
            error!("{} of {} was broken off: {error}", self.large.kept, self.large.name);
            io::Error::other(error)
        })
    }
}
