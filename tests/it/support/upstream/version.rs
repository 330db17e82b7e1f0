//! One version of a package of the fake: its manifest and its tarball.
//! Knows nothing of other versions.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value, json};
use sha1::Sha1;
use sha2::{Digest, Sha512};

/// Bytes of a tarball nobody chose.
const USUAL_SIZE: usize = 1024;

/// Where `dist.tarball` points.
enum Location {
    /// The usual path under the fake's own URL.
    Usual,
    /// Another path (and query) under the fake's own URL; the bytes are there.
    Path(String),
    /// Any URL; the fake serves no bytes for it.
    Url(String),
}

/// A version being described.
pub(crate) struct VersionBuilder {
    manifest: Map<String, Value>,
    dist: Map<String, Value>,
    tarball: Option<Bytes>,
    location: Location,
    integrity: bool,
    shasum: bool,
}

/// A version as the fake keeps it.
pub(super) struct Version {
    pub(super) manifest: Value,
    /// Path with query below the fake's mount, and bytes.
    pub(super) tarball: Option<(String, Bytes)>,
}

impl VersionBuilder {
    pub(super) fn new() -> Self {
        Self {
            manifest: Map::new(),
            dist: Map::new(),
            tarball: None,
            location: Location::Usual,
            integrity: true,
            shasum: true,
        }
    }

    /// The tarball's bytes; made up ones otherwise.
    pub(crate) fn tarball(mut self, bytes: impl Into<Bytes>) -> Self {
        self.tarball = Some(bytes.into());
        self
    }

    /// A made-up tarball of this many bytes.
    pub(crate) fn tarball_size(self, size: usize) -> Self {
        self.tarball(made_up(size as u64, size))
    }

    /// `dist.tarball` is this URL, wherever it leads.
    pub(crate) fn tarball_url(mut self, url: &str) -> Self {
        self.location = Location::Url(url.to_owned());
        self
    }

    /// The tarball is at this path of the fake: an odd basename, another folder, a query string.
    pub(crate) fn tarball_path(mut self, path: &str) -> Self {
        assert!(path.starts_with('/'), "{path:?} begins with a slash");
        self.location = Location::Path(path.to_owned());
        self
    }

    /// One entry of `dependencies`.
    pub(crate) fn dependency(self, name: &str, range: &str) -> Self {
        self.entry("dependencies", name, json!(range))
    }

    /// One entry of `scripts`.
    pub(crate) fn script(self, name: &str, command: &str) -> Self {
        self.entry("scripts", name, json!(command))
    }

    /// Marks the version as deprecated.
    pub(crate) fn deprecated(self, message: &str) -> Self {
        self.field("deprecated", json!(message))
    }

    /// Any field of the manifest.
    pub(crate) fn field(mut self, name: &str, value: Value) -> Self {
        self.manifest.insert(name.to_owned(), value);
        self
    }

    /// Any field of `dist`, over what would be there.
    pub(crate) fn dist_field(mut self, name: &str, value: Value) -> Self {
        self.dist.insert(name.to_owned(), value);
        self
    }

    /// No `dist.integrity`.
    pub(crate) fn without_integrity(mut self) -> Self {
        self.integrity = false;
        self
    }

    /// No `dist.shasum`.
    pub(crate) fn without_shasum(mut self) -> Self {
        self.shasum = false;
        self
    }

    fn entry(mut self, field: &str, name: &str, value: Value) -> Self {
        let object = self.manifest.entry(field).or_insert_with(|| json!({}));
        object[name] = value;
        self
    }

    /// `url` is the fake's own, without a slash at its end.
    pub(super) fn build(self, name: &str, version: &str, url: &str) -> Version {
        let usual = usual_path(name, version);
        let bytes = self.tarball.unwrap_or_else(|| {
            let seed = Sha512::digest(usual.as_bytes());
            let seed = u64::from_le_bytes(seed[..8].try_into().expect("8 of 64 bytes"));
            made_up(seed, USUAL_SIZE)
        });
        let mut dist = Map::new();
        if self.integrity {
            dist.insert("integrity".to_owned(), json!(integrity(&bytes)));
        }
        if self.shasum {
            dist.insert("shasum".to_owned(), json!(shasum(&bytes)));
        }
        let (stated, path) = match self.location {
            Location::Usual => (format!("{url}{usual}"), Some(usual)),
            Location::Path(path) => (format!("{url}{path}"), Some(path)),
            Location::Url(stated) => (stated, None),
        };
        dist.insert("tarball".to_owned(), json!(stated));
        dist.extend(self.dist);
        let mut manifest = Map::new();
        manifest.insert("name".to_owned(), json!(name));
        manifest.insert("version".to_owned(), json!(version));
        manifest.extend(self.manifest);
        manifest.insert("_id".to_owned(), json!(format!("{name}@{version}")));
        manifest.insert("dist".to_owned(), Value::Object(dist));
        Version { manifest: Value::Object(manifest), tarball: path.map(|path| (path, bytes)) }
    }
}

/// `/@s/n/-/n-1.0.0.tgz`: where registries keep the tarball of a version.
pub(crate) fn usual_path(name: &str, version: &str) -> String {
    let base = name.rsplit('/').next().unwrap_or(name);
    format!("/{name}/-/{base}-{version}.tgz")
}

/// `sha512-…` of these bytes.
pub(crate) fn integrity(bytes: &[u8]) -> String {
    format!("sha512-{}", STANDARD.encode(Sha512::digest(bytes)))
}

/// SHA-1 in hex of these bytes.
pub(crate) fn shasum(bytes: &[u8]) -> String {
    let digest = Sha1::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `size` bytes without structure, the same for the same seed (xorshift64*).
pub(crate) fn made_up(seed: u64, size: usize) -> Bytes {
    let mut state = seed | 1;
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        bytes.extend_from_slice(&state.wrapping_mul(0x2545_F491_4F6C_DD1D).to_le_bytes());
    }
    bytes.truncate(size);
    bytes.into()
}
