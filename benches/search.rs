//! What does a search in 50,000 hosted packages cost: from the text to the order of all that match, and the objects of
//! one page?
//!
//! `cargo bench --bench search`

#[path = "made/words.rs"]
mod words;

use criterion::{Criterion, criterion_group, criterion_main};
use nopar::npm::PackageName;
use nopar::npm::hosted::{Person, Summary};
use nopar::search::{Entry, Hits, Index, Query};
use std::hint::black_box;
use words::word;

/// As many as a large company has, and ten times that.
const PACKAGES: usize = 50_000;
/// As many as one page shows.
const PAGE: u64 = 20;
/// As `hosted` looks at them under one lock.
const SLICE: usize = 1024;

/// A package with texts of the usual length.
fn package(number: usize) -> (PackageName, Entry) {
    let (one, other) = (word(number / 7), word(number / 3 + 1));
    let name = format!("@team-{}/{one}-{other}-{number}", number % 40);
    let name: PackageName = name.parse().expect("a name");
    let person = |number: usize| Person {
        name: format!("developer-{}", number % 300),
        email: format!("developer-{}@mail.example", number % 300),
    };
    let summary = Summary {
        version: "1.4.2".to_owned(),
        description: format!(
            "The {one} that all of our applications use for their {other}, with a {} and without surprises",
            word(number / 11)
        ),
        keywords: vec![one.to_owned(), other.to_owned(), format!("team-{}", number % 40)],
        homepage: Some(format!("https://docs.example/packages/{number}")),
        repository: Some(format!("git+https://git.example/team/{one}-{number}.git")),
        publisher: Some(person(number)),
        maintainers: vec![person(number), person(number + 1)],
        date: Some("2026-11-28T12:00:00.000Z".to_owned()),
        ..Summary::default()
    };
    let entry = Entry::of(&name, &summary);
    (name, entry)
}

fn found(index: &Index, text: &str) -> (u64, Vec<String>) {
    let query = Query::parse(text).expect("few words");
    let (mut hits, mut after) = (Hits::of_best(PAGE), None);
    loop {
        after = index.search(after.as_ref(), SLICE, &query, &|_| true, &mut hits);
        if after.is_none() {
            break;
        }
    }
    let page = hits.page(&(0..PAGE));
    (page.total(), page.objects("https://npm.example"))
}

fn search(criterion: &mut Criterion) {
    let mut index = Index::default();
    let mut bytes = 0;
    for number in 0..PACKAGES {
        let (name, entry) = package(number);
        bytes += entry.size() + 2 * name.as_str().len();
        index.put(&name, Some(entry));
    }
    let mut group = criterion.benchmark_group(format!("search in {PACKAGES}, {} MB", bytes >> 20));
    for (what, text) in [
        ("a name", "@team-7/state-router-17"),
        ("a word that a few have", "chart-date"),
        ("a word that all have", "applications"),
        ("a letter", "e"),
        ("words that nobody has", "nobody has this"),
        ("several words", "button state applications team surprises developer"),
        ("a qualifier", "keywords:theme,queue scope:team-3"),
    ] {
        let (count, _) = found(&index, text);
        group.bench_function(format!("{what}: {count}"), |bencher| {
            bencher.iter(|| black_box(found(&index, black_box(text))));
        });
    }
    group.finish();
}

criterion_group!(benches, search);
criterion_main!(benches);
