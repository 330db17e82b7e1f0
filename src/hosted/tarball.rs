//! Tarballs of hosted packages, each compared with what its document says before a byte of it is sent.
//! Knows nothing of how much of one a client wants.

use super::checked::{Sums, is};
use super::large::Large;
use super::{Hosted, HostedError, Package, len_in};
use crate::npm::{Digester, IndexedVersion, Integrity, PackageName, TarballName};
use crate::store::{CHUNK, Tarball};
use crate::view::{Heads, Held, MemoryKey, Small, What};
use std::sync::Arc;

/// A tarball that is to be sent.
pub enum HostedTarball {
    /// One that is in memory now.
    Small(Arc<Small>),
    /// One that is read as it is sent, out of what is open here.
    Large(Arc<Large>, Tarball),
}

impl Hosted {
    /// A tarball by the name it has in packuments, or had in those of an older NOPAR.
    ///
    /// # Errors
    /// [`HostedError::Absent`] when no version has it, [`HostedError::Damaged`] when it has other bytes than were
    /// published.
    pub async fn tarball(
        &self,
        package: &Package,
        file: &TarballName,
    ) -> Result<HostedTarball, HostedError> {
        let index = self.index(package).await?;
        // Looked up in the document, since the store may have tarballs that no document names.
        let (version, said) = index.by_file(&package.name, file).ok_or(HostedError::Absent)?;
        let kept = TarballName::kept(&package.name, version, said.tarball.as_deref());
        let kept = kept.ok_or(HostedError::Absent)?;
        let content = self.store.tarball(&package.name, &kept).await?.ok_or(HostedError::Absent)?;
        let etag = etag(said);
        if content.len() > CHUNK {
            let sums = self.check_large(package, &kept, &content, said).await?;
            let large = Arc::new(Large::new(&package.name, kept, &content, sums, etag));
            self.asked_for(package, file, &large, &content).await?;
            return Ok(HostedTarball::Large(large, content));
        }
        let key = MemoryKey { id: package.id(), what: What::File(file.clone()) };
        let made = async {
            let bytes = content.read(0, CHUNK).await?;
            if !is_small(&bytes, said) {
                return Err(damaged(&package.name, &kept));
            }
            let (bytes, heads) = (self.memory.keep(bytes), Heads::default());
            Ok::<_, HostedError>(Held::Body(Arc::new(Small { bytes, etag, heads })))
        };
        match self.memory.get_or_make(key, made).await? {
            Held::Body(small) => Ok(HostedTarball::Small(small)),
            _ => Err(HostedError::Absent),
        }
    }

    /// How many bytes the tarball of a version has, as far as the store says that at once; `said` is where the document has it.
    pub fn tarball_len(&self, package: &Package, version: &str, said: Option<&str>) -> Option<u64> {
        let file = TarballName::kept(&package.name, version, said)?;
        let len = len_in(&*self.store)(&package.name, &file);
        (len > 0).then_some(len)
    }

    /// What a tarball digests to, if it is there and the one that `expected` means; and how many bytes it has.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn digests(
        &self,
        name: &PackageName,
        file: &TarballName,
        expected: &Integrity,
    ) -> Result<Option<(Integrity, u64)>, HostedError> {
        let Some(content) = self.store.tarball(name, file).await? else { return Ok(None) };
        let digests = self.checked.digests(name, file, &content, expected).await?;
        Ok(digests.map(|digests| (digests, content.len())))
    }

    /// How many bytes the tarball of a version has, which was found to be what the document says; and the first of `expected`
    /// that it is not, if there is one.
    ///
    /// # Errors
    /// [`HostedError::Absent`] when there is no such version, or no tarball of it; [`HostedError::Damaged`] when it has
    /// other bytes than were published.
    pub async fn kept(
        &self,
        package: &Package,
        version: &str,
        expected: &[Integrity],
    ) -> Result<(u64, Option<Integrity>), HostedError> {
        let (name, index) = (&package.name, self.index(package).await?);
        let (version, said) = index.by_version(version).ok_or(HostedError::Absent)?;
        let kept = TarballName::kept(name, version, said.tarball.as_deref());
        let kept = kept.ok_or(HostedError::Absent)?;
        let content = self.store.tarball(name, &kept).await?.ok_or(HostedError::Absent)?;
        self.check_large(package, &kept, &content, said).await?;
        for expected in expected {
            if self.checked.sums(name, &kept, &content, Some(expected)).await?.is_none() {
                return Ok((content.len(), Some(expected.clone())));
            }
        }
        Ok((content.len(), None))
    }

    /// All of it is read before the first byte is sent, once as long as its file is the same: so who asks for a
    /// damaged one is told, and not left with a broken connection as with one that comes from an upstream.
    async fn check_large(
        &self,
        package: &Package,
        kept: &TarballName,
        content: &Tarball,
        said: &IndexedVersion,
    ) -> Result<Sums, HostedError> {
        let (name, expected) = (&package.name, said.digests());
        let sums = self.checked.sums(name, kept, content, expected.as_ref()).await?;
        sums.ok_or_else(|| damaged(name, kept))
    }
}

/// Whether these are the bytes that `dist` speaks of. In documents of old, it may say nothing.
fn is_small(bytes: &[u8], said: &IndexedVersion) -> bool {
    let Some(expected) = said.digests() else { return true };
    let mut digester = Digester::new(Some(&expected));
    digester.update(bytes);
    is(&digester.finish(), &expected)
}

fn etag(said: &IndexedVersion) -> Option<String> {
    let shasum = said.shasum.as_ref().filter(|hex| hex.bytes().all(|c| c.is_ascii_hexdigit()))?;
    Some(format!("\"{shasum}\""))
}

pub(super) fn damaged(name: &PackageName, kept: &TarballName) -> HostedError {
    HostedError::Damaged { name: name.clone(), file: kept.clone() }
}
