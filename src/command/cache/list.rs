//! `nopar cache ls`: what is held.
//! Knows nothing of where the list comes from.

use super::super::words::{count, date, size};
use super::shown::{NOTHING, Row, ago, name, now, part};
use super::table::{self, Side};
use super::{ask, outcome};
use crate::admin::{Ask, CacheEntry, What};
use crate::cli::{LsOptions, Sort};
use crate::command::out::{Out, read_or_not};
use crate::command::reach::Reach;
use crate::command::{Outcome, Problem};
use crate::config::Config;
use crate::npm::Version;
use serde::Serialize;
use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, HashSet};
use std::io;

/// What is told in place of a list that something was asked of.
const NOTHING_WANTED: &str = "nothing in the cache matches";

/// Lists it.
pub(super) fn run(config: &Config, options: &LsOptions) -> Result<Outcome, Problem> {
    let reach = Reach::to_look(config)?;
    let (mut entries, mut seen) = (Vec::new(), HashSet::new());
    let question = |of| Ask::CacheEntries { of };
    let end =
        ask(&reach, &options.patterns, question, "looking through the cache:", &mut |entry| {
            // Several asks may have the same file.
            let is_wanted = !options.tarballs || entry.what == What::Tarball;
            if is_wanted && seen.insert(entry.path.clone()) {
                entries.push(entry);
            }
            Ok(())
        })?;
    let mut out = Out::new(options.json);
    let told = match options.packages {
        true => print_packages(&mut out, options, &entries),
        false => print(&mut out, options, &mut entries),
    };
    // `nopar cache ls nothing | head` does not call well what it did not find.
    read_or_not(told.and_then(|()| out.end()))?;
    Ok(outcome(&end.unmatched))
}

fn print(out: &mut Out, options: &LsOptions, entries: &mut [CacheEntry]) -> io::Result<()> {
    entries.sort_by(by_name);
    let key = |entry: &CacheEntry| Sums::of(entry);
    sort(entries, options, key);
    if out.is_json() {
        return entries.iter().try_for_each(|entry| out.json(&Row::from(entry)));
    }
    let now = now();
    let head = columns([("PACKAGE", Side::Left), ("VERSION", Side::Left), ("WHAT", Side::Left)]);
    let row = |entry: &CacheEntry| {
        let own = [name(entry).to_owned(), part(entry).to_owned(), entry.what.as_str().to_owned()];
        cells(own, &Sums::of(entry), entry.upstream.as_deref().unwrap_or_default(), now)
    };
    let packages: HashSet<&str> = entries.iter().filter_map(|it| it.package.as_deref()).collect();
    let bytes = entries.iter().map(|entry| entry.bytes).sum();
    let lines = table::lines(head, entries.iter().map(row));
    finish(out, options.is_all(), lines, entries.len() as u64, packages.len() as u64, bytes)
}

/// By package, the packument before its tarballs, and these by their versions.
fn by_name(one: &CacheEntry, other: &CacheEntry) -> Ordering {
    let key = |entry: &CacheEntry| {
        let version = entry.version.as_deref().and_then(|it| Version::parse(it).ok());
        (entry.package.is_none(), entry.package.clone(), version, entry.what, entry.file.clone())
    };
    key(one).cmp(&key(other)).then_with(|| one.path.cmp(&other.path))
}

/// What lists are sorted by.
#[derive(Clone, Copy, Default, Serialize)]
struct Sums {
    entries: u64,
    tarballs: u64,
    bytes: u64,
    /// The first of them.
    #[serde(skip)]
    fetched: Option<u64>,
    /// The last of them.
    #[serde(skip)]
    confirmed: Option<u64>,
    hits: Option<u64>,
    #[serde(skip)]
    used: Option<u64>,
}

impl Sums {
    fn of(entry: &CacheEntry) -> Sums {
        Sums {
            entries: 1,
            tarballs: u64::from(entry.what == What::Tarball),
            bytes: entry.bytes,
            fetched: entry.fetched,
            confirmed: entry.confirmed,
            hits: entry.hits,
            used: entry.used,
        }
    }

    fn and(self, other: Sums) -> Sums {
        let either = |one: Option<u64>, other: Option<u64>, both: fn(u64, u64) -> u64| {
            one.zip(other).map(|(one, other)| both(one, other)).or(one).or(other)
        };
        Sums {
            entries: self.entries + other.entries,
            tarballs: self.tarballs + other.tarballs,
            bytes: self.bytes + other.bytes,
            fetched: either(self.fetched, other.fetched, u64::min),
            confirmed: either(self.confirmed, other.confirmed, u64::max),
            hits: either(self.hits, other.hits, u64::saturating_add),
            used: either(self.used, other.used, u64::max),
        }
    }
}

/// Sorts what is in the order of names already.
fn sort<T>(rows: &mut [T], options: &LsOptions, sums: impl Fn(&T) -> Sums) {
    match options.sort {
        Sort::Name => {}
        Sort::Size => rows.sort_by_key(|row| Reverse(sums(row).bytes)),
        Sort::Age => rows.sort_by_key(|row| sums(row).fetched.unwrap_or(u64::MAX)),
        Sort::Confirmed => rows.sort_by_key(|row| Reverse(sums(row).confirmed)),
        Sort::Hits => rows.sort_by_key(|row| Reverse(sums(row).hits)),
        Sort::Used => rows.sort_by_key(|row| Reverse(sums(row).used)),
    }
    if options.reverse {
        rows.reverse();
    }
}

/// All of a package that is of one upstream, for scripts.
#[derive(Serialize)]
struct Package<'a> {
    kind: &'static str,
    package: Option<&'a str>,
    upstream: Option<&'a str>,
    #[serde(flatten)]
    sums: Sums,
    fetched: Option<String>,
    confirmed: Option<String>,
    used: Option<String>,
}

fn print_packages(out: &mut Out, options: &LsOptions, entries: &[CacheEntry]) -> io::Result<()> {
    let mut sums: BTreeMap<(bool, &str, &str), Sums> = BTreeMap::new();
    for entry in entries {
        // What is of no package comes last.
        let package = entry.package.as_deref();
        let upstream = entry.upstream.as_deref().unwrap_or_default();
        let sum = sums.entry((package.is_none(), package.unwrap_or_default(), upstream));
        let sum = sum.or_default();
        *sum = sum.and(Sums::of(entry));
    }
    let packages = sums.keys().filter(|(is_none, ..)| !is_none).map(|(_, name, _)| *name);
    let packages = packages.collect::<HashSet<_>>().len() as u64;
    let mut rows: Vec<_> = sums.into_iter().collect();
    sort(&mut rows, options, |(_, sums)| *sums);
    if out.is_json() {
        return rows.iter().try_for_each(|((_, package, upstream), sums)| {
            let text = |text: &&'_ str| -> Option<String> {
                (!text.is_empty()).then(|| (*text).to_owned())
            };
            let (package, upstream) = (text(package), text(upstream));
            out.json(&Package {
                kind: "package",
                package: package.as_deref(),
                upstream: upstream.as_deref(),
                sums: *sums,
                fetched: sums.fetched.and_then(date),
                confirmed: sums.confirmed.and_then(date),
                used: sums.used.and_then(date),
            })
        });
    }
    let now = now();
    let head =
        columns([("PACKAGE", Side::Left), ("ENTRIES", Side::Right), ("TARBALLS", Side::Right)]);
    let row = |((_, package, upstream), sums): &((bool, &str, &str), Sums)| {
        let package = if package.is_empty() { NOTHING } else { package };
        let own = [package.to_owned(), sums.entries.to_string(), sums.tarballs.to_string()];
        cells(own, sums, upstream, now)
    };
    let bytes = entries.iter().map(|entry| entry.bytes).sum();
    let lines = table::lines(head, rows.iter().map(row));
    finish(out, options.is_all(), lines, entries.len() as u64, packages, bytes)
}

/// The head of a list: columns of its own, and those that each list has.
fn columns(own: [(&'static str, Side); 3]) -> [(&'static str, Side); 9] {
    let [first, second, third] = own;
    [
        first,
        second,
        third,
        ("SIZE", Side::Right),
        ("FETCHED", Side::Right),
        ("CONFIRMED", Side::Right),
        ("HITS", Side::Right),
        ("USED", Side::Right),
        ("UPSTREAM", Side::Left),
    ]
}

/// A row below that.
fn cells(own: [String; 3], sums: &Sums, upstream: &str, now: u64) -> [String; 9] {
    let [first, second, third] = own;
    [
        first,
        second,
        third,
        size(sums.bytes),
        ago(sums.fetched, now),
        ago(sums.confirmed, now),
        sums.hits.map_or_else(|| NOTHING.to_owned(), |hits| hits.to_string()),
        ago(sums.used, now),
        upstream.to_owned(),
    ]
}

/// Prints the lines of a table with all that it is of; without a row there is none. Whether it is of all that is held,
/// `is_all` says.
fn finish(
    out: &mut Out,
    is_all: bool,
    lines: Vec<String>,
    entries: u64,
    packages: u64,
    bytes: u64,
) -> io::Result<()> {
    if entries == 0 {
        return out.line(if is_all { "the cache is empty" } else { NOTHING_WANTED });
    }
    for line in lines {
        out.put(&line)?;
    }
    let packages = count(packages, "package");
    out.put(&format!("{} of {packages}, {}", count(entries, "entry"), size(bytes)))
}
