//! What a client sees of attestations: the upstream's own bytes, which are the same for everybody.
//! Knows nothing of where they came from or who asks.

use super::{Heads, Held, MemoryKey, View, Views, What};
use crate::cache::Entry;
use crate::document::{Attestations, DocumentLost};
use crate::negotiate::{self, Encoding};
use std::sync::Arc;

impl Views {
    /// The attestations that an entry holds, from memory, or read while all who ask for them wait.
    ///
    /// # Errors
    /// When the entry is damaged or gone.
    pub async fn attestations(&self, entry: &Arc<Entry>) -> Result<Arc<View>, DocumentLost> {
        let read = async {
            let read = Attestations::open(self.cache, entry).await?;
            Ok::<_, DocumentLost>(Held::View(self.of_attestations(read).await))
        };
        match self.memory.get_or_make(key(entry), read).await? {
            Held::View(view) => Ok(view),
            _ => Err(DocumentLost::Memory),
        }
    }

    /// Takes in what was just kept as `entry`: it is asked for at once.
    pub fn admit_attestations(&self, entry: &Entry, view: &Arc<View>) {
        self.memory.put(key(entry), Held::View(Arc::clone(view)));
    }

    /// The view of attestations, be they kept or not.
    pub async fn of_attestations(&self, attestations: Attestations) -> Arc<View> {
        Arc::new(View {
            etag: attestations.etag,
            last_modified: None,
            content_type: negotiate::FULL,
            encoding: Encoding::Identity,
            body: self.memory.keep_long(attestations.text).await,
            heads: Heads::default(),
        })
    }
}

fn key(entry: &Entry) -> MemoryKey {
    MemoryKey { id: entry.id(), what: What::Attestations }
}
