//! Ready answers of packages that are NOPAR's own.
//! Knows nothing of copies of an upstream's.

use super::{Due, Hot, due, head};
use crate::connection::{Body, PIECE, Piece, Pieces, Plain};
use crate::hosted::{Hosted, Large, Package};
use crate::npm::{PackageName, TarballName};
use crate::proxy::ctx::CacheState;
use crate::store::CHUNK;
use crate::view::{Held, What};
use async_trait::async_trait;
use bytes::Bytes;
use log::error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

// Buffers are made for pieces, and a piece is a chunk.
const _: () = assert!(PIECE as u64 == CHUNK);

/// A large tarball on its way.
struct OwnPieces {
    hosted: Arc<Hosted>,
    package: Arc<Package>,
    file: TarballName,
    large: Arc<Large>,
    next: u64,
}

impl Hot {
    /// A view or a tarball.
    pub(super) fn own(
        &self,
        name: &PackageName,
        what: &What,
        request: &Plain<'_>,
        head: &mut Vec<u8>,
    ) -> Option<(Due, Body)> {
        let hosted = &self.door.hosted;
        let package = hosted.ready(name)?;
        let answer = match hosted.look(&package, what) {
            Some(Held::Body(small)) => {
                let (len, etag) = (small.bytes.len() as u64, small.etag.as_deref());
                let due = due(request, etag)?;
                head::append_hosted(head, len, etag, &small.heads, due)?;
                (due, Body::Bytes(small.bytes.clone()))
            }
            Some(Held::View(view)) => {
                let due = due(request, Some(view.etag.as_str()))?;
                let lines = head::of_view(&view, due, CacheState::Hosted)?;
                head::append(head, lines, Duration::ZERO);
                (due, Body::Bytes(view.body.clone()))
            }
            _ => self.large(&package, what, request, head)?,
        };
        self.door.memory.was_of_use();
        Some(answer)
    }

    fn large(
        &self,
        package: &Arc<Package>,
        what: &What,
        request: &Plain<'_>,
        head: &mut Vec<u8>,
    ) -> Option<(Due, Body)> {
        let What::File(file) = what else { return None };
        let large = self.door.hosted.ready_large(package, file)?;
        let due = due(request, large.etag.as_deref())?;
        head::append_hosted(head, large.len(), large.etag.as_deref(), &large.heads, due)?;
        if due == Due::NotModified || request.is_head {
            return Some((due, Body::Bytes(Bytes::new().into())));
        }
        let (hosted, package) = (Arc::clone(&self.door.hosted), Arc::clone(package));
        let pieces = OwnPieces { hosted, package, file: file.clone(), large, next: 0 };
        Some((due, Body::Pieces(Box::new(pieces))))
    }
}

impl OwnPieces {
    async fn piece(&self, number: u64) -> io::Result<Piece> {
        let piece = self.hosted.piece(&self.package, &self.file, &self.large, number).await;
        piece.map(Piece::Bytes).map_err(|error| {
            error!("{error}");
            io::Error::other(error)
        })
    }
}

#[async_trait]
impl Pieces for OwnPieces {
    async fn next(&mut self, _buffer: &mut Vec<u8>) -> io::Result<Piece> {
        let number = self.next;
        if number * CHUNK >= self.large.len() {
            return Ok(Piece::End);
        }
        self.next += 1;
        self.piece(number).await
    }

    async fn again(&mut self, _buffer: &mut Vec<u8>) -> io::Result<Piece> {
        self.piece(self.next.saturating_sub(1)).await
    }
}
