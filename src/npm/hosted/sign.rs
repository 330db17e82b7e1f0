//! The registry's signatures of versions that were published without one.
//! Knows nothing of keys: it is told which are the registry's, and given what they sign.
//!
//! A document's revision and time stay: nothing changes that a client could have seen and meant to keep, so the copies
//! that clients hold stay good.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::json;
use super::super::signature::{Signature, signed_text};
use super::super::tarball::TarballName;
use super::HostedDocument;
use super::members::Members;

/// More keys than this have not signed one package: who says so is not believed, and does not take memory.
const MOST_KEYS: usize = 64;

/// More bytes than the name of a key has: 50.
const LONGEST_KEYID: usize = 256;

/// By which keys the versions of a document are signed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signers {
    keyids: BTreeSet<Box<str>>,
    /// There is a version that can be signed and has not got the one signature that a version has.
    lacks: bool,
}

/// A version whose `dist` says nothing but the SHA-1 of its tarball.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Unhashed {
    /// Which.
    pub version: String,
    /// The file of its tarball.
    pub file: TarballName,
    /// That SHA-1, in hex digits.
    pub shasum: String,
}

/// What is looked at of a manifest, without a copy of the rest.
#[derive(Deserialize)]
struct Manifest<'a> {
    #[serde(borrow)]
    dist: Option<&'a RawValue>,
}

/// What is looked at of a `dist`.
#[derive(Default, Deserialize)]
struct Dist<'a> {
    #[serde(borrow)]
    integrity: Option<&'a RawValue>,
    #[serde(borrow)]
    shasum: Option<&'a RawValue>,
    #[serde(borrow)]
    signatures: Option<&'a RawValue>,
}

/// What is looked at of a signature.
#[derive(Deserialize)]
struct Signed {
    keyid: Box<str>,
    #[serde(default)]
    sig: String,
}

impl Signers {
    /// Whether all that can be signed is, by keys that `is_ours` means.
    pub fn are(&self, is_ours: impl Fn(&str) -> bool) -> bool {
        !self.lacks && self.keyids.iter().all(|keyid| is_ours(keyid))
    }
}

impl<'a> Dist<'a> {
    fn of(manifest: &'a RawValue) -> Dist<'a> {
        let manifest = object::<Manifest<'a>>(manifest);
        manifest.and_then(|manifest| object(manifest.dist?)).unwrap_or_default()
    }

    fn integrity(&self) -> Option<String> {
        text(self.integrity)
    }

    /// The SHA-1, where there is nothing better.
    fn shasum_alone(&self) -> Option<String> {
        if self.integrity().is_none() { text(self.shasum) } else { None }
    }

    /// Its signature, if there is one and no more: clients want to know the key of each.
    fn signed(&self) -> Option<Signed> {
        let [signed]: [&RawValue; 1] = serde_json::from_str(self.signatures?.get()).ok()?;
        object::<Signed>(signed).filter(|signed| signed.keyid.len() <= LONGEST_KEYID)
    }

    /// The key of that.
    fn keyid(&self) -> Option<Box<str>> {
        self.signed().map(|signed| signed.keyid)
    }
}

impl HostedDocument {
    /// By which keys its versions are signed. Of a version that says nothing of its tarball, nothing can be signed.
    pub fn signers(&self) -> Signers {
        let mut signers = Signers::default();
        for (_, manifest) in self.versions.iter() {
            let dist = Dist::of(manifest);
            if dist.integrity().is_none() && dist.shasum_alone().is_none() {
                continue;
            }
            match dist.keyid() {
                Some(keyid) if signers.keyids.len() < MOST_KEYS && dist.integrity().is_some() => {
                    signers.keyids.insert(keyid);
                }
                _ => signers.lacks = true,
            }
        }
        signers
    }

    /// The signature of a version, and the text that it is of.
    pub fn signature(&self, version: &str) -> Option<(Signature, String)> {
        let dist = Dist::of(self.versions.get(version)?);
        let (Signed { keyid, sig }, integrity) = (dist.signed()?, dist.integrity()?);
        let signature = Signature { keyid: keyid.into(), sig };
        Some((signature, signed_text(&self.name, version, &integrity)))
    }

    /// The versions that cannot be signed before their tarballs were read.
    pub fn unhashed(&self) -> Vec<Unhashed> {
        let versions = self.versions.iter().filter_map(|(version, manifest)| {
            let shasum = Dist::of(manifest).shasum_alone()?;
            Some(Unhashed { version: version.to_owned(), file: self.file(version)?, shasum })
        });
        versions.collect()
    }

    /// Signs each version that has no signature by a key that `is_ours` means. What else stands in its place goes: it is of
    /// a registry that this is not, or of a key that is lost. A version whose `dist` has no integrity gets that of `hashed`,
    /// if its tarball was read; else it stays as it is.
    pub fn sign(
        &mut self,
        is_ours: impl Fn(&str) -> bool,
        hashed: &HashMap<Unhashed, String>,
        sign: impl Fn(&str) -> Option<Signature>,
    ) {
        let mut signed = Vec::new();
        for (version, raw) in self.versions.iter() {
            let dist = Dist::of(raw);
            let computed = || {
                let (file, shasum) = (self.file(version)?, dist.shasum_alone()?);
                hashed.get(&Unhashed { version: version.to_owned(), file, shasum }).cloned()
            };
            let is_signed =
                dist.integrity().is_some() && dist.keyid().is_some_and(|it| is_ours(&it));
            if !is_signed
                && let Some(integrity) = dist.integrity().or_else(computed)
                && let Some(signature) = sign(&signed_text(&self.name, version, &integrity))
                && let Some(manifest) = with_signature(raw, &integrity, &signature)
            {
                signed.push((version.to_owned(), manifest));
            }
        }
        if signed.is_empty() {
            return;
        }
        let versions = Arc::make_mut(&mut self.versions);
        signed.iter().for_each(|(version, manifest)| versions.put_value(version, manifest));
    }
}

fn with_signature(raw: &RawValue, integrity: &str, signature: &Signature) -> Option<Members> {
    let mut manifest = Members::parse(raw).ok()?;
    let mut dist = manifest.object("dist")?;
    if dist.text("integrity").is_none_or(|text| text.is_empty()) {
        dist.put_text("integrity", integrity);
    }
    dist.put_value("signatures", &[signature]);
    manifest.put_value("dist", &dist);
    Some(manifest)
}

/// What is an object; serde would take an array for the members in their order.
fn object<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Option<T> {
    if raw.get().starts_with('{') { serde_json::from_str(raw.get()).ok() } else { None }
}

/// A text that says something.
fn text(raw: Option<&RawValue>) -> Option<String> {
    json::text(raw?).map(|text| text.into_owned()).filter(|text| !text.is_empty())
}
