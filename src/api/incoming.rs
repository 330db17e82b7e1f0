//! The bodies of calls, as they come in: short ones into memory, tarballs into the store.
//! Knows nothing of what they are for.

use super::room::{Place, Room};
use super::timed::Timed;
use super::{Api, Body, DOCUMENT_LIMIT, Refusal};
use crate::hosted::computed;
use crate::npm::hosted::HostedDocument;
use crate::npm::publish::{ScanError, Scanner, growth};
use crate::npm::{Digester, Integrity, PackageName, Version};
use crate::store::{Tarball, Upload};
use bytes::Bytes;
use log::error;

/// The longest body that is a name, a version, a password.
const SHORT: u64 = 64 << 10;

/// Bytes from which on a body is worth asking, before it has come, whether its version can be published: to read the
/// package's document takes as long as a shorter one.
const WORTH_ASKING: u64 = 1 << 20;

/// A document that is in memory, and the room that it has there.
pub(super) struct Document {
    text: Vec<u8>,
    place: Place,
}

/// What came in the body of `PUT /PKG`, or of one that is to be approved first.
pub(super) struct Incoming {
    /// The document without its tarball.
    pub(super) document: Document,
    /// The tarball, if there was one.
    pub(super) tarball: Option<Arrived>,
}

/// A tarball that is in the store, under no name yet.
pub(super) struct Arrived {
    pub(super) upload: Box<dyn Upload>,
    pub(super) len: u64,
    pub(super) digests: Integrity,
}

impl Document {
    /// Works on it, in its turn if it is long. What is made of it may hold as much as it did: its place is
    /// kept until that is done with as well.
    pub(super) async fn work<T: Send + 'static>(
        self,
        work: impl FnOnce(Vec<u8>) -> T + Send + 'static,
    ) -> Result<(T, Place), Refusal> {
        let Document { text, place } = self;
        let done = computed(text.len(), move || (work(text), place)).await;
        let done = done.map_err(|panic| {
            error!("a document could not be worked on: {panic}");
            Refusal::internal()
        });
        Ok(done?.0)
    }
}

impl Api {
    /// Refuses a body that is too long by its own account, before anything of it is read.
    pub(super) fn check_length(&self, body: &dyn Body) -> Result<(), Refusal> {
        match body.stated_len() {
            Some(len) if len > self.body_limit() => Err(Refusal::too_large(self.body_limit())),
            _ => Ok(()),
        }
    }

    /// Takes a document with a tarball in it; not to its end, if that is long and of a version that cannot be published.
    pub(super) async fn receive(
        &self,
        name: &PackageName,
        body: &mut dyn Body,
    ) -> Result<Incoming, Refusal> {
        let mut scanner = Scanner::new(self.document_limit(name, body.stated_len()).await?);
        let (mut digester, mut len, mut upload) = (Digester::of_all(), 0, None);
        let (mut received, mut decoded, mut place) = (0, Vec::new(), self.room.place());
        let mut is_settled = body.stated_len().is_some_and(|len| len < WORTH_ASKING);
        let (mut body, limit) = (Timed::of(body), self.body_limit());
        while let Some(piece) = body.next(scanner.kept()).await? {
            received += piece.len() as u64;
            if received > limit {
                return Err(Refusal::too_large(limit));
            }
            scanner.feed(&piece, &mut decoded)?;
            if !is_settled && scanner.has_tarball() {
                is_settled = true;
                self.check_version(name, scanner.version()).await?;
            }
            place.grow(scanner.kept()).await?;
            self.put(&mut decoded, &mut digester, &mut len, &mut upload).await?;
        }
        let (text, had_tarball) = scanner.finish(&mut decoded)?;
        if had_tarball && text.len() > DOCUMENT_LIMIT {
            // More than that is for copies.
            return Err(ScanError::TooLarge(DOCUMENT_LIMIT).into());
        }
        let document = Document { text, place };
        self.put(&mut decoded, &mut digester, &mut len, &mut upload).await?;
        if !had_tarball {
            return Ok(Incoming { document, tarball: None });
        }
        let upload = match upload {
            Some(upload) => upload,
            None => self.upload().await?,
        };
        let digests = digester.finish();
        Ok(Incoming { document, tarball: Some(Arrived { upload, len, digests }) })
    }

    /// Whether a version may be published whose tarball is about to come, if it is known by now. It is asked again when
    /// all is there: somebody may get ahead meanwhile. What is no version is refused then as well.
    async fn check_version(&self, name: &PackageName, said: Option<&str>) -> Result<(), Refusal> {
        let Some(version) = said.and_then(|said| Version::parse(said).ok()) else { return Ok(()) };
        let look = move |held: HostedDocument| held.check_new(&version);
        match self.hosted.work_on(name, 0, look).await? {
            Some(looked) => Ok(looked.done?),
            None => Ok(()),
        }
    }

    /// Takes a document without a tarball.
    pub(super) async fn whole(
        &self,
        name: &PackageName,
        body: &mut dyn Body,
    ) -> Result<Document, Refusal> {
        let limit = self.document_limit(name, body.stated_len()).await?;
        self.at_most(limit as u64, body).await
    }

    /// How long a document may be that is sent for a package: whoever deprecates or unpublishes a version of a long one
    /// sends all of it back. It is longer then than what is kept, by the addresses in front of its tarballs and by what
    /// is new in it. npm states the length; who does not has the usual limit.
    async fn document_limit(
        &self,
        name: &PackageName,
        stated_len: Option<u64>,
    ) -> Result<usize, Refusal> {
        if stated_len.is_none_or(|len| len <= DOCUMENT_LIMIT as u64) {
            return Ok(DOCUMENT_LIMIT);
        }
        let held = self.hosted.store().stamp(name).await?.map_or(0, |stamp| stamp.len());
        let held = usize::try_from(held).unwrap_or(usize::MAX);
        Ok(DOCUMENT_LIMIT.max(held.saturating_add(held / 2)))
    }

    /// Takes a body that is a few words.
    pub(super) async fn short(&self, body: &mut dyn Body) -> Result<Vec<u8>, Refusal> {
        Ok(self.at_most(SHORT, body).await?.text)
    }

    async fn at_most(&self, limit: u64, body: &mut dyn Body) -> Result<Document, Refusal> {
        self.at_most_in(&self.room, limit, body).await
    }

    /// Takes a body of at most `limit` bytes, unpacked, into a room.
    pub(super) async fn at_most_in(
        &self,
        room: &Room,
        limit: u64,
        body: &mut dyn Body,
    ) -> Result<Document, Refusal> {
        let limit = self.body_limit().min(limit);
        if body.stated_len().is_some_and(|len| len > limit) {
            return Err(Refusal::too_large(limit));
        }
        let (mut text, mut place) = (Vec::new(), room.place());
        let mut body = Timed::of(body);
        while let Some(piece) = body.next(text.len()).await? {
            let len = text.len() + piece.len();
            if len as u64 > limit {
                return Err(Refusal::too_large(limit));
            }
            place.grow(len).await?;
            growth::extend(&mut text, &piece);
        }
        Ok(Document { text, place })
    }

    /// Hands decoded bytes on. The upload begins with the first.
    async fn put(
        &self,
        decoded: &mut Vec<u8>,
        digester: &mut Digester,
        len: &mut u64,
        upload: &mut Option<Box<dyn Upload>>,
    ) -> Result<(), Refusal> {
        if decoded.is_empty() {
            return Ok(());
        }
        if upload.is_none() {
            *upload = Some(self.upload().await?);
        }
        digester.update(decoded);
        *len += decoded.len() as u64;
        if let Some(upload) = upload {
            let written = upload.write(Bytes::from(std::mem::take(decoded))).await;
            written.map_err(Refusal::of_change)?;
        }
        Ok(())
    }

    /// A place in the store for bytes on their way in.
    pub(super) async fn upload(&self) -> Result<Box<dyn Upload>, Refusal> {
        self.hosted.store().upload().await.map_err(Refusal::of_change)
    }

    /// A text that is in the store, under no name yet.
    pub(super) async fn uploaded(
        &self,
        text: impl Into<Bytes> + Send,
    ) -> Result<Box<dyn Upload>, Refusal> {
        let mut upload = self.upload().await?;
        upload.write(text.into()).await.map_err(Refusal::of_change)?;
        Ok(upload)
    }

    /// A text out of the store, which takes room here as one that comes does.
    pub(super) async fn kept(&self, kept: &Tarball) -> Result<Document, Refusal> {
        let mut place = self.room.place();
        place.grow(usize::try_from(kept.len()).unwrap_or(usize::MAX)).await?;
        let text = Vec::from(kept.read(0, kept.len()).await?);
        Ok(Document { text, place })
    }
}

#[cfg(test)]
mod tests;
