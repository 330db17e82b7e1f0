//! What the cache holds, told to operators, and what goes as they say so.
//! Knows nothing of who asks, nor of how it is shown.
//!
//! All files are looked at by a thread that requests go before, which reads the heads of those that memory does not know: for
//! a request nothing has been used by that, and no lock is held while a file is read.

mod collect;
mod list;
mod selection;
mod stat;

use crate::admin::{CacheEntry, Unanswered, What};
use crate::cache::{DiskCache, Facts, FileName, Subject, Thing};
use crate::clock::to_millis;
use crate::niceness::Niceness;
use crate::npm::{PackageName, TarballName};
use std::io;
use std::thread::Builder;
use tokio::sync::mpsc::{Receiver, channel};

/// So many of what was found are passed on together.
const BATCH: usize = 64;
/// So many batches wait for who takes them; then no more files are looked at.
const WAITING: usize = 4;
/// Texts are not told any longer than this, in bytes: no name or URL is, but for one in a file that was made by hand.
const LONGEST: usize = 2048;

/// Work on a thread that requests go before.
fn quietly(work: impl FnOnce() + Send + 'static) -> Result<(), Unanswered> {
    let quiet = move || {
        Niceness::Some.take();
        work();
    };
    let begun = Builder::new().name("cache-look".to_owned()).spawn(quiet);
    let refused = |error| {
        Unanswered::Refused(format!(
            "the cache cannot be looked through, as no thread can be started: {error}"
        ))
    };
    begun.map(drop).map_err(refused)
}

/// The same, for who waits for what comes of it.
async fn quietly_done<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Unanswered> {
    let (done, waiting) = tokio::sync::oneshot::channel();
    quietly(move || drop(done.send(work())))?;
    waiting.await.map_err(|_| broken_off())
}

fn broken_off() -> Unanswered {
    Unanswered::Refused("the search through the cache was cut short: the log says why".to_owned())
}

/// Has `see` look at every file that there is; what it returns comes in batches. An error it gets is of a file that is
/// damaged: what is gone by then, or cannot be read just now, is passed over. Behind the last batch comes an empty one.
fn scan<T: Send + 'static>(
    cache: &'static DiskCache,
    mut see: impl FnMut(&FileName, Result<&Facts, &io::Error>) -> Option<T> + Send + 'static,
) -> Result<Receiver<Vec<T>>, Unanswered> {
    let (found, coming) = channel(WAITING);
    let work = move || {
        let mut batch = Vec::new();
        let all = (0..cache.shards()).flat_map(|shard| cache.files_in(shard));
        for name in all {
            if found.is_closed() {
                // Who asked is gone.
                return;
            }
            let facts = cache.facts(&name);
            if let Err(error) = &facts
                && (error.kind() == io::ErrorKind::NotFound || DiskCache::is_passing(error))
            {
                continue;
            }
            batch.extend(see(&name, facts.as_ref()));
            if batch.len() >= BATCH {
                let _ = found.blocking_send(std::mem::take(&mut batch));
            }
        }
        if batch.is_empty() || found.blocking_send(batch).is_ok() {
            let _ = found.blocking_send(Vec::new());
        }
    };
    quietly(work)?;
    Ok(coming)
}

/// The next of what was found; `None` behind the last.
async fn next<T>(coming: &mut Receiver<Vec<T>>) -> Result<Option<Vec<T>>, Unanswered> {
    match coming.recv().await {
        Some(batch) if batch.is_empty() => Ok(None),
        Some(batch) => Ok(Some(batch)),
        None => Err(broken_off()),
    }
}

/// What a thing is.
fn what(thing: &Thing<'_>) -> What {
    match thing {
        Thing::Packument(_) => What::Packument,
        Thing::View(_) => What::View,
        Thing::Tarball(..) => What::Tarball,
        Thing::Attestations(..) => What::Attestations,
        Thing::Keys => What::Keys,
    }
}

/// Of which package a thing is, if it is of one.
fn package<'a>(thing: &Thing<'a>) -> Option<&'a str> {
    match thing {
        Thing::Packument(name) | Thing::View(name) => Some(name),
        Thing::Tarball(name, _) | Thing::Attestations(name, _) => Some(name),
        Thing::Keys => None,
    }
}

/// A file as it is told.
fn entry(cache: &DiskCache, name: &FileName, facts: Option<&Facts>) -> CacheEntry {
    let heard = cache.heard(&name.hash(), name.id());
    let subject = facts.and_then(|facts| facts.key.subject());
    let thing = subject.map(|subject| subject.thing);
    let (version, file) = match thing {
        Some(Thing::Tarball(package, file)) => (version_of(package, file), Some(cut(file))),
        Some(Thing::Attestations(_, version)) => (Some(cut(version)), None),
        _ => (None, None),
    };
    let seconds = |time| to_millis(time) / 1000;
    CacheEntry {
        what: thing.as_ref().map_or(What::Damaged, what),
        package: thing.as_ref().and_then(package).map(cut),
        version,
        file,
        bytes: name.size(),
        upstream: subject.map(|Subject { upstream, .. }| cut(upstream)),
        fetched: facts.map(|facts| seconds(facts.fetched)),
        confirmed: facts.map(|facts| seconds(facts.confirmed)),
        hits: heard.map(|heard| heard.hits),
        used: heard.map(|heard| heard.last).filter(|last| *last > 0),
        path: name.relative(),
    }
}

/// The version whose tarball usually has this name.
fn version_of(package: &str, file: &str) -> Option<String> {
    let (name, file) = (PackageName::parse(package).ok()?, TarballName::parse(file).ok()?);
    file.canonical_version(&name).map(cut)
}

fn cut(text: &str) -> String {
    text[..text.floor_char_boundary(LONGEST)].to_owned()
}
