//! A directory, and what should be in it.
//! Knows nothing of how steps are chosen.

use super::fills::Fill;
use super::{Flaw, KEYS, LIMIT, Step};
use crate::cache::disk::DiskCache;
use crate::cache::entry::{Entry, eviction_key};
use crate::cache::hit::GrowingHit;
use crate::cache::key::{Key, Kind};
use crate::cache::name::FileName;
use crate::cache::parts::{PartError, Parts};
use crate::cache::store::Store;
use crate::clock::{Clock, to_millis};
use crate::counters::Counters;
use bytes::Bytes;
use pingora::http::ResponseHeader;
use pingora_cache::CacheMeta;
use pingora_cache::storage::{HitHandler, PurgeOutcome, PurgeTarget, PurgeType, Storage};
use pingora_cache::trace::Span;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

/// The generation that should be held of a key.
struct Held {
    name: FileName,
    body: Bytes,
    fresh_until: SystemTime,
    /// Somebody did something to its file: it may be gone, but must not be wrong.
    spoilt: bool,
    /// Its file was removed: nobody need notice before a restart.
    deleted: bool,
}

pub(super) struct World {
    keys: Vec<Key>,
    held: Vec<Option<Held>>,
    fills: Vec<Fill>,
    /// The fill that began last, by key.
    begun: [u64; KEYS],
    /// All generations there ever were, by key.
    names: Vec<(usize, FileName)>,
    /// The file that was last replaced, by key.
    replaced: [Option<(FileName, Vec<u8>)>; KEYS],
    /// What requests have in their hands.
    seen: Vec<Arc<Entry>>,
    cache: &'static DiskCache,
    whole: &'static Store,
    streaming: &'static Store,
    path: PathBuf,
    homes: Vec<TempDir>,
    seed: u8,
}

fn open(path: &Path) -> (&'static DiskCache, &'static Store, &'static Store) {
    let counters = Arc::new(Counters::new(1));
    let cache = DiskCache::open(path, LIMIT, Clock::system(), counters).unwrap();
    let cache: &'static DiskCache = Box::leak(Box::new(cache));
    let leak = |store| -> &'static Store { Box::leak(Box::new(store)) };
    (cache, leak(Store::whole(cache)), leak(Store::streaming(cache)))
}

impl World {
    pub(super) async fn new() -> World {
        let home = directory();
        let path = home.path().to_owned();
        let (cache, whole, streaming) = open(&path);
        let upstream = "https://registry.example/";
        let key = |number: usize| match number < KEYS / 2 {
            true => Key::packument(upstream, &format!("p{number}").parse().unwrap()),
            false => Key::tarball(upstream, &"t".parse().unwrap(), &format!("t-{number}.0.0.tgz")),
        };
        World {
            keys: (0..KEYS).map(key).collect(),
            held: (0..KEYS).map(|_| None).collect(),
            fills: Vec::new(),
            begun: [0; KEYS],
            names: Vec::new(),
            replaced: Default::default(),
            seen: Vec::new(),
            cache,
            whole,
            streaming,
            path,
            homes: vec![home],
            seed: 0,
        }
    }

    fn store(&self, key: usize) -> &'static Store {
        if self.keys[key].kind() == Kind::Packument { self.whole } else { self.streaming }
    }

    pub(super) async fn take(&mut self, step: Step) {
        match step {
            Step::Begin { key, size, flaw } => self.begin(key, size, flaw).await,
            Step::Write { fill, len } => self.write(fill, len).await,
            Step::Finish { fill } => self.finish(fill).await,
            Step::Cancel { fill } => {
                if let Some(fill) = self.take_fill(fill) {
                    fill.cancel().await;
                }
            }
            Step::Read { key, range } if self.keys[key].kind() == Kind::Tarball => {
                self.read_tarball(key, range).await;
            }
            Step::Read { key, .. } => self.read_packument(key).await,
            Step::Purge { key } => self.purge(key).await,
            Step::PurgeLate { key } => self.purge_late(key).await,
            Step::Touch => self.seen.drain(..).for_each(|entry| {
                self.cache.touch(&entry, self.cache.clock().now());
            }),
            Step::Confirm { key, seconds } => self.confirm(key, seconds).await,
            Step::Damage { key, at } => self.spoil(key, |bytes| {
                let at = at % bytes.len();
                bytes[at] ^= 0x24;
            }),
            Step::Cut { key, left } => self.spoil(key, |bytes| bytes.truncate(left % bytes.len())),
            Step::Delete { key } => self.delete(key),
            Step::Settle => self.settle().await,
            Step::Restart => self.restart().await,
            Step::Crash => self.crash().await,
        }
    }

    async fn begin(&mut self, key: usize, size: usize, flaw: Flaw) {
        if self.fills.len() == 4 {
            return;
        }
        self.seed = self.seed.wrapping_add(1);
        let (of, body) = ((key, &self.keys[key]), (self.seed, size));
        let fill = Fill::begin(self.cache, self.store(key), of, body, flaw).await;
        self.begun[key] = fill.id;
        self.fills.push(fill);
    }

    fn take_fill(&mut self, fill: usize) -> Option<Fill> {
        let count = self.fills.len();
        (count > 0).then(|| self.fills.remove(fill % count))
    }

    async fn write(&mut self, fill: usize, len: usize) {
        let Some(mut fill) = self.take_fill(fill) else { return };
        match fill.write(len).await {
            true => self.fills.push(fill),
            false => fill.cancel().await,
        }
    }

    async fn finish(&mut self, fill: usize) {
        let Some(fill) = self.take_fill(fill) else { return };
        // One that was begun earlier and ends later is not wanted any more.
        let late = self.held[fill.key].as_ref().is_some_and(|held| held.name.id > fill.id);
        if !late {
            self.remember(fill.key);
        }
        let (key, id, body, fresh_until) = (fill.key, fill.id, fill.body.clone(), fill.fresh_until);
        let Some(weight) = fill.finish(self.keys[key].kind()).await else { return };
        let name = FileName { hash: self.keys[key].hash(), id, size: weight as u64 };
        self.names.push((key, name));
        if late {
            return;
        }
        self.held[key] = Some(Held { name, body, fresh_until, spoilt: false, deleted: false });
        let sizes = self.held.iter().flatten().map(|held| held.name.size);
        let too_much = sizes.sum::<u64>() > LIMIT;
        for held in &mut self.held {
            if held.as_ref().is_some_and(|held| !self.cache.has(&held.name)) {
                assert!(too_much, "it left, and there was room");
                *held = None;
            }
        }
    }

    /// Keeps a copy of the file that is about to be replaced.
    fn remember(&mut self, key: usize) {
        let Some(held) = self.held[key].as_ref().filter(|held| !held.spoilt) else { return };
        let bytes = std::fs::read(self.path.join(held.name.relative())).unwrap();
        self.replaced[key] = Some((held.name, bytes));
    }

    async fn purge_target(&self, target: PurgeTarget<'_>) -> bool {
        let trace = Span::inactive().handle();
        let purged = self.whole.purge(target, PurgeType::Eviction, &trace).await.unwrap();
        matches!(purged, PurgeOutcome::Purged(_))
    }

    async fn purge(&mut self, key: usize) {
        let target = self.keys[key].to_pingora().to_compact();
        let purged = self.purge_target(PurgeTarget::Active(&target)).await;
        assert_eq!(purged, self.held[key].take().is_some());
    }

    /// Whoever wants to remove a generation that was replaced removes nothing.
    async fn purge_late(&mut self, key: usize) {
        let current = self.held[key].as_ref().map(|held| held.name.id);
        let late = self.names.iter().filter(|(of, name)| *of == key && Some(name.id) != current);
        for (_, name) in late {
            assert!(!self.purge_target(PurgeTarget::Exact(&eviction_key(name))).await);
        }
        self.entry(key).await;
    }

    /// The entry of a key, if it is the one that should be there.
    async fn entry(&mut self, key: usize) -> Option<Arc<Entry>> {
        let entry = self.cache.get(&self.keys[key]).await;
        let found = entry.as_ref().map(|entry| entry.id());
        let Some(held) = &self.held[key] else {
            assert_eq!(found, None, "nothing should be held of key {key}");
            return None;
        };
        assert!(found.is_none_or(|id| id == held.name.id), "another generation");
        if let Some(entry) = &entry {
            self.seen.push(Arc::clone(entry));
            let told = to_millis(entry.freshness().fresh_until);
            let same = told == to_millis(held.fresh_until);
            assert!(same || (held.spoilt && told == 0), "fresh until {told}");
        } else {
            self.lost(key);
        }
        entry
    }

    /// It was not to be had.
    fn lost(&mut self, key: usize) {
        let held = self.held[key].take().expect("it was held");
        assert!(held.spoilt, "nobody touched the file of key {key}");
    }

    async fn read_packument(&mut self, key: usize) {
        let Some(entry) = self.entry(key).await else { return };
        match read_parts(self.cache, &entry).await {
            Ok(body) => {
                let held = self.held[key].as_ref().expect("it was found");
                assert!(body == held.body, "wrong bytes");
            }
            Err(error) => {
                self.cache.drop_damaged(&entry, &error);
                self.lost(key);
            }
        }
    }

    async fn read_tarball(&mut self, key: usize, range: Option<(usize, usize)>) {
        let pingora = self.keys[key].to_pingora();
        let trace = Span::inactive().handle();
        let found = self.streaming.lookup(&pingora, &trace).await.unwrap();
        let hit = found.map(|(_, hit)| hit);
        let growing = hit.as_ref().and_then(|hit| hit.as_any().downcast_ref::<GrowingHit>());
        if let Some(id) = growing.map(|growing| growing.growing().id()) {
            if self.held[key].is_some() {
                self.lost(key);
            }
            let fill = self.fills.iter_mut().find(|fill| fill.key == key && fill.id == id);
            let fill = fill.expect("a body that nobody writes cannot be read");
            return fill.read_along(hit.expect("it was looked at"));
        }
        match (hit, &self.held[key]) {
            (None, None) => self.check_nothing_grows(key),
            (None, Some(_)) => self.lost(key),
            (Some(hit), Some(held)) => {
                let (start, end) = range.map_or((0, held.body.len()), |(start, len)| {
                    let start = start % (held.body.len() + 1);
                    (start, start + len % (held.body.len() - start + 1))
                });
                match read(hit, start, end).await {
                    Some(read) => assert!(read == held.body[start..end], "wrong bytes"),
                    None => self.lost(key),
                }
            }
            (Some(_), None) => panic!("nothing should be held of key {key}"),
        }
    }

    /// A body that grows alone and is being kept can be read along.
    fn check_nothing_grows(&self, key: usize) {
        // Of several, which pingora-cache's lock prevents, it is the one that began last.
        let mut last = self.fills.iter().filter(|fill| fill.id == self.begun[key]);
        assert!(last.all(|fill| fill.flaw == Flaw::TooLong), "it was not found");
    }

    async fn confirm(&mut self, key: usize, seconds: u64) {
        let now = SystemTime::now();
        let fresh_until = now + Duration::from_secs(seconds);
        let header = ResponseHeader::build(200, None).unwrap();
        let meta = CacheMeta::new(fresh_until, now, 0, 0, header);
        let trace = Span::inactive().handle();
        let store = self.store(key);
        let confirmed = store.update_meta(&self.keys[key].to_pingora(), &meta, &trace).await;
        match &mut self.held[key] {
            None => assert!(!confirmed.unwrap(), "nothing should be held of key {key}"),
            Some(held) if !matches!(confirmed, Ok(false)) => {
                assert!(held.spoilt || confirmed.is_ok());
                held.fresh_until = fresh_until;
            }
            Some(_) => self.lost(key),
        }
    }

    fn spoil(&mut self, key: usize, change: impl FnOnce(&mut Vec<u8>)) {
        let Some(held) = self.held[key].as_mut().filter(|held| !held.deleted) else { return };
        let path = self.path.join(held.name.relative());
        let mut bytes = std::fs::read(&path).unwrap();
        if !bytes.is_empty() {
            change(&mut bytes);
            // In place: a file that is open is damaged as well.
            std::fs::write(&path, bytes).unwrap();
        }
        held.spoilt = true;
    }

    fn delete(&mut self, key: usize) {
        let Some(held) = self.held[key].as_mut().filter(|held| !held.deleted) else { return };
        std::fs::remove_file(self.path.join(held.name.relative())).unwrap();
        (held.spoilt, held.deleted) = (true, true);
    }

    pub(super) async fn cancel_all(&mut self) {
        for fill in std::mem::take(&mut self.fills) {
            fill.cancel().await;
        }
    }

    async fn restart(&mut self) {
        self.cancel_all().await;
        self.settle().await;
        let path = self.path.clone();
        self.reopen(path);
    }

    /// What a killed process leaves is the directory as it is: a copy of it is opened. Files that had
    /// been replaced may still be there.
    pub(super) async fn crash(&mut self) {
        flush().await;
        let home = directory();
        copy(&self.path, home.path());
        self.bring_back(home.path());
        std::mem::take(&mut self.fills).into_iter().for_each(Fill::leak);
        let path = home.path().to_owned();
        self.homes.push(home);
        self.reopen(path);
        self.settle().await;
    }

    /// Puts replaced files beside those that replaced them, as far as there is room.
    fn bring_back(&mut self, cache: &Path) {
        let mut room = LIMIT - self.cache.size();
        for (replaced, held) in self.replaced.iter_mut().zip(&self.held) {
            let Some((old, bytes)) = replaced.take() else { continue };
            let Some(held) = held.as_ref().filter(|held| !held.deleted) else { continue };
            if old.id < held.name.id && old.size <= room {
                room -= old.size;
                std::fs::write(cache.join(old.relative()), bytes).unwrap();
            }
        }
    }

    fn reopen(&mut self, path: PathBuf) {
        self.path = path;
        self.seen.clear();
        (self.cache, self.whole, self.streaming) = open(&self.path);
        for held in &mut self.held {
            held.take_if(|held| held.deleted);
        }
    }

    /// What holds once nobody does anything.
    pub(super) async fn settle(&mut self) {
        flush().await;
        let held = || self.held.iter().flatten();
        let mut wanted: Vec<String> =
            held().filter(|held| !held.deleted).map(|held| held.name.relative()).collect();
        wanted.sort_unstable();
        let (entries, unfinished) = list(&self.path);
        assert_eq!(entries, wanted, "files and what is held");
        assert_eq!(self.cache.len(), held().count());
        assert_eq!(self.cache.size(), held().map(|held| held.name.size).sum::<u64>());
        assert!(self.cache.size() <= LIMIT, "{} bytes", self.cache.size());
        assert!(unfinished <= self.fills.len(), "{unfinished} unfinished files");
    }
}

/// In memory, where the system offers that: the model makes very many files.
fn directory() -> TempDir {
    TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).unwrap()
}

/// Waits for all file work that was begun.
async fn flush() {
    tokio::task::spawn_blocking(|| ()).await.unwrap();
}

async fn read(mut hit: HitHandler, start: usize, end: usize) -> Option<Vec<u8>> {
    hit.seek(start, Some(end)).unwrap();
    let mut read = Vec::new();
    while let Some(piece) = hit.read_body().await.ok()? {
        read.extend_from_slice(&piece);
    }
    Some(read)
}

async fn read_parts(cache: &'static DiskCache, entry: &Arc<Entry>) -> Result<Vec<u8>, PartError> {
    let mut body = cache.read(entry, 0, Parts::table_len(2) as u64).await?.to_vec();
    let parts = Parts::read(&body, 2)?;
    for part in 0..2 {
        let (offset, len) = parts.range(part).ok_or(PartError::Table)?;
        let bytes = cache.read(entry, offset, len).await?;
        parts.check(part, &bytes)?;
        body.extend_from_slice(&bytes);
    }
    Ok(body)
}

/// The entries' files, sorted, and the number of unfinished ones.
fn list(cache: &Path) -> (Vec<String>, usize) {
    let (mut entries, mut unfinished) = (Vec::new(), 0);
    for folder in std::fs::read_dir(cache).unwrap().flatten().filter(|it| it.path().is_dir()) {
        let name = folder.file_name().into_string().unwrap();
        for file in std::fs::read_dir(folder.path()).unwrap().flatten() {
            match name.as_str() {
                "tmp" => {
                    let files = std::fs::read_dir(file.path()).unwrap().flatten();
                    unfinished += files.filter(|file| file.file_name() != "lock").count();
                }
                _ => entries.push(format!("{name}/{}", file.file_name().to_str().unwrap())),
            }
        }
    }
    entries.sort_unstable();
    (entries, unfinished)
}

fn copy(from: &Path, to: &Path) {
    for file in std::fs::read_dir(from).unwrap().flatten() {
        let target = to.join(file.file_name());
        if file.path().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy(&file.path(), &target);
        } else {
            std::fs::copy(file.path(), target).unwrap();
        }
    }
}
