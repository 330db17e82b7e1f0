//! The cache directory: which entries there are, and their files.
//! Knows nothing of upstreams; what is asked of it by key it has, or has not.

use super::changes::Changes;
use super::chunks::CHUNK;
use super::entry::Entry;
use super::evict::Eviction;
use super::fill::blocking;
use super::growing::{Growing, Registered, Registry};
use super::index::{Index, Known, Row};
use super::key::{Key, Kind};
use super::name::{FileName, Ids};
use super::room::Room;
use super::{open, read};
use crate::clock::{self, Clock};
use crate::counters::Counters;
use crate::regular;
use bytes::Bytes;
use log::{error, info, warn};
use parking_lot::Mutex;
use quick_cache::sync::Cache as QuickCache;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::SystemTime;

mod collect;
mod moving;
mod reconcile;
mod room;
mod scan;

use moving::Moving;

pub use collect::{Amount, is_cache};
pub use reconcile::Looked;
pub use scan::{OpenError, files_of};

/// How many beginnings of bodies are kept: they are wanted at once, or not at all.
const STARTS: usize = 32;

/// The cache directory.
pub struct DiskCache {
    path: PathBuf,
    pub(super) ids: Ids,
    limit: u64,
    pub(super) index: Index,
    /// Which rows of the index changed, for who follows it.
    changes: Changes,
    eviction: Eviction,
    /// Held while both change, so that the order knows what the index knows.
    accounts: Mutex<()>,
    /// Which files the directory shows and the index does not have, or the other way round, for a moment.
    pub(super) moving: Arc<Moving>,
    /// What there is on its file system.
    room: Room,
    /// When the directory was last looked through, in milliseconds since 1970.
    reconciled: AtomicU64,
    clock: Clock,
    tickets: AtomicU64,
    files: QuickCache<u64, Arc<File>>,
    /// The beginnings of bodies that came with their heads, for who reads them next.
    starts: QuickCache<u64, Bytes>,
    growing: Arc<Registry>,
    disk_is_bad: AtomicBool,
    pub(super) counters: Arc<Counters>,
    /// This process's folder of unfinished files, locked as long as the process lives.
    temporary: scan::Temporary,
    /// What was swept of processes that are gone.
    swept: Mutex<Amount>,
}

impl DiskCache {
    /// Opens (or makes) the cache in `path`, with room for `limit` bytes of files. Files that no
    /// longer fit are removed, oldest first.
    ///
    /// # Errors
    /// When the directory cannot be made or read, or is of a format this NOPAR does not know.
    pub fn open(
        path: &Path,
        limit: u64,
        clock: Clock,
        counters: Arc<Counters>,
    ) -> std::result::Result<DiskCache, OpenError> {
        scan::prepare(path)?;
        let ids = Ids::new();
        let (temporary, swept) = scan::Temporary::claim(path, ids.next())?;
        let cache = DiskCache {
            temporary,
            swept: Mutex::new(swept),
            path: path.to_owned(),
            ids,
            limit,
            index: Index::new(),
            changes: Changes::default(),
            eviction: Eviction::new(limit),
            accounts: Mutex::default(),
            moving: Arc::default(),
            room: Room::unlimited(),
            reconciled: AtomicU64::new(clock::to_millis(clock.now())),
            clock,
            tickets: AtomicU64::new(1),
            files: QuickCache::new(open::kept_files()),
            starts: QuickCache::new(STARTS),
            growing: Arc::default(),
            disk_is_bad: AtomicBool::new(false),
            counters,
        };
        for name in scan::files(path)? {
            cache.found(name);
        }
        info!(
            "cache: {} entries, {} bytes of {limit} in {}",
            cache.index.len(),
            cache.eviction.size(),
            path.display()
        );
        Ok(cache)
    }

    /// Removes the files of rows that have left the index.
    fn remove_files(&self, unwanted: &[FileName]) {
        for name in unwanted {
            self.changes.note(&name.hash);
            self.unlink(name);
        }
    }

    /// Which entries came and went, for who follows it.
    pub fn changes(&self) -> &Changes {
        &self.changes
    }

    /// Enters a file into the order, and takes those out that no longer fit.
    fn make_room_for(&self, name: &FileName) -> Vec<FileName> {
        self.evict(self.eviction.admit(name))
    }

    /// Takes those out of the index that have left the order.
    fn evict(&self, out: Vec<([u8; 16], u64)>) -> Vec<FileName> {
        let out = out.into_iter().filter_map(|(hash, id)| self.index.remove(&hash, Some(id)));
        let out = out.map(|row| self.left(&row));
        out.inspect(|name| self.counters.evicted(name.size)).collect()
    }

    /// A number greater than that of every request and confirmation before it: see
    /// [`Entry::confirmed_since`].
    pub fn ticket(&self) -> u64 {
        self.tickets.load(Ordering::SeqCst)
    }

    /// The next such number: something was confirmed, or failed, just now.
    pub fn next_ticket(&self) -> u64 {
        self.tickets.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Bytes of all files.
    pub fn size(&self) -> u64 {
        self.eviction.size()
    }

    /// The most these may be.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether this file is the current generation of its key.
    #[cfg(test)]
    pub(super) fn has(&self, name: &FileName) -> bool {
        self.index.has(name)
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entry of `key`, fresh or stale. The first time after a start this reads the file's head
    /// (and checks a tarball whole) on the blocking pool. A file that is damaged or gone is dropped
    /// and `None` returned.
    pub async fn get(&'static self, key: &Key) -> Option<Arc<Entry>> {
        let row = self.index.get(&key.hash())?;
        let entry = match row.entry {
            Some(entry) => entry,
            None => self.load(row.name).await?,
        };
        (entry.key() == key).then_some(entry)
    }

    /// The entry of `key`, fresh or stale, if that can be said without reading a file.
    pub fn held(&self, key: &Key) -> Option<Arc<Entry>> {
        match self.known(key) {
            Known::Read(entry) => Some(entry),
            Known::Nothing | Known::Unread => None,
        }
    }

    /// The same, with what there is instead.
    pub fn known(&self, key: &Key) -> Known {
        self.index.known(key)
    }

    async fn load(&'static self, name: FileName) -> Option<Arc<Entry>> {
        let path = self.path_of(&name);
        match blocking(move || read::entry(&path, name)).await {
            Ok((file, entry, start)) => {
                let entry = self.index.loaded(Arc::new(entry));
                // Not for one that was removed meanwhile: nobody would ever close its file.
                if self.index.has(&name) {
                    self.files.insert(name.id, Arc::new(file));
                    if entry.key().kind() == Kind::Packument {
                        self.starts.insert(name.id, start);
                    }
                }
                Some(entry)
            }
            Err(error) if read::passes(&error) => {
                warn!("cache: {} cannot be read now: {error}", name.relative());
                None
            }
            Err(error) => {
                warn!("cache: dropping {}: {error}", name.relative());
                self.counters.damaged();
                self.drop_file(&name.hash, Some(name.id));
                None
            }
        }
    }

    /// Reads `len` bytes of the body from `offset` on, on the blocking pool, unchecked: for a
    /// packument's parts, which carry their own checksums.
    ///
    /// # Errors
    /// When the file is gone or shorter: the caller should [`DiskCache::drop_damaged`] the entry.
    pub async fn read(
        &'static self,
        entry: &Arc<Entry>,
        offset: u64,
        len: u64,
    ) -> io::Result<Bytes> {
        if let Some(start) = self.starts.get(&entry.id())
            && offset.checked_add(len).is_some_and(|end| end <= start.len() as u64)
        {
            // Copied: a slice that is kept would keep all of the beginning.
            let part = &start[offset as usize..(offset + len) as usize];
            return Ok(Bytes::copy_from_slice(part));
        }
        let entry = Arc::clone(entry);
        blocking(move || read::bytes(&*self.file(&entry)?, entry.body_at + offset, len)).await
    }

    /// A tarball of at most one chunk, whole and checked.
    ///
    /// # Errors
    /// When the file is gone or damaged: the caller should [`DiskCache::drop_damaged`] the entry.
    pub async fn read_small(&'static self, entry: &Arc<Entry>) -> io::Result<Bytes> {
        let entry = Arc::clone(entry);
        blocking(move || read::chunk(&*self.file(&entry)?, &entry, 0)).await
    }

    /// One chunk of a tarball, checked; `None` behind the last.
    ///
    /// # Errors
    /// When the file is gone or damaged.
    pub async fn chunk(
        &'static self,
        entry: &Arc<Entry>,
        number: u64,
    ) -> io::Result<Option<Bytes>> {
        if number * CHUNK >= entry.body_len() {
            return Ok(None);
        }
        let entry = Arc::clone(entry);
        blocking(move || read::chunk(&*self.file(&entry)?, &entry, number)).await.map(Some)
    }

    /// The file of a row that has left the index. Whoever sends a tarball may have given its pieces back, and read them
    /// again: for them it stays open.
    fn left(&self, row: &Row) -> FileName {
        let entry = row.entry.as_ref().filter(|entry| entry.key().kind() == Kind::Tarball);
        // Nobody comes to it any more: so this says whether somebody has it.
        if let Some(entry) = entry.filter(|entry| Arc::strong_count(entry) > 1)
            && let Ok(file) = self.file(entry)
        {
            entry.leave(file);
        }
        row.name
    }

    /// The entry's file, open. Blocks.
    fn file(&self, entry: &Entry) -> io::Result<Arc<File>> {
        if let Some(file) = entry.file_left() {
            return Ok(Arc::clone(file));
        }
        self.files.get_or_insert_with(&entry.id(), || {
            Ok(Arc::new(regular::open(&self.path_of(&entry.name))?))
        })
    }

    /// Lets go of what is kept open between reads. The cache itself is never dropped, and a file that is
    /// deleted takes its room until it is closed: a program with many NOPARs one after the other would
    /// keep the files of all.
    pub fn close(&self) {
        self.files.clear();
        self.starts.clear();
    }

    /// The entry's file, if it is open.
    pub(super) fn file_if_open(&self, entry: &Entry) -> Option<Arc<File>> {
        self.files.get(&entry.id())
    }

    /// The same, for a body that is about to be sent: still of the right length. Blocks.
    pub(super) fn whole_file(&self, entry: &Entry) -> io::Result<Arc<File>> {
        let file = self.file(entry)?;
        read::check_len(&file, &entry.name)?;
        Ok(file)
    }

    /// Tells the eviction order of a hit, now and then.
    pub fn touch(&self, entry: &Entry, now: SystemTime) {
        if entry.touch(now) {
            self.tell_order(entry);
        }
    }

    /// The same, always: for a hit that costs so much that telling is nothing.
    pub fn used(&self, entry: &Entry) {
        entry.used(self.clock.now());
        self.tell_order(entry);
    }

    fn tell_order(&self, entry: &Entry) {
        let _accounts = self.accounts.lock();
        // It may have left meanwhile; the order would count its bytes for ever.
        if self.index.has(&entry.name) {
            self.eviction.touch(&entry.name);
        }
    }

    /// Removes an entry whose bytes turned out to be wrong or unwanted, unless a newer generation
    /// took its place. `true` when it was the current one.
    pub fn discard(&self, entry: &Entry) -> bool {
        self.drop_file(&entry.name.hash, Some(entry.id())).is_some()
    }

    /// The same for an entry that cannot be read, with a line in the log if it was the current one.
    /// When it is the process that lacks something (open files, memory), the entry stays.
    pub fn drop_damaged(&self, entry: &Entry, why: &(dyn std::error::Error + 'static)) {
        let causes = std::iter::successors(Some(why), |cause| cause.source());
        let mut passing =
            causes.filter_map(|cause| cause.downcast_ref()).filter(|e| read::passes(e));
        if let Some(error) = passing.next() {
            warn!("cache: {} cannot be read now: {error}", entry.key().shown());
        } else if self.discard(entry) {
            warn!("cache: dropped {}: {why}", entry.key().shown());
            self.counters.damaged();
        }
    }

    /// Removes whatever is held of a key, without a look at it.
    #[cfg(test)]
    pub(crate) fn remove(&self, key: &Key) {
        self.drop_file(&key.hash(), None);
    }

    /// Removes the file of an entry that somebody found damaged, whether this process knows of it or not; whether there
    /// was one. A newer generation stays. Blocks.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn drop_found(&self, name: &FileName) -> io::Result<bool> {
        let is_known = self.drop_file(&name.hash, Some(name.id)).is_some();
        // Another thread may be about to do the same.
        let is_there = match std::fs::remove_file(self.path_of(name)) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(error),
        };
        if is_known || is_there {
            self.counters.damaged();
        }
        Ok(is_known || is_there)
    }

    pub(super) fn drop_file(&self, hash: &[u8; 16], id: Option<u64>) -> Option<FileName> {
        let name = {
            let _accounts = self.accounts.lock();
            let name = self.left(&self.index.remove(hash, id)?);
            self.eviction.forget(&name);
            self.moving.leave(&[name]);
            name
        };
        self.remove_files(&[name]);
        Some(name)
    }

    /// Removes a file: on the blocking pool where there is one, as a large file takes a while.
    fn unlink(&self, name: &FileName) {
        self.files.remove(&name.id);
        self.starts.remove(&name.id);
        let (path, shown, id) = (self.path_of(name), name.relative(), name.id);
        let moving = Arc::clone(&self.moving);
        let remove = move || {
            match std::fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    warn!("cache: {shown} could not be removed: {error}");
                }
                _ => {}
            }
            moving.removed(id);
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(remove)),
            Err(_) => remove(),
        }
    }

    /// Makes a new generation visible, and removes the one before it, and what no longer fits.
    pub(super) fn publish(&'static self, row: Row) {
        let name = row.name;
        let mut unwanted = Vec::new();
        {
            let _accounts = self.accounts.lock();
            let replaced = self.index.put(row);
            unwanted.extend(replaced.inspect(|old| self.eviction.forget(old)));
            // It is itself unwanted, when another process was faster.
            if self.index.has(&name) {
                unwanted.extend(self.make_room_for(&name));
            }
            self.moving.leave(&unwanted);
        }
        self.changes.note(&name.hash);
        self.remove_files(&unwanted);
        self.reconcile_now_and_then();
    }

    pub(super) fn path_of(&self, name: &FileName) -> PathBuf {
        self.path.join(name.relative())
    }

    pub(super) fn temporary(&self, id: u64) -> PathBuf {
        self.temporary.path().join(format!("{id:016x}"))
    }

    /// Its clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// A body of `key` on its way in, for who may read along.
    pub fn growing(&self, key: &Key) -> Option<Arc<Growing>> {
        self.growing.last(&key.hash())
    }

    /// The body that will be this generation.
    pub fn growing_by_id(&self, id: u64) -> Option<Arc<Growing>> {
        self.growing.by_id(id)
    }

    pub(super) fn register(&self, key: &Key, growing: &Arc<Growing>) -> Registered {
        self.growing.add(key.hash(), growing)
    }

    /// The disk did not take a file: said once, until it does again.
    pub(super) fn disk_failed(&self, error: &io::Error) {
        if !self.disk_is_bad.swap(true, Ordering::Relaxed) {
            error!("cache: the disk takes no more: {error}; answers go on, and are not kept");
        }
    }

    /// The disk took a file.
    pub(super) fn disk_works(&self) {
        if self.disk_is_bad.load(Ordering::Relaxed)
            && self.disk_is_bad.swap(false, Ordering::Relaxed)
        {
            info!("cache: the disk takes files again");
        }
    }
}
