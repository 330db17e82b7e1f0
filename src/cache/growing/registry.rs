//! Which bodies are on their way in.
//! Knows nothing of how they grow.

use super::Growing;
use parking_lot::Mutex;
use pingora_cache::key::HashBinary;
use std::collections::HashMap;
use std::sync::Arc;

/// The bodies on their way into one directory.
#[derive(Default)]
pub(in crate::cache) struct Registry {
    rows: Mutex<Rows>,
}

#[derive(Default)]
struct Rows {
    all: HashMap<u64, Arc<Growing>>,
    /// Those that newcomers may read along, by hash of their keys.
    open: HashMap<HashBinary, u64>,
}

/// A body's row; gone when this is dropped.
pub(in crate::cache) struct Registered {
    registry: Arc<Registry>,
    hash: HashBinary,
    id: u64,
}

impl Registry {
    /// Adds a body; `open` to newcomers, or only to who knows its id.
    pub(in crate::cache) fn add(
        self: &Arc<Self>,
        hash: HashBinary,
        growing: &Arc<Growing>,
        open: bool,
    ) -> Registered {
        let mut rows = self.rows.lock();
        rows.all.insert(growing.id(), Arc::clone(growing));
        if open {
            rows.open.insert(hash, growing.id());
        }
        Registered { registry: Arc::clone(self), hash, id: growing.id() }
    }

    /// The body that newcomers may read along.
    pub(in crate::cache) fn open(&self, hash: &HashBinary) -> Option<Arc<Growing>> {
        let rows = self.rows.lock();
        rows.all.get(rows.open.get(hash)?).cloned()
    }

    /// The body with this id.
    pub(in crate::cache) fn by_id(&self, id: u64) -> Option<Arc<Growing>> {
        self.rows.lock().all.get(&id).cloned()
    }
}

impl Registered {
    /// No newcomers any more.
    pub(in crate::cache) fn close(&self) {
        let mut rows = self.registry.rows.lock();
        if rows.open.get(&self.hash) == Some(&self.id) {
            rows.open.remove(&self.hash);
        }
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.close();
        self.registry.rows.lock().all.remove(&self.id);
    }
}
