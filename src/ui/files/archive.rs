//! The files in a tarball, which anybody may have made: listed, or one of them read.
//! Knows nothing of where the tarball comes from. Writes nothing, and follows no link.
//!
//! Heads are read by the crate `tar`, one after another ("raw"); long names, which it would take into memory however
//! long they are, are read here.

use super::unpacked::Unpacked;
use crate::npm::Readme;
use indexmap::IndexMap;
use std::io::{self, Read};
use std::ops::ControlFlow;
use tar::{Archive, EntryType, PaxExtensions};

/// Most files that are listed.
const MOST_FILES: usize = 20_000;
/// Most entries of any kind.
const MOST_ENTRIES: usize = 50_000;
/// Most bytes of all paths that are listed together.
const MOST_PATHS: usize = 2 << 20;
/// Longest path in bytes; npm's own extractor is content with longer ones.
const LONGEST_PATH: usize = 512;
/// Longest record with a long name, in bytes.
const LONGEST_RECORD: u64 = 64 << 10;
/// Longest file that is shown, in bytes; of a longer one that many.
const LONGEST_SHOWN: usize = 256 << 10;
/// A readme is looked for in files up to this length.
const LONGEST_README: u64 = 1 << 20;

/// Why a tarball is not shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::ui) enum Unreadable {
    /// It is too long, or unpacks to too much.
    #[error("this tarball is too large to be looked into: download it instead")]
    TooLarge,
    /// It has too many files, or names that are too long.
    #[error("this tarball has more files, or longer names, than are shown: download it instead")]
    TooMany,
    /// It is no tarball.
    #[error("this is no tarball that can be read: {0}")]
    Damaged(&'static str),
    /// Too many others are being read.
    #[error("other tarballs are being looked into just now: load the page again in a moment")]
    Busy,
    /// Its bytes could not be had, which says nothing of them.
    #[error("the tarball could not be read: the registry's log says why")]
    Failed,
}

impl Unreadable {
    /// Whether it is so at any time, as long as the tarball is the same.
    pub(in crate::ui) fn is_lasting(&self) -> bool {
        !matches!(self, Unreadable::Busy | Unreadable::Failed)
    }
}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Unreadable {
        let own = error.get_ref().and_then(|inner| inner.downcast_ref::<Unreadable>());
        // Not in the error's own words, which hold bytes of the tarball.
        own.cloned().unwrap_or(match error.kind() {
            io::ErrorKind::UnexpectedEof => Unreadable::Damaged("it ends too soon"),
            _ => Unreadable::Damaged("it is damaged, or something else"),
        })
    }
}

/// What is in a tarball.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::ui) struct Listing {
    /// By path.
    pub(in crate::ui) files: Vec<Listed>,
    /// The readme at its top, if there is one.
    pub(in crate::ui) readme: Option<Readme>,
}

/// A file in a tarball.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ui) struct Listed {
    /// Below the folder that all of it is in, as text: whatever is odd in it is replaced.
    pub(in crate::ui) path: String,
    /// In bytes.
    pub(in crate::ui) len: u64,
    /// Whether it is a link to another file, which is not followed.
    pub(in crate::ui) is_link: bool,
    /// Whether its path is one that an address can have.
    pub(in crate::ui) is_plain: bool,
    /// The how manieth file or link of the tarball it is.
    pub(super) place: usize,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ui) struct Content {
    /// Its length in bytes.
    pub(in crate::ui) len: u64,
    /// Its text, or the beginning of it; `None` of one that is none.
    pub(in crate::ui) text: Option<String>,
    /// Whether there is more of it.
    pub(in crate::ui) is_cut: bool,
}

impl Listing {
    /// The file of this path, if there is one that has a page: neither a link nor what no address can have.
    pub(in crate::ui) fn find(&self, path: &str) -> Option<&Listed> {
        let at = self.files.binary_search_by(|file| file.path.as_str().cmp(path)).ok()?;
        self.files.get(at).filter(|file| file.has_page())
    }
}

impl Listed {
    /// Whether there is a page of it.
    pub(in crate::ui) fn has_page(&self) -> bool {
        self.is_plain && !self.is_link
    }
}

/// Lists a tarball.
///
/// # Errors
/// When it is none, or too much.
pub(super) fn list(packed: impl Read) -> Result<Listing, Unreadable> {
    let mut files: IndexMap<String, Listed> = IndexMap::new();
    let (mut readme, mut paths) = (None, 0_usize);
    each(packed, |file, content| {
        if !files.contains_key(&file.path) {
            paths += file.path.len();
            if files.len() >= MOST_FILES || paths > MOST_PATHS {
                return Err(Unreadable::TooMany);
            }
        }
        let is_readme = !file.is_link && file.len <= LONGEST_README && is_readme(&file.path);
        // The one that is Markdown before another.
        if is_readme && readme.as_ref().is_none_or(|before: &Readme| !before.is_markdown) {
            let mut bytes = Vec::new();
            content.take(LONGEST_README).read_to_end(&mut bytes)?;
            readme =
                Readme::new(&String::from_utf8_lossy(&bytes), Some(&file.path)).or(readme.take());
        }
        // What comes last is what stays when it is unpacked.
        files.insert(file.path.clone(), file);
        Ok(ControlFlow::Continue(()))
    })?;
    files.sort_unstable_keys();
    Ok(Listing { files: files.into_values().collect(), readme })
}

/// Reads one file of a tarball, as its listing has it: what comes behind is not unpacked. `None` if it is another tarball,
/// which has something else there.
///
/// # Errors
/// As of [`list`].
pub(super) fn read(packed: impl Read, listed: &Listed) -> Result<Option<Content>, Unreadable> {
    let mut found = None;
    each(packed, |file, content| {
        if file.place < listed.place {
            return Ok(ControlFlow::Continue(()));
        }
        if file == *listed {
            let mut bytes = Vec::new();
            content.take(LONGEST_SHOWN as u64).read_to_end(&mut bytes)?;
            let is_cut = file.len > bytes.len() as u64;
            found = Some(Content { len: file.len, text: text(bytes, is_cut), is_cut });
        }
        Ok(ControlFlow::Break(()))
    })?;
    Ok(found)
}

/// The text that these bytes are, if they are one.
fn text(mut bytes: Vec<u8>, is_cut: bool) -> Option<String> {
    if bytes.contains(&0) {
        return None;
    }
    if is_cut {
        // Not in the middle of a character.
        let end = bytes.len().saturating_sub(4);
        let whole = bytes.iter().rposition(|byte| byte & 0xc0 != 0x80).unwrap_or(end);
        bytes.truncate(whole.max(end));
    }
    String::from_utf8(bytes).ok()
}

fn is_readme(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let stem = lower.split('.').next().unwrap_or_default();
    stem == "readme" && !path.contains('/')
}

/// Goes through the files and links of a tarball, until `visit` has seen enough.
fn each(
    packed: impl Read,
    mut visit: impl FnMut(Listed, &mut dyn Read) -> Result<ControlFlow<()>, Unreadable>,
) -> Result<(), Unreadable> {
    let mut archive = Archive::new(Unpacked::new(packed)?);
    let mut long: Option<Vec<u8>> = None;
    let (mut is_empty, mut place) = (true, 0);
    for (count, entry) in archive.entries()?.raw(true).enumerate() {
        let mut entry = entry?;
        is_empty = false;
        if count >= MOST_ENTRIES {
            return Err(Unreadable::TooMany);
        }
        let (kind, len) = (entry.header().entry_type(), entry.header().entry_size()?);
        let is_link = match kind {
            EntryType::GNULongName => {
                let mut name = record(&mut entry, len)?;
                name.truncate(name.iter().position(|byte| *byte == 0).unwrap_or(name.len()));
                long = Some(name);
                continue;
            }
            EntryType::XHeader => {
                long = pax_path(&record(&mut entry, len)?)?.or(long);
                continue;
            }
            EntryType::Regular | EntryType::Continuous => false,
            EntryType::Link | EntryType::Symlink => true,
            EntryType::GNULongLink | EntryType::XGlobalHeader => continue,
            _ => {
                long = None;
                continue;
            }
        };
        let path = long.take().unwrap_or_else(|| entry.header().path_bytes().into_owned());
        if path.len() > LONGEST_PATH {
            return Err(Unreadable::TooMany);
        }
        // A folder, as it was written before folders had a kind of their own.
        if path.ends_with(b"/") {
            continue;
        }
        let (path, is_plain) = shown(&path);
        if visit(Listed { path, len, is_link, is_plain, place }, &mut entry)?.is_break() {
            break;
        }
        place += 1;
    }
    if is_empty { Err(Unreadable::Damaged("there is nothing in it")) } else { Ok(()) }
}

/// A record with a long name.
fn record(entry: &mut impl Read, len: u64) -> Result<Vec<u8>, Unreadable> {
    if len > LONGEST_RECORD {
        return Err(Unreadable::TooMany);
    }
    let mut bytes = Vec::new();
    entry.take(LONGEST_RECORD).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The path that a record of the newer kind says.
fn pax_path(record: &[u8]) -> Result<Option<Vec<u8>>, Unreadable> {
    let mut path = None;
    for extension in PaxExtensions::new(record) {
        let extension = extension?;
        match extension.key_bytes() {
            b"path" => path = Some(extension.value_bytes().to_vec()),
            // Who reads it sees other files than who does not.
            b"size" => return Err(Unreadable::Damaged("it says a length twice")),
            _ => {}
        }
    }
    Ok(path)
}

/// A path as npm unpacks it, without its first part, as text; and whether an address can have it.
fn shown(path: &[u8]) -> (String, bool) {
    let path = match path.iter().position(|byte| *byte == b'/') {
        Some(at) => &path[at + 1..],
        None => path,
    };
    let is_odd = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let text = String::from_utf8_lossy(path);
    let is_plain = str::from_utf8(path).is_ok()
        && !text.contains(|c| is_odd(c) || c == '\\')
        && text.split('/').all(|part| !matches!(part, "" | "." | ".."));
    (text.replace(is_odd, "\u{fffd}"), is_plain)
}
