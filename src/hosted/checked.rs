//! Which large tarballs were read and what they digest to, so that each is read for that once.
//! Knows nothing of what is done about one that is wrong.
//!
//! A file is known by its stamp: when it is written to, by whomever, it is read again. What a disk changes behind
//! the back of its file system is seen by the first who asks after a start, and by who reads a piece by its sum.

use super::HostedError;
use crate::npm::{Digester, Integrity, PackageName, TarballName};
use crate::store::{CHUNK, Stamp, Tarball};
use quick_cache::sync::Cache;
use std::sync::Arc;
use std::thread::available_parallelism;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// How many tarballs are remembered; some hundred bytes for each.
const REMEMBERED: usize = 16 * 1024;

/// One file that was read. Names as well as the stamp: the file system may use a number again.
type Key = (PackageName, TarballName, Stamp);

/// What one reading told.
struct Reading {
    digests: Integrity,
    sums: Sums,
}

/// A CRC-32 of each [`CHUNK`] of a tarball: who reads one of them later knows that it is the one that was digested.
pub(super) type Sums = Arc<[u32]>;

/// What large tarballs digest to.
pub(super) struct Checked {
    readings: Cache<Key, Arc<Reading>>,
    /// As many are digested at once as there are cores: it is all computing, and others are served beside it.
    turns: Semaphore,
}

impl Default for Checked {
    fn default() -> Checked {
        let cores = available_parallelism().map_or(1, usize::from);
        Checked { readings: Cache::new(REMEMBERED), turns: Semaphore::new(cores) }
    }
}

impl Checked {
    /// The sums of a tarball, if it is the one that `expected` means: any, if nothing is expected. Read by the first who
    /// asks, while all others who ask for it wait.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) async fn sums(
        &self,
        name: &PackageName,
        file: &TarballName,
        tarball: &Tarball,
        expected: Option<&Integrity>,
    ) -> Result<Option<Sums>, HostedError> {
        let key = (name.clone(), file.clone(), tarball.stamp());
        let read = self.readings.get_or_insert_async(&key, self.read(tarball, expected)).await?;
        let Some(expected) = expected else { return Ok(Some(Arc::clone(&read.sums))) };
        if read.digests.matches(expected).is_some() {
            return Ok(read.sums_of(expected));
        }
        // Another version names the same file, by another kind of digest.
        let read = self.read(tarball, Some(expected)).await?;
        let sums = read.sums_of(expected);
        self.readings.insert(key, read);
        Ok(sums)
    }

    /// The digests of a tarball, if `expected` names one of them and it is that. Read as for [`sums`](Self::sums), which
    /// are known then.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) async fn digests(
        &self,
        name: &PackageName,
        file: &TarballName,
        tarball: &Tarball,
        expected: &Integrity,
    ) -> Result<Option<Integrity>, HostedError> {
        let key = (name.clone(), file.clone(), tarball.stamp());
        let read = self.read(tarball, Some(expected));
        let read = self.readings.get_or_insert_async(&key, read).await?;
        let is_it = read.digests.matches(expected) == Some(true);
        Ok(is_it.then(|| read.digests.clone()))
    }

    async fn read(
        &self,
        tarball: &Tarball,
        expected: Option<&Integrity>,
    ) -> Result<Arc<Reading>, HostedError> {
        // The semaphore is never closed: this does not fail.
        let _turn = self.turns.acquire().await.ok();
        let (mut digester, mut sums) = (Digester::new(expected), Vec::new());
        let mut at = 0;
        while at < tarball.len() {
            let bytes = tarball.read(at, CHUNK).await?;
            at += bytes.len() as u64;
            let digest = move || {
                digester.update(&bytes);
                (digester, crc32fast::hash(&bytes))
            };
            let sum;
            (digester, sum) = spawn_blocking(digest).await?;
            sums.push(sum);
        }
        Ok(Arc::new(Reading { digests: digester.finish(), sums: sums.into() }))
    }
}

impl Reading {
    fn sums_of(&self, expected: &Integrity) -> Option<Sums> {
        is(&self.digests, expected).then(|| Arc::clone(&self.sums))
    }
}

/// Whether bytes with these digests are those that `expected` means, as far as the same kind was computed.
pub(super) fn is(digests: &Integrity, expected: &Integrity) -> bool {
    digests.matches(expected) != Some(false)
}
