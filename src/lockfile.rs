//! Lock files of package managers: which versions they name, and what of them is no package of a registry.
//! Knows nothing of how anything is obtained. Pure: text in, values out; what cannot be read whole is an error.

mod berry;
mod bun;
mod classic;
mod npm;
mod pnpm;
mod spec;

#[cfg(test)]
mod tests;

use self::spec::Source;
use crate::npm::{Integrity, PackageName, TarballName};
use std::fmt;

/// The longest lock file that is read, in bytes: those of the largest repositories have a tenth of it.
pub const LONGEST: u64 = 50 << 20;
/// The longest text that passes for a version, in bytes, as npm has it.
const LONGEST_VERSION: usize = 256;

/// What a lock file names, in its order; the same version may be there more than once.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Lockfile {
    /// Whose it is, and of which version.
    pub format: String,
    /// Packages of a registry.
    pub wanted: Vec<Wanted>,
    /// What comes from elsewhere.
    pub others: Vec<Other>,
}

/// A version of a package of a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The package, by its own name, whatever it is installed as.
    pub name: PackageName,
    /// Which version.
    pub version: String,
    /// How its tarball is called, where the lock file has its address: that is what is asked for then.
    pub file: Option<TarballName>,
    /// What its tarball must digest to, where the lock file says that.
    pub integrity: Option<Integrity>,
}

/// What no registry has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Other {
    /// As the lock file has it.
    pub what: String,
    /// Where it comes from.
    pub kind: Kind,
}

/// Where something comes from that no registry has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A folder or file of the project, or beside it.
    Local,
    /// A git repository.
    Git,
    /// A tarball at some address.
    Url,
    /// Node.js or another runtime, which a package manager downloads from where it is made.
    Runtime,
    /// Nobody knows: an optional package that the package manager could not find when it wrote the lock file, and does
    /// not install.
    Unresolved,
    /// What this NOPAR does not understand: a registry may have it.
    Unknown,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Local => "a folder or file of the project",
            Kind::Git => "a git repository",
            Kind::Url => "a tarball at a URL of its own",
            Kind::Runtime => "a runtime, which the package manager downloads itself",
            Kind::Unresolved => "an optional package without a version in the lock file",
            Kind::Unknown => "something that NOPAR does not understand",
        })
    }
}

/// Why a text is no lock file that can be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{why}", self.place())]
pub struct Unreadable {
    /// Where, if that is known: from 1 on.
    pub line: Option<usize>,
    /// What is wrong.
    pub why: String,
}

impl Unreadable {
    fn new(why: impl Into<String>) -> Unreadable {
        Unreadable { line: None, why: why.into() }
    }

    fn at(line: usize, why: impl Into<String>) -> Unreadable {
        Unreadable { line: Some(line), why: why.into() }
    }

    fn of_json(error: &serde_json::Error) -> Unreadable {
        let text = error.to_string();
        // It ends with what is said before it.
        let why = text.split(" at line ").next().unwrap_or(&text);
        Unreadable::at(error.line(), why)
    }

    fn place(&self) -> String {
        self.line.map(|line| format!("line {line}: ")).unwrap_or_default()
    }
}

/// The kinds that are read.
const KINDS: &str =
    "package-lock.json, npm-shrinkwrap.json, pnpm-lock.yaml, yarn.lock and bun.lock";

impl Lockfile {
    /// Reads a lock file. `file` is its name, which tells what it is where its text does not.
    ///
    /// # Errors
    /// When it is none that is known, or something in it is not as it should be.
    pub fn read(file: &str, bytes: &[u8]) -> Result<Lockfile, Unreadable> {
        if bytes.len() as u64 > LONGEST {
            return Err(Unreadable::new("it is longer than 50 MiB"));
        }
        if bytes.starts_with(b"#!/usr/bin/env bun\nbun-lockfile-format") || file.ends_with(".lockb")
        {
            return Err(Unreadable::new(
                "it is bun's old lock file, which is not text: bun install --save-text-lockfile --frozen-lockfile --lockfile-only makes a bun.lock of it",
            ));
        }
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let line = 1 + bytes[..error.valid_up_to()].iter().filter(|b| **b == b'\n').count();
            Unreadable::at(line, "it is not UTF-8")
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let begins = |what: &str| text.lines().position(|line| line.starts_with(what));
        if let Some(at) = begins("<<<<<<< ") {
            return Err(Unreadable::at(at + 1, "a merge left a conflict here"));
        }
        let start = text.trim_start();
        if start.starts_with('{') {
            return match is_of_bun(file, start) {
                true => bun::read(text),
                false => npm::read(text),
            };
        }
        if begins("__metadata:").is_some() {
            berry::read(text)
        } else if begins("lockfileVersion:").is_some() {
            pnpm::read(text)
        } else if begins("shrinkwrapVersion:").is_some() {
            Err(Unreadable::new("it is a lock file of pnpm 2 or older, which NOPAR does not read"))
        } else if begins("# yarn lockfile v1").is_some() || file.ends_with("yarn.lock") {
            classic::read(text)
        } else if start.is_empty() {
            Err(Unreadable::new("it is empty"))
        } else {
            Err(Unreadable::new(format!("it is none of the lock files that NOPAR reads: {KINDS}")))
        }
    }

    fn of(format: impl Into<String>) -> Lockfile {
        Lockfile { format: format.into(), ..Lockfile::default() }
    }

    fn other(&mut self, what: impl Into<String>, kind: Kind) {
        self.others.push(Other { what: what.into(), kind });
    }

    /// Adds what `entry` says, an entry of the lock file: this version, from there.
    fn add(
        &mut self,
        entry: &str,
        name: &str,
        version: &str,
        source: Source,
        integrity: Option<Integrity>,
    ) -> Result<(), Unreadable> {
        let file = match source {
            Source::Registry(file) => file,
            Source::Elsewhere(kind) => {
                self.other(entry, kind);
                return Ok(());
            }
        };
        let name = PackageName::parse(name)
            .map_err(|error| Unreadable::new(format!("{entry:?}: {error}")))?;
        if version.len() > LONGEST_VERSION {
            return Err(Unreadable::new(format!("{entry:?}: its version is too long")));
        }
        let version = version.to_owned();
        self.wanted.push(Wanted { name, version, file, integrity });
        Ok(())
    }
}

/// Bun's file is JSON too, or nearly so; it lists workspaces by their folders, npm's by patterns.
fn is_of_bun(file: &str, text: &str) -> bool {
    let head = &text[..text.floor_char_boundary(4096)];
    let squeezed: String = head.chars().filter(|c| !c.is_whitespace()).collect();
    file.ends_with("bun.lock")
        || !file.ends_with(".json")
            && squeezed.starts_with("{\"lockfileVersion\":")
            && squeezed.contains("\"workspaces\":{")
}

/// What a lock file says of digests; nothing is said by nothing.
fn integrity(entry: &str, text: Option<&str>) -> Result<Option<Integrity>, Unreadable> {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    text.map(Integrity::parse)
        .transpose()
        .map_err(|error| Unreadable::new(format!("{entry:?}: its integrity is not valid: {error}")))
}
