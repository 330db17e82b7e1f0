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
    /// The last one of each key.
    last: HashMap<HashBinary, u64>,
}

/// A body's row; gone when this is dropped.
pub(in crate::cache) struct Registered {
    registry: Arc<Registry>,
    hash: HashBinary,
    id: u64,
}

impl Registry {
    /// Adds a body. Of several with one key, newcomers find the last: they come about when a body is
    /// not kept, and newcomers came too late for its first bytes.
    pub(in crate::cache) fn add(
        self: &Arc<Self>,
        hash: HashBinary,
        growing: &Arc<Growing>,
    ) -> Registered {
        let mut rows = self.rows.lock();
        rows.all.insert(growing.id(), Arc::clone(growing));
        rows.last.insert(hash, growing.id());
        Registered { registry: Arc::clone(self), hash, id: growing.id() }
    }

    /// The body of this key.
    pub(in crate::cache) fn last(&self, hash: &HashBinary) -> Option<Arc<Growing>> {
        let rows = self.rows.lock();
        rows.all.get(rows.last.get(hash)?).cloned()
    }

    /// The body with this id.
    pub(in crate::cache) fn by_id(&self, id: u64) -> Option<Arc<Growing>> {
        self.rows.lock().all.get(&id).cloned()
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        let mut rows = self.registry.rows.lock();
        rows.all.remove(&self.id);
        if rows.last.get(&self.hash) == Some(&self.id) {
            rows.last.remove(&self.hash);
        }
    }
}
