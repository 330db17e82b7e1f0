//! What there was at one time, as it is written down: a line for each file, for people who look for one as well.
//! Knows nothing of where the bytes of files are.

use crate::npm::{Integrity, hex};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::Metadata;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path};

/// The layout of this NOPAR.
const FORMAT: u32 = 1;
/// What stands before the digest of all that is before it.
const CHECKSUM: &str = "\"checksum\": ";
/// How a time is written in a name; `0` is any digit.
const TIME: &str = "0000-00-00T00-00-00Z";

/// What there was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Which layout this is.
    pub format: u32,
    /// What it is called: when it was begun.
    pub id: String,
    /// Of which NOPAR, by its version.
    pub nopar: String,
    /// Where the registry was.
    pub registry: String,
    /// The configuration file that NOPAR was run with, if there was one.
    #[serde(default)]
    pub configuration: Option<Configuration>,
    /// What was damaged then, or could not be read.
    #[serde(default)]
    pub problems: Vec<String>,
    /// The folders below the registry, by their paths, and its own as `""`: their modes in octal digits.
    pub folders: BTreeMap<String, String>,
    /// The files below the registry, by their paths.
    pub files: BTreeMap<String, Kept>,
}

/// A configuration file that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configuration {
    /// Where it was.
    pub path: String,
    /// It.
    pub file: Kept,
}

/// A file that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The SHA-256 of its bytes, by which they are found.
    pub sha256: String,
    /// How many these are.
    pub size: u64,
    /// Its mode in octal digits.
    pub mode: String,
    /// When it was written: seconds since 1970, and nanoseconds.
    pub mtime: (i64, i64),
    /// Its number on its disk, and when anything of it changed: one that has these still is the same file.
    pub seen: (u64, i64, i64),
    /// Of a tarball, what documents would say of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integrity: Option<String>,
}

/// Why a text is no snapshot.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// It is not what was written.
    #[error("it is damaged: its checksum does not match")]
    Checksum,
    /// It makes no sense.
    #[error("it is damaged: {0}")]
    Json(#[from] serde_json::Error),
    /// It is of a later NOPAR.
    #[error("it has format {0}, and this NOPAR knows only {FORMAT}")]
    Format(u32),
    /// A path in it leads out of the registry.
    #[error("it is damaged: {0:?} is no path below a registry")]
    Path(String),
    /// Nobody can say whether it is whole.
    #[error("it cannot be read: {0}")]
    Unread(#[source] io::Error),
}

impl Kept {
    /// A file that has these bytes, and this else.
    pub fn of(it: &Metadata, sha256: String, size: u64, integrity: Option<Integrity>) -> Kept {
        Kept {
            sha256,
            size,
            mode: format!("{:o}", it.mode() & 0o777),
            mtime: (it.mtime(), it.mtime_nsec()),
            seen: (it.ino(), it.ctime(), it.ctime_nsec()),
            integrity: integrity.map(|it| it.to_string()),
        }
    }

    /// Whether a file is still the one that was read for this.
    pub fn is_still(&self, it: &Metadata) -> bool {
        self.size == it.len()
            && self.mtime == (it.mtime(), it.mtime_nsec())
            && self.seen == (it.ino(), it.ctime(), it.ctime_nsec())
    }

    /// What documents would say of it.
    pub fn integrity(&self) -> Option<Integrity> {
        Integrity::parse(self.integrity.as_deref()?).ok()
    }
}

impl Snapshot {
    /// One without anything in it yet.
    pub fn new(id: String, registry: &Path) -> Snapshot {
        Snapshot {
            format: FORMAT,
            id,
            nopar: env!("CARGO_PKG_VERSION").to_owned(),
            registry: registry.display().to_string(),
            ..Snapshot::default()
        }
    }

    /// Whether a snapshot of this name is a backup in the order of all: what is called otherwise than when it was made is a
    /// copy that somebody keeps.
    pub fn is_called(&self, name: &str) -> bool {
        is_id(name) && self.id == name
    }

    /// The bytes of all files, together.
    pub fn bytes(&self) -> u64 {
        self.files.values().map(|kept| kept.size).sum()
    }

    /// What was damaged in the registry already, but for paths that are told of among these.
    pub fn problems_beside(&self, told: &[String]) -> Vec<String> {
        let path = |what: &str| what.split_once(": ").map_or("", |(path, _)| path).to_owned();
        let paths: BTreeSet<String> = told.iter().map(|what| path(what)).collect();
        let others = self.problems.iter().filter(|what| !paths.contains(&path(what)));
        let say = |what| format!("{what} (in the registry already, when it was backed up)");
        others.map(say).collect()
    }

    /// Each object that it needs: its digest and length.
    pub fn objects(&self) -> impl Iterator<Item = (&str, u64)> {
        let configuration = self.configuration.iter().map(|it| &it.file);
        let all = self.files.values().chain(configuration);
        all.map(|kept| (kept.sha256.as_str(), kept.size))
    }

    /// Writes it down.
    ///
    /// # Errors
    /// When that cannot be written.
    pub fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let mut text = Vec::new();
        writeln!(text, "{{")?;
        let (format, id, nopar) = (json(&self.format)?, json(&self.id)?, json(&self.nopar)?);
        writeln!(text, "\"format\": {format},\n\"id\": {id},\n\"nopar\": {nopar},")?;
        writeln!(text, "\"registry\": {},", json(&self.registry)?)?;
        writeln!(text, "\"configuration\": {},", json(&self.configuration)?)?;
        writeln!(text, "\"problems\": {},", json(&self.problems)?)?;
        lines(&mut text, "folders", &self.folders)?;
        lines(&mut text, "files", &self.files)?;
        let sum = hex(&Sha256::digest(&text));
        writeln!(text, "{CHECKSUM}\"{sum}\"\n}}")?;
        to.write_all(&text)
    }

    /// Reads what was written.
    ///
    /// # Errors
    /// Why it is none.
    pub fn read(text: &[u8]) -> Result<Snapshot, SnapshotError> {
        let end =
            memchr::memmem::rfind(text, CHECKSUM.as_bytes()).ok_or(SnapshotError::Checksum)?;
        let (before, rest) = text.split_at(end);
        let sum = hex(&Sha256::digest(before));
        if rest != format!("{CHECKSUM}\"{sum}\"\n}}\n").as_bytes() {
            return Err(SnapshotError::Checksum);
        }
        let snapshot: Snapshot = serde_json::from_slice(text)?;
        if snapshot.format != FORMAT {
            return Err(SnapshotError::Format(snapshot.format));
        }
        // Whoever writes such a file can have it match its checksum.
        let is_below = |path: &str| {
            !path.is_empty()
                && Path::new(path).components().all(|it| matches!(it, Component::Normal(_)))
        };
        let folders = snapshot.folders.keys().filter(|path| !path.is_empty());
        match snapshot.files.keys().chain(folders).find(|path| !is_below(path)) {
            Some(path) => Err(SnapshotError::Path(path.clone())),
            None => Ok(snapshot),
        }
    }
}

/// Whether a name is one that a backup gets: its time, `2026-11-28T10-20-30Z`, and a number behind where there are more.
pub fn is_id(name: &str) -> bool {
    let Some((time, number)) = name.split_at_checked(TIME.len()) else { return false };
    let is_like = |(c, like): (u8, u8)| if like == b'0' { c.is_ascii_digit() } else { c == like };
    let is_number = |it: &str| !it.is_empty() && it.bytes().all(|c| c.is_ascii_digit());
    time.bytes().zip(TIME.bytes()).all(is_like)
        && (number.is_empty() || number.strip_prefix('-').is_some_and(is_number))
}

fn json(value: &impl Serialize) -> io::Result<String> {
    Ok(serde_json::to_string(value)?)
}

fn lines<T: Serialize>(
    text: &mut Vec<u8>,
    name: &str,
    values: &BTreeMap<String, T>,
) -> io::Result<()> {
    write!(text, "\"{name}\": {{")?;
    for (number, (key, value)) in values.iter().enumerate() {
        let comma = if number == 0 { "" } else { "," };
        write!(text, "{comma}\n{}: {}", json(key)?, json(value)?)?;
    }
    writeln!(text, "\n}},")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot() -> Snapshot {
        let file = Kept {
            sha256: "ab".repeat(32),
            size: 7,
            mode: "600".to_owned(),
            mtime: (1, 2),
            seen: (3, 4, 5),
            integrity: None,
        };
        let mut snapshot =
            Snapshot::new("2026-11-28T10-20-30Z".to_owned(), Path::new("/srv/registry"));
        let path = "/etc/nopar.toml".to_owned();
        snapshot.configuration = Some(Configuration { path, file: file.clone() });
        snapshot.files.insert("a/a \"quoted\".json".to_owned(), file.clone());
        snapshot.files.insert("b/b.json".to_owned(), Kept { size: 8, ..file });
        snapshot.folders.insert(String::new(), "755".to_owned());
        snapshot
    }

    fn written(snapshot: &Snapshot) -> Vec<u8> {
        let mut text = Vec::new();
        snapshot.write(&mut text).unwrap();
        text
    }

    #[test]
    fn it_reads_back_and_each_damaged_byte_is_noticed() {
        let text = written(&snapshot());
        assert_eq!(Snapshot::read(&text).unwrap(), snapshot());
        for at in 0..text.len() {
            let mut damaged = text.clone();
            damaged[at] ^= 1;
            assert!(Snapshot::read(&damaged).is_err(), "byte {at}");
        }
        assert!(Snapshot::read(&text[..text.len() - 1]).is_err() && Snapshot::read(b"").is_err());
        let line = String::from_utf8(text).unwrap();
        let line = line.lines().find(|line| line.contains("b/b.json")).unwrap();
        assert!(line.contains(&"ab".repeat(32)), "{line}");
    }

    #[test]
    fn what_was_damaged_already_is_told_once() {
        let problems = ["a/a.json: it is cut", "b: nowhere"].map(str::to_owned).to_vec();
        let snapshot = Snapshot { problems, ..snapshot() };
        assert_eq!(snapshot.problems_beside(&[]).len(), 2);
        let beside = snapshot.problems_beside(&["a/a.json: it is no JSON".to_owned()]);
        assert_eq!(beside, ["b: nowhere (in the registry already, when it was backed up)"]);
    }

    #[test]
    fn a_backup_is_told_from_a_copy_under_another_name() {
        for (name, is) in [
            ("2026-11-28T10-20-30Z", true),
            ("2026-11-28T10-20-30Z-002", true),
            ("2026-11-28T10-20-30Z-", false),
            ("2026-11-28T10-20-30Z-old", false),
            ("2026-11-28T10-20-30Z.bak", false),
            ("2026-11-28T10-20-3\u{e9}", false),
            ("before-upgrade", false),
            ("", false),
        ] {
            assert_eq!(is_id(name), is, "{name}");
        }
        assert!(snapshot().is_called("2026-11-28T10-20-30Z"));
        assert!(!snapshot().is_called("2026-11-28T10-20-31Z"));
        let odd = Snapshot { id: "keep-this".to_owned(), ..snapshot() };
        assert!(!odd.is_called("keep-this"));
    }

    #[test]
    fn no_path_leads_out_of_a_registry() {
        for path in ["../x", "/etc/passwd", "a/../../x", "", "./a"] {
            let mut snapshot = snapshot();
            let kept = snapshot.files["b/b.json"].clone();
            snapshot.files.insert(path.to_owned(), kept);
            let error = Snapshot::read(&written(&snapshot)).unwrap_err().to_string();
            assert!(error.contains("no path below a registry"), "{path}: {error}");
        }
        let later = Snapshot { format: 2, ..snapshot() };
        let error = Snapshot::read(&written(&later)).unwrap_err().to_string();
        assert!(error.contains("format 2"), "{error}");
    }
}
