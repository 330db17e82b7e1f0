//! npm's `package-lock.json` and `npm-shrinkwrap.json`, of versions 1, 2 and 3.
//! Knows nothing of what other package managers write.

use super::spec::{Source, is_version, kind_of, source_at, split};
use super::{Kind, Lockfile, Unreadable, integrity};
use indexmap::IndexMap;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The newest that is known.
const NEWEST: u64 = 3;
/// The folder that packages lie in.
const FOLDER: &str = "node_modules/";

#[derive(Deserialize)]
struct Lock {
    #[serde(rename = "lockfileVersion")]
    version: Option<Value>,
    /// By where they lie: since version 2.
    packages: Option<IndexMap<String, Package>>,
    /// By name, within one another: version 1, and for npm of old in version 2.
    dependencies: Option<IndexMap<String, Dependency>>,
    /// Deno's file has these.
    specifiers: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Package {
    #[serde(default, deserialize_with = "text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "text")]
    version: Option<String>,
    #[serde(default, deserialize_with = "text")]
    resolved: Option<String>,
    #[serde(default, deserialize_with = "text")]
    integrity: Option<String>,
    #[serde(default)]
    link: bool,
    #[serde(default)]
    optional: bool,
    /// It came in the tarball of another.
    #[serde(default, rename = "inBundle")]
    in_bundle: bool,
}

#[derive(Deserialize)]
struct Dependency {
    #[serde(default, deserialize_with = "text")]
    version: Option<String>,
    #[serde(default, deserialize_with = "text")]
    resolved: Option<String>,
    #[serde(default, deserialize_with = "text")]
    integrity: Option<String>,
    /// It came in the tarball of another.
    #[serde(default)]
    bundled: bool,
    #[serde(default)]
    dependencies: IndexMap<String, Dependency>,
}

/// Text; npm of old wrote `false` where it had none.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => Some(text),
        _ => None,
    })
}

pub(super) fn read(text: &str) -> Result<Lockfile, Unreadable> {
    let lock: Lock = serde_json::from_str(text).map_err(|error| Unreadable::of_json(&error))?;
    if lock.version.is_none() && lock.specifiers.is_some() {
        return Err(Unreadable::new("it is a lock file of deno, which NOPAR does not read"));
    }
    let version = match &lock.version {
        // npm 4 and older wrote none.
        None if lock.dependencies.is_some() => 1,
        None => return Err(Unreadable::new("it has no lockfileVersion, so it is not npm's")),
        Some(version) => version.as_u64().unwrap_or(u64::MAX),
    };
    if !(1..=NEWEST).contains(&version) {
        let told = lock.version.unwrap_or_default();
        let why = format!("its lockfileVersion is {told}; NOPAR reads 1 to {NEWEST}");
        return Err(Unreadable::new(why));
    }
    let mut found = Lockfile::of(format!("npm, version {version}"));
    match lock.packages {
        Some(packages) => {
            packages.iter().try_for_each(|(path, it)| package(&mut found, path, it))?;
        }
        // One that lost it would pass for that of a project that needs nothing.
        None if version > 1 => {
            let why = format!("it has no \"packages\", though its lockfileVersion is {version}");
            return Err(Unreadable::new(why));
        }
        None => dependencies(&mut found, &lock.dependencies.unwrap_or_default())?,
    }
    Ok(found)
}

fn package(found: &mut Lockfile, path: &str, package: &Package) -> Result<(), Unreadable> {
    // The project itself; what is in another's tarball; and what leads to another entry.
    if path.is_empty() || package.in_bundle || package.link {
        return Ok(());
    }
    let Some((_, folder)) = path.rsplit_once(FOLDER) else {
        found.other(path, Kind::Local);
        return Ok(());
    };
    let name = package.name.as_deref().unwrap_or(folder);
    let Some(version) = package.version.as_deref() else {
        found.other(path, without_version(package));
        return Ok(());
    };
    let source = source(package.resolved.as_deref(), name, version);
    let integrity = integrity(path, package.integrity.as_deref())?;
    found.add(path, name, version, source, integrity)
}

/// What something is that has no version: a folder or repository need not have one.
fn without_version(package: &Package) -> Kind {
    match package.resolved.as_deref().map(|address| source_at(address, "", "")) {
        Some(Source::Elsewhere(kind)) => kind,
        None if package.optional => Kind::Unresolved,
        _ => Kind::Unknown,
    }
}

fn dependencies(
    found: &mut Lockfile,
    dependencies: &IndexMap<String, Dependency>,
) -> Result<(), Unreadable> {
    for (alias, it) in dependencies.iter().filter(|(_, it)| !it.bundled) {
        let version = it.version.as_deref().unwrap_or_default();
        let real = version.strip_prefix("npm:").and_then(split);
        let (name, version) = real.unwrap_or((alias, version));
        let source = source(it.resolved.as_deref(), name, version);
        let integrity = integrity(alias, it.integrity.as_deref())?;
        found.add(alias, name, version, source, integrity)?;
        self::dependencies(found, &it.dependencies)?;
    }
    Ok(())
}

fn source(resolved: Option<&str>, name: &str, version: &str) -> Source {
    match resolved {
        _ if !is_version(version) => Source::Elsewhere(kind_of(version)),
        // npm can be told to leave addresses of registries out.
        None => Source::Registry(None),
        Some(address) => source_at(address, name, version),
    }
}
