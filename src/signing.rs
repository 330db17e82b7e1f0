//! The keys that this registry signs versions with, of which one signs and the others are still offered.
//! Knows nothing of packages' documents, nor of HTTP: it signs a text.
//!
//! They lie in one file, `.nopar/keys/keys.json` in the registry directory, which is replaced as a whole: a key comes,
//! and the private half of the one before goes, in one rename. So whoever reads it, in this process or another, finds one
//! key that signs, and every key that ever did. It is made by whoever first has something to sign.
//!
//! What is remembered of it ends with its stamp, so that a rotation is seen by the next who signs. A file that cannot be
//! read, or is damaged, or is gone while its directory is there, is never replaced: what the keys in it have signed would
//! pass for forged from then on.

mod error;
mod file;
mod pair;
mod record;

#[cfg(test)]
mod tests;

pub use error::KeyError;
pub use pair::PublicKey;

use crate::clock::iso;
use crate::npm::Signature;
use crate::regular::Stamp;
use crate::store::Store;
use file::Folder;
use jiff::Timestamp;
use log::{error, info};
use pair::KeyPair;
use parking_lot::Mutex;
use record::Record;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// How long after a rotation the key before it expires: who publishes just then has looked at that one a moment ago, and
/// clients reject a signature whose version is dated after its key's end.
const GRACE: Duration = Duration::from_secs(10);

/// Where keys are, below the registry directory.
const FOLDER: &str = ".nopar/keys";

/// What is told where there are no keys.
pub const NONE: &str =
    "there are no keys yet: one is made when the first version is to be signed\n";

/// The keys of a registry directory. Clones are the same.
#[derive(Clone)]
pub struct Signing {
    inner: Arc<Inner>,
}

struct Inner {
    folder: Folder,
    /// What the folder lies on, which may go from under it.
    ground: Arc<dyn Store>,
    known: Mutex<Known>,
}

/// What was read.
#[derive(Default)]
struct Known {
    /// Of which file, and what came of it.
    read: Option<(Stamp, Result<Arc<Keys>, KeyError>)>,
    /// The last that were good.
    keys: Option<Arc<Keys>>,
    /// The trouble that the log was told of.
    told: Option<String>,
}

/// The keys there are, the one that signs last.
#[derive(Debug)]
pub struct Keys {
    all: Vec<Key>,
    pair: KeyPair,
}

/// A key that is offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// What others need of it.
    pub public: PublicKey,
    /// When it was made, as npm writes times.
    pub since: String,
    /// When it ended to sign, if it did.
    pub expires: Option<String>,
}

impl Key {
    fn is_younger_than(&self, now: SystemTime) -> bool {
        let (since, now) = (self.since.parse::<Timestamp>(), Timestamp::try_from(now));
        since.ok().zip(now.ok()).is_some_and(|(since, now)| since > now)
    }
}

impl Keys {
    /// All, oldest first. The last is the one that signs.
    pub fn all(&self) -> &[Key] {
        &self.all
    }

    /// Whether a key is one of them.
    pub fn has(&self, keyid: &str) -> bool {
        self.all.iter().any(|key| key.public.keyid == keyid)
    }

    /// Whether a signature of a text is right; `None` if its key is none of these.
    pub fn verify(&self, text: &str, signature: &Signature) -> Option<bool> {
        let key = self.all.iter().find(|key| key.public.keyid == signature.keyid)?;
        Some(key.public.verifies(text, &signature.sig))
    }

    /// A line for each, for who runs NOPAR.
    pub fn told(&self) -> String {
        let line = |key: &Key| {
            let until = key.expires.as_ref();
            let until = until.map_or_else(|| "signs".to_owned(), |end| format!("until {end}"));
            format!("{} since {}, {until}\n", key.public.keyid, key.since)
        };
        self.all.iter().map(line).collect()
    }

    fn sign(&self, text: &str) -> Option<Signature> {
        let keyid = self.all.last()?.public.keyid.clone();
        Some(Signature { keyid, sig: self.pair.sign(text)? })
    }
}

impl Signing {
    /// The keys of a registry directory, which `ground` looks after.
    pub fn of_directory(registry: &Path, ground: Arc<dyn Store>) -> Signing {
        Signing::new(registry.join(FOLDER), ground)
    }

    /// The keys in a folder that need not be there, in a directory that `ground` looks after.
    pub fn new(folder: PathBuf, ground: Arc<dyn Store>) -> Signing {
        let known = Mutex::default();
        Signing { inner: Arc::new(Inner { folder: Folder::new(folder), ground, known }) }
    }

    /// The keys there are just now; `None` as long as none was made. One look at one name, as a rule. Blocks.
    ///
    /// # Errors
    /// When there are some and they cannot be used, or nobody can say whether there are.
    pub fn look(&self) -> Result<Option<Arc<Keys>>, KeyError> {
        let folder = &self.inner.folder;
        let Some(seen) = folder.seen()? else {
            self.inner
                .ground
                .check()
                .map_err(|error| KeyError::unreadable(folder.place(), error))?;
            return match self.inner.known.lock().keys {
                Some(_) => Err(KeyError::Gone(folder.place().to_owned())),
                None => Ok(None),
            };
        };
        if let Some((read, result)) = &self.inner.known.lock().read
            && *read == seen
        {
            return result.clone().map(Some);
        }
        let read =
            folder.read().and_then(|text| Record::parse(&text, folder.place())?.keys(folder));
        let read = read.map(Arc::new);
        let mut known = self.inner.known.lock();
        if let Ok(keys) = &read {
            known.keys = Some(Arc::clone(keys));
        }
        // What the system refuses now, as too many files are open, it may give the next time.
        if !matches!(read, Err(KeyError::Unreadable { .. })) {
            known.read = Some((seen, read.clone()));
        }
        read.map(Some)
    }

    /// The same; made if there are none. Blocks.
    ///
    /// # Errors
    /// As of [`look`](Self::look), and when the directory takes nothing.
    pub fn prepare(&self, now: SystemTime) -> Result<Arc<Keys>, KeyError> {
        if let Some(keys) = self.look()? {
            return Ok(keys);
        }
        let folder = &self.inner.folder;
        let _held = self.hold()?;
        // Another process may have been faster.
        if let Some(keys) = self.look()? {
            return Ok(keys);
        }
        let (pair, private) =
            KeyPair::generate().ok_or_else(|| KeyError::random(folder.place()))?;
        let record = Record::default().with(&pair, &private, iso(now));
        folder.create(&record.text())?;
        info!("signing: versions are signed by {}, a key that was made now", pair.public().keyid);
        self.look()?.ok_or_else(|| KeyError::Gone(folder.place().to_owned()))
    }

    /// Makes a key that signs from now on; the one before is offered on, for what it has signed, and its private half is
    /// deleted. Blocks.
    ///
    /// # Errors
    /// As of [`prepare`](Self::prepare), and when the clock shows a time before the last key was made: it would end before
    /// what it has signed. Nothing was changed then, unless what failed is the wait for the disk at the end.
    pub fn rotate(&self, now: SystemTime) -> Result<Arc<Keys>, KeyError> {
        let folder = &self.inner.folder;
        let held = self.hold()?;
        let Some(before) = self.look()? else {
            drop(held);
            return self.prepare(now);
        };
        if let Some(last) = before.all().last()
            && last.is_younger_than(now + GRACE)
        {
            return Err(KeyError::clock(folder.place(), &iso(now), &last.since));
        }
        let (pair, private) =
            KeyPair::generate().ok_or_else(|| KeyError::random(folder.place()))?;
        let record = Record::of(&before).retired(&iso(now + GRACE)).with(&pair, &private, iso(now));
        folder.replace(&record.text())?;
        self.look()?.ok_or_else(|| KeyError::Gone(folder.place().to_owned()))
    }

    /// A signature of a text by the key that signs now; `None` if there is none that can be used, which the log is told
    /// of once. Blocks as [`look`](Self::look) does.
    pub fn sign(&self, text: &str) -> Option<Signature> {
        self.usable(self.look()).flatten()?.sign(text)
    }

    /// The keys that are offered: while they cannot be read, those that were known before. Blocks.
    ///
    /// # Errors
    /// When none were.
    pub fn offered(&self) -> Result<Option<Arc<Keys>>, KeyError> {
        let looked = self.look();
        let known = self.inner.known.lock().keys.clone();
        match (looked, known) {
            (Err(error), Some(keys)) => {
                self.usable::<()>(Err(error));
                Ok(Some(keys))
            }
            (looked, _) => looked,
        }
    }

    /// What can be worked with; of what cannot, the log is told, once as long as it is the same.
    pub fn usable<T>(&self, got: Result<T, KeyError>) -> Option<T> {
        let mut known = self.inner.known.lock();
        match got {
            Ok(keys) => {
                known.told = None;
                Some(keys)
            }
            Err(trouble) => {
                let text = trouble.to_string();
                if known.told.as_ref() != Some(&text) {
                    error!("signing: versions stay unsigned: {text}");
                    known.told = Some(text);
                }
                None
            }
        }
    }

    /// Waits for everybody else who makes a key, in a folder that is there then.
    fn hold(&self) -> Result<std::fs::File, KeyError> {
        let folder = &self.inner.folder;
        self.inner.ground.prepare().map_err(|error| KeyError::unmade(folder.place(), error))?;
        folder.hold()
    }
}
