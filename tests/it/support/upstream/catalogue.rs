//! Everything the fake has to offer: documents and files by path.
//! Knows nothing of requests.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::package::Package;

/// A document ready to be sent.
pub(super) struct Rendered {
    pub(super) bytes: Bytes,
    /// Strong, quoted, made from the content.
    pub(super) etag: String,
    gzip: OnceLock<Bytes>,
}

impl Rendered {
    pub(super) fn new(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let digest = Sha256::digest(&bytes);
        let etag: String = digest[..12].iter().map(|b| format!("{b:02x}")).collect();
        Self { bytes, etag: format!("\"{etag}\""), gzip: OnceLock::new() }
    }

    pub(super) fn gzip(&self) -> Bytes {
        let compress = || {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            let written = encoder.write_all(&self.bytes).and_then(|()| encoder.finish());
            Bytes::from(written.expect("writing to a Vec"))
        };
        self.gzip.get_or_init(compress).clone()
    }
}

enum Document {
    Built { package: Box<Package>, full: Option<Arc<Rendered>>, abbreviated: Option<Arc<Rendered>> },
    Raw(Arc<Rendered>),
}

/// Documents by package name, files by path.
#[derive(Default)]
pub(super) struct Catalogue {
    documents: HashMap<String, Document>,
    files: HashMap<String, Bytes>,
}

impl Catalogue {
    /// Changes a package, which begins to exist by it.
    pub(super) fn change(&mut self, name: &str, change: impl FnOnce(&mut Package)) {
        let fresh = || Document::Built { package: Box::default(), full: None, abbreviated: None };
        let document = self.documents.entry(name.to_owned()).or_insert_with(fresh);
        if let Document::Raw(_) = document {
            *document = fresh();
        }
        if let Document::Built { package, full, abbreviated } = document {
            change(package);
            (*full, *abbreviated) = (None, None);
        }
    }

    /// Puts these very bytes in the place of a packument, in both forms.
    pub(super) fn put_raw(&mut self, name: &str, bytes: Bytes) {
        let raw = Document::Raw(Arc::new(Rendered::new(bytes)));
        self.documents.insert(name.to_owned(), raw);
    }

    /// Puts a file at a decoded path, query included.
    pub(super) fn put_file(&mut self, path: &str, bytes: Bytes) {
        self.files.insert(path.to_owned(), bytes);
    }

    /// Removes a file, or a package with all files below its name.
    pub(super) fn remove(&mut self, name: &str) {
        self.documents.remove(name);
        let below = format!("/{name}/-/");
        self.files.retain(|path, _| path != name && !path.starts_with(&below));
    }

    pub(super) fn file(&self, path: &str) -> Option<Bytes> {
        self.files.get(path).cloned()
    }

    /// The packument, made when first asked for after a change.
    pub(super) fn packument(&mut self, name: &str, short: bool) -> Option<Arc<Rendered>> {
        match self.documents.get_mut(name)? {
            Document::Raw(rendered) => Some(Arc::clone(rendered)),
            Document::Built { package, full, abbreviated } => {
                let (slot, make): (_, fn(&Package, &str) -> Value) = match short {
                    true => (abbreviated, Package::abbreviated),
                    false => (full, Package::full),
                };
                let render = || Arc::new(Rendered::new(make(package, name).to_string()));
                Some(Arc::clone(slot.get_or_insert_with(render)))
            }
        }
    }
}
