//! The registry's signature of what was published without one: put into the document when the package is first served.
//! Knows nothing of keys but which are this registry's.
//!
//! Clients that verify signatures (`npm audit signatures`) report each version that has none as soon as the registry
//! offers a key. So the documents of an older NOPAR are signed as well, also those in its `registry.json`: such a one
//! moves beside its tarballs by that, as by every change. It says the same as before, the file of old stays as it is for
//! whoever goes back, and left out it would be the one thing that an audit complains of for ever.
//!
//! What keeps a package from being signed keeps nobody from reading it. It is served unsigned then, and tried again by who
//! asks ten minutes later, or once its document has changed.

use super::commit::{Absent, NotMade};
use super::publish::stated;
use super::{Api, Refusal};
use crate::hosted::{Authority, HostedError, Package, Standing};
use crate::npm::hosted::{HostedDocument, Moment, Unhashed};
use crate::npm::{Integrity, PackageName};
use crate::signing::{KeyError, Keys, Signing};
use log::warn;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::task::spawn_blocking;

/// So many bytes of tarballs are read for one change, and the rest of the last: somebody waits for it. Who asks next
/// finds a new document, and goes on.
const MOST_READ: u64 = 64 << 20;

impl Api {
    /// A package as it is to be served: with signatures, if it can have them. Of all who ask for one that has none, one
    /// sees to it, and the others wait.
    pub async fn signed(&self, package: &Arc<Package>) -> Arc<Package> {
        if package.standing() != Standing::Published || package.is_settled(&self.clock) {
            return Arc::clone(package);
        }
        let sign = async {
            let signed = self.try_sign(package).await;
            signed.unwrap_or_else(|why| {
                warn!("{}: it is served without signatures: {why}", package.name);
                false
            })
        };
        package.settle(&self.clock, sign).await;
        match self.hosted.authority(&package.name).await {
            Ok(Authority::Own(now)) => now,
            // Whoever works with it is told what is the matter.
            _ => Arc::clone(package),
        }
    }

    /// Whether it is done: what is not signed then is what nobody can vouch for.
    async fn try_sign(&self, package: &Package) -> Result<bool, String> {
        // What is the matter with keys, the log was told.
        let Some(keys) = self.keys_to_sign().await else { return Ok(false) };
        if package.is_signed_by(|keyid| keys.has(keyid)) {
            return Ok(true);
        }
        let name = &package.name;
        let unhashed = self.hosted.work_on(name, 0, |document| document.unhashed()).await;
        let unhashed = unhashed.map_err(|error| error.to_string())?;
        let unhashed = unhashed.map(|worked| worked.done).unwrap_or_default();
        let (hashed, could_read) = self.hashed(name, unhashed).await;
        let signing = self.signing.clone();
        let edit = move |document: &mut HostedDocument, _: Moment<'_>| {
            document.sign(|keyid| keys.has(keyid), &hashed, |text| signing.sign(text));
            Ok(Vec::new())
        };
        let made = self.try_commit(name, Absent::Refuse, Vec::new(), 0, edit).await;
        made.map(|_rev| could_read).map_err(|not_made| match not_made {
            NotMade::Refused(refusal) => refusal.error,
            NotMade::Failed(error) => error.to_string(),
        })
    }

    /// What the tarballs of these versions digest to, and whether all could be read. One that is missing, or is not what
    /// its version says, is left out.
    async fn hashed(
        &self,
        name: &PackageName,
        versions: Vec<Unhashed>,
    ) -> (HashMap<Unhashed, String>, bool) {
        let (mut hashed, mut could_read, mut read) = (HashMap::new(), true, 0);
        for version in versions {
            if read >= MOST_READ {
                break;
            }
            let Ok(expected) = Integrity::of_shasum(&version.shasum) else { continue };
            match self.hosted.digests(name, &version.file, &expected).await {
                Ok(Some((digests, len))) => {
                    read += len;
                    hashed.insert(version, stated(&digests).0);
                }
                Ok(None) => {
                    warn!("{name}: {} is missing or damaged, and is not signed", version.file);
                }
                Err(error) => {
                    warn!("{name}: {} is not signed: {error}", version.file);
                    could_read = false;
                }
            }
        }
        (hashed, could_read)
    }

    /// The keys that there are to sign with, made if there are none; `None` when they cannot be used, which the log was
    /// told.
    pub(super) async fn keys_to_sign(&self) -> Option<Arc<Keys>> {
        let now = self.clock.now();
        let prepared = self.with_keys(move |signing| signing.prepare(now)).await;
        prepared.ok().and_then(|prepared| self.signing.usable(prepared))
    }

    /// Works with the keys on the blocking pool.
    pub(super) async fn with_keys<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Signing) -> Result<T, KeyError> + Send + 'static,
    ) -> Result<Result<T, KeyError>, Refusal> {
        let signing = self.signing.clone();
        let done = spawn_blocking(move || work(&signing)).await;
        done.map_err(|panic| HostedError::from(panic).into())
    }
}
