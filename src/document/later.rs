//! A view that was not made when its document came in: made when it is first asked for, and kept in an
//! entry of its own, so that it is made once, however little memory there is and however often NOPAR starts.
//! Knows nothing of who asks.
//!
//! Such an entry says of which generation it is a view. It outlives that generation, and is of no use then but
//! as a sign that the form is asked for: the next generation has it from the start.

use super::gzip::pack_view;
use super::{CachedDocument, DocumentLost, Forms, RENDERING, read_part, read_start};
use crate::base_url::BaseUrl;
use crate::cache::{DiskCache, Entry, Key, Known, PartsWriter};
use crate::npm::{Form, PackageName};
use bytes::Bytes;
use log::warn;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The parts of such an entry's body.
#[derive(Clone, Copy)]
enum Part {
    Head,
    View,
}

pub(super) const PARTS: usize = 2;

/// What it says of itself.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    /// The generation of the document.
    of: u64,
    rendering: u32,
    base: String,
}

fn key(entry: &Entry, form: Form) -> Key {
    key_of(entry.key(), form)
}

fn key_of(packument: &Key, form: Form) -> Key {
    packument.view(match form {
        Form::Full => "full",
        Form::Abbreviated => "abbreviated",
    })
}

impl CachedDocument {
    /// The view in gzip for this base URL, if that is the one which views are kept for; made, and kept, if
    /// nobody has asked for it before.
    ///
    /// # Errors
    /// When the entry is damaged or gone.
    pub async fn packed(
        &self,
        cache: &'static DiskCache,
        name: &PackageName,
        form: Form,
        base: &BaseUrl,
    ) -> Result<Option<Bytes>, DocumentLost> {
        if self.head.base != base.as_str() {
            return Ok(None);
        }
        if let Some(packed) = self.prebuilt(cache, form).await? {
            return Ok(Some(packed));
        }
        if let Some(packed) = self.kept(cache, form).await {
            return Ok(Some(packed));
        }
        let (name, text) = (name.clone(), self.head.base.clone());
        let made = self.derive(cache, move |source| pack_view(source, &name, form, &text)).await?;
        self.keep(cache, form, made.clone()).await;
        Ok(Some(made))
    }

    /// The forms that were asked for: those that came with the document, and those that were made later.
    pub fn forms(&self, cache: &'static DiskCache) -> Forms {
        let made = |form| !matches!(cache.known(&key(&self.entry, form)), Known::Nothing);
        let asked = |form: &Form| self.has(*form) || made(*form);
        [Form::Full, Form::Abbreviated].into_iter().filter(asked).collect()
    }

    /// Removes the document and what was made of it later: the upstream has withdrawn it.
    pub async fn discard(cache: &'static DiskCache, entry: &Entry) {
        cache.discard(entry);
        for key in CachedDocument::views_of(entry.key()) {
            if let Some(view) = cache.get(&key).await {
                cache.discard(&view);
            }
        }
    }

    /// What views that were made later of a packument are filed under.
    pub fn views_of(packument: &Key) -> [Key; 2] {
        [Form::Full, Form::Abbreviated].map(|form| key_of(packument, form))
    }

    /// The view that was made later, for this generation.
    async fn kept(&self, cache: &'static DiskCache, form: Form) -> Option<Bytes> {
        let entry = cache.get(&key(&self.entry, form)).await?;
        match self.read_kept(cache, &entry).await {
            Ok(view) => view.inspect(|_| cache.used(&entry)),
            Err(error) => {
                cache.drop_damaged(&entry, &error);
                None
            }
        }
    }

    async fn read_kept(
        &self,
        cache: &'static DiskCache,
        entry: &Arc<Entry>,
    ) -> Result<Option<Bytes>, DocumentLost> {
        let (parts, start) = read_start(cache, entry, PARTS).await?;
        let head = read_part(cache, entry, &parts, Part::Head as usize, &start).await?;
        if serde_json::from_slice::<Head>(&head)? != self.later() {
            return Ok(None);
        }
        Ok(Some(read_part(cache, entry, &parts, Part::View as usize, &start).await?))
    }

    async fn keep(&self, cache: &'static DiskCache, form: Form, view: Bytes) {
        // Text and numbers: there is nothing in it that JSON could not say.
        let Ok(head) = serde_json::to_vec(&self.later()) else { return };
        let body = PartsWriter::default().part(Bytes::from(head)).part(view);
        let body = body.finish(&[Part::Head as usize, Part::View as usize]);
        let key = key(&self.entry, form);
        if let Err(error) = cache.keep(key, body).await {
            // Who asked has it all the same.
            warn!("cache: a view of {} was not kept: {error}", self.entry.key().shown());
        }
    }

    /// What an entry with a view of this document says of itself.
    fn later(&self) -> Head {
        Head { of: self.entry.id(), rendering: RENDERING, base: self.head.base.clone() }
    }
}
