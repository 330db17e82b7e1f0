//! What is held of a tarball must agree with what is held of its packument.
//! Knows nothing of how either came in.
//!
//! `npm ci` on a cold cache asks for tarballs alone: they are kept with their digests, and compared
//! as soon as their packument is there, and again when it changes. One comparison per generation of
//! the packument; after it, a hit costs two lookups in memory.

use super::Wanted;
use crate::cache::Entry;
use crate::npm::{Digester, Integrity};
use crate::proxy::Door;
use crate::proxy::failure::Failure;
use log::error;
use std::io;
use std::sync::Arc;

impl Door {
    /// The tarball that is held, if its packument does not speak against it. One that it speaks
    /// against is dropped.
    ///
    /// With `confirm`, the packument is fetched for that, if it never was: npm asks so when the bytes
    /// it got were not those of its lock file. With `NOPAR_VERIFY=always` it must be had.
    ///
    /// # Errors
    /// Why it cannot be had, in the latter case.
    pub(super) async fn held_tarball(
        &self,
        wanted: &Wanted,
        confirm: bool,
    ) -> Result<Option<Arc<Entry>>, Failure> {
        let Some(entry) = self.cache.get(&wanted.key).await else { return Ok(None) };
        let key = self.packument_key(&wanted.name);
        let mut packument = self.cache.get(&key).await;
        let must = self.current.is_strict();
        if packument.is_none() && (confirm || must) && !entry.is_verified() {
            let obtained = self.obtain(&wanted.name, &wanted.base, false, &wanted.behalf).await;
            packument = self.cache.get(&key).await;
            if must && packument.is_none() {
                return Err(obtained.err().unwrap_or_else(Failure::internal));
            }
        }
        // Where nothing is said, what is held is as good as it was.
        let Some(packument) = packument else { return Ok(Some(entry)) };
        Ok(self.unless_wrong(wanted, entry, &packument).await)
    }

    /// This one, unless the packument speaks against it: then it is dropped.
    pub(super) async fn unless_wrong(
        &self,
        wanted: &Wanted,
        entry: Arc<Entry>,
        packument: &Arc<Entry>,
    ) -> Option<Arc<Entry>> {
        if entry.agrees_with(packument) {
            return Some(entry);
        }
        if let Some(expected) = self.said_of(packument, wanted).await
            && !self.is(&entry, &expected).await
        {
            if self.cache.discard(&entry) {
                let computed = entry.integrity().map(Integrity::to_string).unwrap_or_default();
                error!(
                    "{}: dropped: its digests are {computed}, and its packument says {expected}",
                    wanted.key.shown()
                );
            }
            return None;
        }
        entry.set_agreed(packument);
        Some(entry)
    }

    /// What a packument says of a tarball's digests, if anything.
    async fn said_of(&self, packument: &Arc<Entry>, wanted: &Wanted) -> Option<Integrity> {
        let index = self.index_of(packument).await.ok()?;
        let (_, said) = index.by_file(&wanted.name, &wanted.file)?;
        said.digests()
    }

    /// Whether a tarball's bytes are these.
    pub(in crate::proxy) async fn is(&self, entry: &Arc<Entry>, expected: &Integrity) -> bool {
        let known = entry.integrity().and_then(|computed| computed.matches(expected));
        match known {
            Some(is) => is,
            // A rare algorithm, which was not computed when it came in.
            // What cannot be read says nothing of the bytes; to send it will fail.
            None => self.compute(entry, expected).await.unwrap_or(true),
        }
    }

    async fn compute(&self, entry: &Arc<Entry>, expected: &Integrity) -> io::Result<bool> {
        let mut digester = Digester::new(Some(expected));
        let mut number = 0;
        while let Some(chunk) = self.cache.chunk(entry, number).await? {
            digester.update(&chunk);
            number += 1;
        }
        Ok(digester.finish().matches(expected) == Some(true))
    }
}
