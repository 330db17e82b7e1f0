//! A package's document in a Verdaccio's storage: what was published there, told apart from what came from its uplinks.
//! Knows nothing of tarballs' bytes.
//!
//! Verdaccio puts both into one document. Of a tarball that was published to it, `_attachments` says the version; of one
//! that an uplink told of, `_distfiles` says where it is.

use crate::clock::{iso, of_iso};
use crate::npm::hosted::Person;
use crate::npm::{Integrity, PackageName, TarballName, Version};
use indexmap::IndexMap;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// A JSON object's members, as the text they were.
type Object = IndexMap<String, Box<RawValue>>;

/// What a document says.
#[derive(Clone, Debug)]
pub struct Package {
    /// Whose it is.
    pub name: PackageName,
    /// The versions that were published there, in its order.
    pub own: Vec<OwnVersion>,
    /// The versions that came from uplinks, or may have.
    pub merged: Vec<String>,
    /// How many of those may have been published there as well: nothing is said of them, and uplinks were asked.
    pub unclear: usize,
    /// Versions that were published there and are none that can be had, and why.
    pub odd: Vec<(String, String)>,
    /// The dist-tags, with their versions.
    pub tags: Vec<(String, String)>,
    /// Who maintains it: Verdaccio itself notes nobody.
    pub owners: Vec<Person>,
    /// When it was made, as npm writes times.
    pub created: Option<String>,
    /// When it was changed last.
    pub modified: Option<String>,
    /// Of what something is said in place of a time that is none: versions, `created`, `modified`.
    pub odd_times: Vec<String>,
    /// All members of its root but those that are above.
    pub members: Object,
    /// Whether the document says of a version that it was published there. That of none does, where it was made by hand, or by
    /// a program that is older than Verdaccio.
    pub is_proven: bool,
}

/// A version that was published to a Verdaccio.
#[derive(Clone, Debug)]
pub struct OwnVersion {
    /// Which.
    pub version: Version,
    /// Its manifest.
    pub manifest: Object,
    /// Names that the file of its tarball may have, the likeliest first.
    pub files: Vec<TarballName>,
    /// Each digest that is said of its tarball: all have to be right.
    pub stated: Vec<Integrity>,
    /// When it was published, as npm writes times; `None` if that is not known.
    pub time: Option<String>,
}

/// Why a document cannot be read. None of it holds what it says.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackageUnreadable {
    /// It is not JSON, or no object.
    #[error("its package.json is damaged in line {line}, column {column}")]
    Damaged {
        /// Where.
        line: usize,
        /// The same.
        column: usize,
    },
    /// A part of it is of another type.
    #[error("{0:?} in its package.json has the wrong type")]
    Member(&'static str),
    /// It is of another package.
    #[error("its package.json is that of another package")]
    Another,
}

/// What is looked at of a document.
struct Parts {
    versions: Object,
    tags: Object,
    time: Object,
    maintainers: Option<Box<RawValue>>,
    uplinks: Object,
    distfiles: Object,
    attachments: IndexMap<String, Attachment>,
    members: Object,
}

/// What Verdaccio says of a tarball that it has.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Attachment {
    shasum: Option<String>,
    /// Only where it was published there.
    version: Option<String>,
}

/// What is looked at of a `dist`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Dist {
    tarball: Option<String>,
    integrity: Option<String>,
    shasum: Option<String>,
}

impl Package {
    /// Reads the document in the folder of a package. With `is_own`, whatever is not said to be an uplink's was published
    /// there: somebody knows it.
    ///
    /// # Errors
    /// When it is none, or another package's.
    pub fn parse(
        name: &PackageName,
        text: &[u8],
        is_own: bool,
    ) -> Result<Package, PackageUnreadable> {
        let mut parts = Parts::of(name, text)?;
        let versions = std::mem::take(&mut parts.versions);
        let mut package = Package {
            name: name.clone(),
            own: Vec::new(),
            merged: Vec::new(),
            unclear: 0,
            odd: Vec::new(),
            tags: parts
                .tags
                .iter()
                .filter_map(|(tag, to)| Some((tag.clone(), said(to)?)))
                .collect(),
            owners: parts.maintainers.as_deref().map(owners).unwrap_or_default(),
            created: parts.time_of("created"),
            modified: parts.time_of("modified"),
            odd_times: parts.odd_times(),
            members: std::mem::take(&mut parts.members),
            is_proven: false,
        };
        for (key, raw) in versions {
            let attached = parts.attached(&key);
            let dist = dist_of(&raw);
            let file = TarballName::kept(name, &key, dist.tarball.as_deref());
            let is_distfile = |it: &TarballName| parts.distfiles.contains_key(it.as_str());
            let is_said = file.as_ref().is_some_and(is_distfile);
            package.is_proven |= attached.is_some();
            if attached.is_none() && (is_said || !(is_own || parts.uplinks.is_empty())) {
                package.unclear += usize::from(!is_said);
                package.merged.push(key);
                continue;
            }
            match own(name, &key, &raw, attached, dist, parts.time_of(&key)) {
                Ok(version) => package.own.push(version),
                Err(why) => package.odd.push((key, why)),
            }
        }
        Ok(package)
    }

    /// Whether it only holds what came from uplinks.
    pub fn is_proxied(&self) -> bool {
        self.own.is_empty() && self.odd.is_empty() && !self.merged.is_empty()
    }
}

impl Parts {
    fn of(name: &PackageName, text: &[u8]) -> Result<Parts, PackageUnreadable> {
        let mut members: Object = serde_json::from_slice(text).map_err(|error| {
            PackageUnreadable::Damaged { line: error.line(), column: error.column() }
        })?;
        let said_name: Option<String> = part(&mut members, "name")?;
        if said_name.as_deref() != Some(name.as_str()) {
            return Err(PackageUnreadable::Another);
        }
        Ok(Parts {
            versions: part(&mut members, "versions")?,
            tags: part(&mut members, "dist-tags")?,
            time: part(&mut members, "time")?,
            maintainers: members.shift_remove("maintainers"),
            uplinks: part(&mut members, "_uplinks")?,
            distfiles: part(&mut members, "_distfiles")?,
            attachments: part(&mut members, "_attachments")?,
            members,
        })
    }

    fn time_of(&self, key: &str) -> Option<String> {
        time(self.time.get(key)?)
    }

    fn odd_times(&self) -> Vec<String> {
        let is_odd = |raw: &RawValue| raw.get() != "null" && time(raw).is_none();
        self.time.iter().filter(|(_, raw)| is_odd(raw)).map(|(key, _)| key.clone()).collect()
    }

    /// The file of a version, if the document says that it was published there.
    fn attached(&self, version: &str) -> Option<(&str, &Attachment)> {
        let of = |(_, it): &(&String, &Attachment)| it.version.as_deref() == Some(version);
        self.attachments.iter().find(of).map(|(file, it)| (file.as_str(), it))
    }
}

/// Takes a member out; what is not there, or `null`, is nothing.
fn part<T: Default + DeserializeOwned>(
    members: &mut Object,
    key: &'static str,
) -> Result<T, PackageUnreadable> {
    let raw = members.shift_remove(key);
    let Some(raw) = raw.filter(|raw| raw.get() != "null") else { return Ok(T::default()) };
    serde_json::from_str(raw.get()).map_err(|_| PackageUnreadable::Member(key))
}

/// A version that was published there; else why it cannot be had.
fn own(
    name: &PackageName,
    key: &str,
    raw: &RawValue,
    attached: Option<(&str, &Attachment)>,
    dist: Dist,
    time: Option<String>,
) -> Result<OwnVersion, String> {
    let version = Version::parse(key).map_err(|error| error.to_string())?;
    let manifest: Object =
        serde_json::from_str(raw.get()).map_err(|_| "its manifest is not an object".to_owned())?;
    let mut files: Vec<TarballName> = Vec::new();
    let attached_file = attached.and_then(|(file, _)| TarballName::parse(file).ok());
    let named = TarballName::all(name, key, dist.tarball.as_deref());
    for file in attached_file.into_iter().chain(named.collect::<Vec<_>>().into_iter().rev()) {
        if !files.contains(&file) {
            files.push(file);
        }
    }
    let shasums = [dist.shasum, attached.and_then(|(_, it)| it.shasum.clone())];
    let shasums = shasums.into_iter().flatten().map(|hex| Integrity::of_shasum(&hex));
    let integrity = dist.integrity.map(|text| Integrity::parse(&text));
    let stated: Result<Vec<Integrity>, _> = integrity.into_iter().chain(shasums).collect();
    let stated = stated.map_err(|error| error.to_string())?;
    if stated.is_empty() {
        return Err("no digest of its tarball is known".to_owned());
    }
    Ok(OwnVersion { version, manifest, files, stated, time })
}

fn dist_of(manifest: &RawValue) -> Dist {
    #[derive(Deserialize)]
    struct Manifest {
        dist: Option<Dist>,
    }
    let manifest: Option<Manifest> = serde_json::from_str(manifest.get()).ok();
    manifest.and_then(|it| it.dist).unwrap_or_default()
}

/// Those of a list who are persons with a name.
fn owners(raw: &RawValue) -> Vec<Person> {
    let list: Vec<Box<RawValue>> = serde_json::from_str(raw.get()).unwrap_or_default();
    let person = |raw: Box<RawValue>| serde_json::from_str::<Person>(raw.get()).ok();
    list.into_iter().filter_map(person).filter(|it| !it.name.is_empty()).collect()
}

/// A time as npm writes it: clients compare them as dates.
fn time(raw: &RawValue) -> Option<String> {
    of_iso(&said(raw)?).map(iso)
}

fn said(raw: &RawValue) -> Option<String> {
    serde_json::from_str(raw.get()).ok()
}

#[cfg(test)]
mod tests;
