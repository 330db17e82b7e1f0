//! What a client sees of a packument: a pure function of the document, the form, the encoding and the
//! base URL, ready to send, and kept in memory under its source's generation.
//! Knows nothing of where the document came from or who asks.

mod attestations;
mod iso8601;
mod memory;

pub use memory::{Heads, HeadsFor, Held, Memory, MemoryKey, Small, What};

use crate::base_url::BaseUrl;
use crate::cache::{DiskCache, Entry};
use crate::document::{self, Built, CachedDocument, DocumentLost};
use crate::negotiate::{self, Encoding};
use crate::npm::{Document, Form, Index, PackageName, Selector, Template, hex};
use crate::pages::Pages;
use bytes::Bytes;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Something to send, without what belongs to one response only.
#[derive(Clone, Debug)]
pub struct View {
    /// Its ETag, strong.
    pub etag: String,
    /// When it last changed, as an HTTP date, if the upstream said so.
    pub last_modified: Option<String>,
    /// Its Content-Type.
    pub content_type: &'static str,
    /// How `body` is packed.
    pub encoding: Encoding,
    /// The bytes.
    pub body: Pages,
    /// The heads of its answers.
    pub heads: Heads,
}

/// What is asked of a packument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Want {
    /// The packument.
    Packument(Form),
    /// The manifest of a version, or of the version a dist-tag names.
    Manifest(Selector),
    /// The map of dist-tags.
    DistTags,
}

/// A view that is asked for.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Of which package.
    pub name: PackageName,
    /// What of it.
    pub want: Want,
    /// Packed how.
    pub encoding: Encoding,
    /// For a client that reaches NOPAR at this URL.
    pub base: BaseUrl,
}

impl Ask {
    /// The form of the packument that is asked for, if it is one.
    pub fn form(&self) -> Option<Form> {
        match self.want {
            Want::Packument(form) => Some(form),
            _ => None,
        }
    }

    /// What the memory tier keeps of it.
    pub fn what(&self) -> What {
        match &self.want {
            Want::Packument(form) => What::View(*form, self.encoding, self.base.clone()),
            Want::Manifest(selector) => {
                What::Manifest(selector.clone(), self.encoding, self.base.clone())
            }
            Want::DistTags => What::DistTags,
        }
    }
}

/// Why a view could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// The document has no such version or dist-tag.
    #[error("no such version or dist-tag")]
    NoSuchVersion,
    /// The entry is of no use.
    #[error(transparent)]
    Lost(#[from] DocumentLost),
}

/// Makes views and keeps them.
#[derive(Clone)]
pub struct Views {
    cache: &'static DiskCache,
    memory: Arc<Memory>,
}

impl Views {
    /// Views of what `cache` holds, kept in `memory`.
    pub fn new(cache: &'static DiskCache, memory: Arc<Memory>) -> Views {
        Views { cache, memory }
    }

    /// The view, from memory, or made while all who ask for it wait.
    ///
    /// # Errors
    /// When the document lacks the version, or the entry is damaged or gone.
    pub async fn view(&self, entry: &Arc<Entry>, ask: &Ask) -> Result<Arc<View>, ViewError> {
        let key = MemoryKey { id: entry.id(), what: ask.what() };
        let made = async { self.make(entry, ask).await.map(|view| Held::View(Arc::new(view))) };
        match self.memory.get_or_make(key, made).await? {
            Held::View(view) => Ok(view),
            _ => Err(ViewError::Lost(DocumentLost::Memory)),
        }
    }

    /// The head of an entry's document.
    ///
    /// # Errors
    /// When the entry is damaged or gone.
    pub async fn document(&self, entry: &Arc<Entry>) -> Result<Arc<CachedDocument>, DocumentLost> {
        if let Some(Held::Document(document)) = self.memory.get(entry.id(), &What::Document) {
            return Ok(document);
        }
        let key = MemoryKey { id: entry.id(), what: What::Document };
        let document = Arc::new(CachedDocument::open(self.cache, Arc::clone(entry)).await?);
        self.memory.put(key, Held::Document(Arc::clone(&document)));
        Ok(document)
    }

    /// The index of an entry's document.
    ///
    /// # Errors
    /// When the entry is damaged or gone.
    pub async fn index(&self, entry: &Arc<Entry>) -> Result<Arc<Index>, DocumentLost> {
        if let Some(Held::Index(index)) = self.memory.get(entry.id(), &What::Index) {
            return Ok(index);
        }
        let key = MemoryKey { id: entry.id(), what: What::Index };
        let document = self.document(entry).await?;
        let index = Arc::new(document.index(self.cache).await?);
        self.memory.put(key, Held::Index(Arc::clone(&index)));
        Ok(index)
    }

    /// Takes in what was just built for `entry`: its first view is asked for at once.
    pub async fn admit(&self, entry: &Arc<Entry>, built: Built) {
        let Some((document, views)) = CachedDocument::of_built(Arc::clone(entry), built) else {
            return;
        };
        if let Some(base) = document.base() {
            for (form, body) in views {
                let what = What::View(form, Encoding::Gzip, base.clone());
                let body = self.memory.keep_long(body).await;
                let view = packument(&document, form, Encoding::Gzip, &base, body);
                let key = MemoryKey { id: entry.id(), what };
                self.memory.put(key, Held::View(Arc::new(view)));
            }
        }
        let key = MemoryKey { id: entry.id(), what: What::Document };
        self.memory.put(key, Held::Document(Arc::new(document)));
    }

    async fn make(&self, entry: &Arc<Entry>, ask: &Ask) -> Result<View, ViewError> {
        let document = self.document(entry).await?;
        match &ask.want {
            Want::Packument(form) => self.packument(&document, *form, ask).await,
            Want::Manifest(selector) => {
                // The index is small: who asks for what is not there costs no parsing.
                if self.index(entry).await?.select(selector).is_none() {
                    return Err(ViewError::NoSuchVersion);
                }
                let (name, selector) = (ask.name.clone(), selector.clone());
                let found = document
                    .derive(self.cache, move |source| source.manifest(&name, &selector))
                    .await?;
                Ok(manifest(&found.ok_or(ViewError::NoSuchVersion)?, ask))
            }
            Want::DistTags => {
                let index = self.index(entry).await?;
                Ok(dist_tags(&index))
            }
        }
    }

    async fn packument(
        &self,
        document: &CachedDocument,
        form: Form,
        ask: &Ask,
    ) -> Result<View, ViewError> {
        let body = match document.packed(self.cache, &ask.name, form, &ask.base).await? {
            Some(packed) if ask.encoding == Encoding::Gzip => packed,
            Some(packed) => unpack(packed).await?,
            None => self.render(document, form, ask).await?,
        };
        let body = self.memory.keep_long(body).await;
        Ok(packument(document, form, ask.encoding, &ask.base, body))
    }

    async fn render(
        &self,
        document: &CachedDocument,
        form: Form,
        ask: &Ask,
    ) -> Result<Bytes, DocumentLost> {
        let ask = ask.clone();
        document.derive(self.cache, move |source| rendered(source, form, &ask)).await
    }
}

fn packument(
    document: &CachedDocument,
    form: Form,
    encoding: Encoding,
    base: &BaseUrl,
    body: Pages,
) -> View {
    View {
        etag: document.etag(form, encoding, base),
        last_modified: document.modified().and_then(http_date),
        content_type: content_type(form),
        encoding,
        body,
        heads: Heads::default(),
    }
}

fn rendered(source: &Document<'_>, form: Form, ask: &Ask) -> Bytes {
    let base = ask.base.as_str();
    match ask.encoding {
        Encoding::Gzip => document::pack_view(source, &ask.name, form, base),
        Encoding::Identity => Bytes::from(source.template(&ask.name, form).fill(base)),
    }
}

/// The view of a document that is not in the cache, for one request only. `None` when it lacks the
/// version. Blocks.
pub fn of_source(source: &Document<'_>, ask: &Ask) -> Option<View> {
    match &ask.want {
        Want::Packument(form) => Some(View {
            etag: etag(&source.digest(&ask.name, *form), ask),
            last_modified: source.index().modified().and_then(http_date),
            content_type: content_type(*form),
            encoding: ask.encoding,
            body: rendered(source, *form, ask).into(),
            heads: Heads::default(),
        }),
        Want::Manifest(selector) => Some(manifest(&source.manifest(&ask.name, selector)?, ask)),
        Want::DistTags => Some(dist_tags(&source.index())),
    }
}

fn content_type(form: Form) -> &'static str {
    match form {
        Form::Full => negotiate::FULL,
        // pnpm strips a document itself when it sees another type.
        Form::Abbreviated => negotiate::ABBREVIATED,
    }
}

fn etag(content: &[u8], ask: &Ask) -> String {
    document::etag(&hex(content), ask.encoding, &ask.base)
}

fn manifest(template: &Template, ask: &Ask) -> View {
    let base = ask.base.as_str();
    View {
        etag: etag(&template.digest(), ask),
        last_modified: None,
        content_type: negotiate::FULL,
        encoding: ask.encoding,
        body: match ask.encoding {
            Encoding::Gzip => document::pack_template(template, base),
            Encoding::Identity => Bytes::from(template.fill(base)),
        }
        .into(),
        heads: Heads::default(),
    }
}

fn dist_tags(index: &Index) -> View {
    let tags: serde_json::Map<_, _> = index
        .dist_tags()
        .iter()
        .map(|(tag, version)| (tag.clone(), version.clone().into()))
        .collect();
    let body = serde_json::Value::from(tags).to_string();
    let digest = Sha256::digest(body.as_bytes());
    View {
        etag: format!("\"{}\"", hex(&digest[..16])),
        last_modified: None,
        content_type: negotiate::FULL,
        encoding: Encoding::Identity,
        body: Bytes::from(body).into(),
        heads: Heads::default(),
    }
}

async fn unpack(packed: Bytes) -> Result<Bytes, DocumentLost> {
    Ok(Bytes::from(document::unpack(packed).await?))
}

/// An HTTP date of npm's `time.modified` (ISO 8601 in UTC), whole seconds, rounded down: pnpm
/// compares it with an age cut-off.
fn http_date(iso: &str) -> Option<String> {
    let time = iso8601::parse(iso)?;
    Some(httpdate::fmt_http_date(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_dates_are_npms_times_without_fractions() {
        let date = http_date("2024-02-29T23:59:58.999Z");
        assert_eq!(date.as_deref(), Some("Thu, 29 Feb 2024 23:59:58 GMT"));
        assert_eq!(http_date("yesterday"), None);
    }
}
