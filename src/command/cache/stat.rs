//! `nopar cache stat`: how much is held, and how much may be.
//! Knows nothing of how it is counted.

use super::super::words::{count, date, printable, size};
use super::shown::{NOTHING, ago, now};
use super::table::{self, Side};
use crate::admin::{Ask, CachePart, CacheServing, CacheStat, CacheStatRow};
use crate::command::out::{Out, read_or_not};
use crate::command::progress::Progress;
use crate::command::reach::Reach;
use crate::command::{Outcome, Problem};
use crate::config::Config;
use serde_json::{Value, json};
use std::io;

/// Tells it.
pub(super) fn run(config: &Config, json: bool) -> Result<Outcome, Problem> {
    let reach = Reach::to_look(config)?;
    let (mut parts, mut whole) = (Vec::new(), None);
    {
        let _progress = Progress::without_end("looking through the cache:");
        reach.ask(Ask::CacheStat {}, &mut |row| {
            match row {
                CacheStatRow::Parts(more) => parts.extend(more),
                CacheStatRow::Whole(stat) => whole = Some(stat),
            }
            Ok(())
        })?;
    }
    let mut stat = whole.ok_or("the running NOPAR did not say how much its cache holds")?;
    if let Reach::Here(_) = reach {
        // It was opened without limits.
        stat.limit = config.cache.size;
        stat.min_free = config.cache.min_free.of(stat.total.unwrap_or_default());
    }
    let mut out = Out::new(json);
    let told = match json {
        true => out.json(&object(&stat, &parts)?),
        false => print(&mut out, &stat, &parts),
    };
    read_or_not(told.and_then(|()| out.end()))?;
    Ok(Outcome::Well)
}

fn object(stat: &CacheStat, parts: &[CachePart]) -> Result<Value, Problem> {
    let mut serving = serde_json::to_value(&stat.serving)?;
    if let (Some(members), Some(known)) = (serving.as_object_mut(), &stat.serving) {
        members.insert("started".to_owned(), date(known.started).into());
        members.remove("memory_limit");
        members.insert("memory_limit_bytes".to_owned(), known.memory_limit.into());
    }
    Ok(json!({
        "path": stat.path,
        "entries": stat.entries,
        "bytes": stat.bytes,
        "limit_bytes": stat.limit,
        "free_bytes": stat.free,
        "min_free_bytes": stat.min_free,
        "parts": parts,
        "serving": serving,
    }))
}

fn print(out: &mut Out, stat: &CacheStat, parts: &[CachePart]) -> io::Result<()> {
    let CacheStat { path, entries, bytes, limit, free, min_free, .. } = stat;
    let part = (*limit > 0).then(|| 100.0 * *bytes as f64 / *limit as f64);
    let part = part.map(|part| format!(" ({part:.1} %)")).unwrap_or_default();
    out.put(&printable(path))?;
    let entries = count(*entries, "entry");
    out.put(&format!("  {entries}, {} of {}{part}", size(*bytes), size(*limit)))?;
    if let Some(free) = free {
        let (free, min_free) = (size(*free), size(*min_free));
        out.put(&format!("  {free} free on its file system; {min_free} is kept free"))?;
    }
    if !parts.is_empty() {
        print_parts(out, parts)?;
    }
    match &stat.serving {
        Some(serving) => print_serving(out, serving),
        None => out.put("no NOPAR is running: hits and misses are not known"),
    }
}

fn print_parts(out: &mut Out, parts: &[CachePart]) -> io::Result<()> {
    let head = [
        ("WHAT", Side::Left),
        ("ENTRIES", Side::Right),
        ("SIZE", Side::Right),
        ("UPSTREAM", Side::Left),
    ];
    let row = |part: &CachePart| {
        let upstream = part.upstream.as_deref().unwrap_or(NOTHING);
        let is_foreign = part.upstream.is_some() && !part.is_configured;
        let note = if is_foreign { " (not in the settings)" } else { "" };
        [
            part.what.as_str().to_owned(),
            part.entries.to_string(),
            size(part.bytes),
            format!("{upstream}{note}"),
        ]
    };
    out.put("")?;
    for line in table::lines(head, parts.iter().map(row)) {
        out.put(&line)?;
    }
    out.put("")
}

fn print_serving(out: &mut Out, serving: &CacheServing) -> io::Result<()> {
    let CacheServing { hits, misses, kept, evictions, damaged, .. } = serving;
    out.put(&format!("since NOPAR started {} ago:", ago(Some(serving.started), now())))?;
    let (hit, missed) = (count(*hits, "hit"), count(*misses, "miss"));
    out.put(&format!("  requests: {hit}, {missed}{}", rate(*hits, *misses)))?;
    let evicted = size(serving.evicted_bytes);
    out.put(&format!(
        "  files: {kept} kept, {evictions} evicted ({evicted}), {damaged} dropped as damaged"
    ))?;
    let (bytes, limit) = (size(serving.memory_bytes), size(serving.memory_limit));
    let rows = count(serving.memory_rows, "row");
    let (hits, misses) = (serving.memory_hits, serving.memory_misses);
    out.put(&format!(
        "  memory: {bytes} of {limit} in {rows}; {}, {}{}, {} evicted",
        count(hits, "hit"),
        count(misses, "miss"),
        rate(hits, misses),
        serving.memory_evictions
    ))
}

fn rate(hits: u64, misses: u64) -> String {
    match hits + misses {
        0 => String::new(),
        all => format!(" ({:.1} %)", 100.0 * hits as f64 / all as f64),
    }
}
