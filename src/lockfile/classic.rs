//! The `yarn.lock` of yarn 1, which has a form of its own: headings, and below them lines of a key and a value.
//! Knows nothing of what other package managers write.

use super::spec::{Source, is_version, kind_of, source_at, split};
use super::{Lockfile, Unreadable};
use crate::npm::Integrity;

/// One entry, as far as it is read.
struct Entry {
    line: usize,
    /// What it is the answer to: `name@range`, one or more.
    pattern: String,
    version: Option<String>,
    resolved: Option<String>,
    integrity: Option<String>,
}

pub(super) fn read(text: &str) -> Result<Lockfile, Unreadable> {
    let mut found = Lockfile::of("yarn, version 1");
    let mut entry: Option<Entry> = None;
    for (at, line) in text.lines().enumerate() {
        let (number, trimmed) = (at + 1, line.trim());
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let depth = line.len() - line.trim_start_matches(' ').len();
        match (depth, &mut entry) {
            (0, last) => {
                let pattern = heading(trimmed).ok_or_else(|| misread(number, trimmed))?;
                let begun =
                    Entry { line: number, pattern, version: None, resolved: None, integrity: None };
                if let Some(entry) = last.replace(begun) {
                    add(&mut found, &entry)?;
                }
            }
            (2, Some(entry)) => {
                field(entry, trimmed).ok_or_else(|| misread(number, trimmed))?;
            }
            // What it depends on has entries of its own.
            (4.., Some(_)) => {}
            _ => return Err(misread(number, trimmed)),
        }
    }
    if let Some(entry) = entry {
        add(&mut found, &entry)?;
    }
    Ok(found)
}

fn misread(line: usize, text: &str) -> Unreadable {
    let text: String = text.chars().take(60).collect();
    Unreadable::at(line, format!("{text:?} is not a line of a yarn.lock"))
}

/// The first of the patterns in a heading: they are all of one package.
fn heading(line: &str) -> Option<String> {
    let (first, rest) = value(line.strip_suffix(':')?)?;
    let rest = rest.trim_start();
    (rest.is_empty() || rest.starts_with(',')).then_some(first)
}

fn field(entry: &mut Entry, line: &str) -> Option<()> {
    // `dependencies:`, and what follows is deeper.
    if line.ends_with(':') {
        return Some(());
    }
    let (key, rest) = value(line)?;
    let (said, rest) = value(rest.trim_start())?;
    let place = match key.as_str() {
        "version" => &mut entry.version,
        "resolved" => &mut entry.resolved,
        "integrity" => {
            // There may be several digests behind one another.
            entry.integrity = Some(format!("{said}{rest}"));
            return Some(());
        }
        _ => return Some(()),
    };
    *place = Some(said);
    Some(())
}

/// A word, or a string in quotes, which is one of JSON; and what is behind it.
fn value(text: &str) -> Option<(String, &str)> {
    if !text.starts_with('"') {
        let end = text.find([' ', ',']).unwrap_or(text.len());
        return (end > 0).then(|| (text[..end].to_owned(), &text[end..]));
    }
    let mut strings = serde_json::Deserializer::from_str(text).into_iter::<String>();
    let first = strings.next()?.ok()?;
    Some((first, &text[strings.byte_offset()..]))
}

fn add(found: &mut Lockfile, entry: &Entry) -> Result<(), Unreadable> {
    let wrong = |why: &str| Unreadable::at(entry.line, format!("{:?} {why}", entry.pattern));
    let (alias, range) = split(&entry.pattern).ok_or_else(|| wrong("is not a name and a range"))?;
    let name = match range.strip_prefix("npm:") {
        Some(real) => split(real).map_or(real, |(name, _)| name),
        None => alias,
    };
    let version = entry.version.as_deref().ok_or_else(|| wrong("has no version"))?;
    let source = match entry.resolved.as_deref() {
        Some(address) => source_at(address, name, version),
        None => unresolved(range, version),
    };
    // The SHA-1 is behind the address.
    let shasum = entry.resolved.as_deref().and_then(|address| address.split_once('#'));
    let shasum = shasum.map(|(_, sum)| sum).filter(|_| matches!(source, Source::Registry(_)));
    let said = entry.integrity.as_deref();
    let digests = Integrity::of_dist(said, shasum);
    if said.is_some() && digests.is_err() {
        return Err(wrong("has an integrity that is not valid"));
    }
    let added = found.add(&entry.pattern, name, version, source, digests.ok());
    added.map_err(|error| Unreadable { line: Some(entry.line), ..error })
}

/// Folders and files have no address.
fn unresolved(range: &str, version: &str) -> Source {
    match kind_of(range) {
        super::Kind::Unknown if is_version(version) => Source::Registry(None),
        kind => Source::Elsewhere(kind),
    }
}
