//! What does it cost to know which packages are held: to look at the files of 10,000 packages after a start, to make a
//! listing of them, to search in it, and to find who needs a package?
//!
//! `cargo bench --bench catalogue`

#[path = "made/held.rs"]
mod held;
#[path = "made/words.rs"]
mod words;

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use held::{Held, UPSTREAM};
use nopar::base_url::BaseUrl;
use nopar::cache::Key;
use nopar::catalogue::{Catalogue, Listing};
use nopar::clock::Clock;
use nopar::document::{self, Forms, Order};
use nopar::npm::PackageName;
use nopar::search::Query;
use std::fmt::Write;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;
use tokio::runtime::Builder;
use words::word;

/// As many as a company has that has installed everything.
const PACKAGES: usize = 10_000;
/// Tarballs that are held of each.
const TARBALLS: usize = 2;
/// What a latest version depends on, about.
const NEEDS: usize = 8;

fn name(number: usize) -> String {
    let (one, other) = (word(number / 7), word(number / 3 + 1));
    match number % 3 {
        0 => format!("@scope-{}/{one}-{other}-{number}", number % 40),
        _ => format!("{one}-{other}-{number}"),
    }
}

fn packument(number: usize) -> String {
    let mut needs = String::new();
    for other in (0..number % (2 * NEEDS)).map(|n| (number * 31 + n * 97) % PACKAGES) {
        let comma = if needs.is_empty() { "" } else { "," };
        let _ = write!(needs, r#"{comma}"{}":"^1.{}.0""#, name(other), other % 10);
    }
    format!(
        r#"{{"name":"{0}","dist-tags":{{"latest":"1.0.0"}},"versions":{{"1.0.0":{{"description":
        "The {1} that applications use for their {2}, without surprises","dependencies":{{{needs}}}}}}}}}"#,
        name(number),
        word(number),
        word(number / 5)
    )
}

async fn fill(held: &Held) {
    for number in 0..PACKAGES {
        let name: PackageName = name(number).parse().expect("a name");
        let base = BaseUrl::parse("http://nopar.example:5984").expect("a URL");
        let order = Order { name: name.clone(), base, forms: Forms::ALL, limit: u64::MAX };
        let built = document::build(&order, Bytes::from(packument(number)), false);
        let packument = Key::packument(UPSTREAM, &name);
        held.put(&packument, &built.expect("a packument").body).await;
        let entry = held.entry(&packument).await;
        held.cache.used(&entry);
        for version in 0..TARBALLS {
            let file = format!("{}-{version}.0.0.tgz", name.basename());
            let key = Key::tarball(UPSTREAM, &name, &file);
            held.put(&key, &[Bytes::from_static(&[7; 512])]).await;
        }
    }
}

/// A catalogue of all that is held, and how long it took to look at it.
fn catalogue(held: &Held) -> Arc<Catalogue> {
    let catalogue = Catalogue::new(held.cache, Clock::system(), |_, root| root == UPSTREAM);
    let catalogue = Arc::new(catalogue);
    let (since, mut follower) = (Instant::now(), catalogue.follower());
    while follower.step() {}
    let (files, took) = (held.cache.len(), since.elapsed());
    eprintln!("{files} files were looked at in {took:?}, {:?} each", took / files as u32);
    catalogue
}

fn search(listing: &Listing, text: &str) -> usize {
    listing.search(&Query::parse(text).expect("few words")).len()
}

fn benches(criterion: &mut Criterion) {
    let runtime = Builder::new_multi_thread().worker_threads(1).build().expect("a runtime");
    let held = Held::new();
    runtime.block_on(fill(&held));
    let catalogue = catalogue(&held);
    let listing = catalogue.listing_now();
    assert_eq!(listing.len(), PACKAGES);
    let mut group = criterion.benchmark_group(format!("{PACKAGES} packages are held"));
    group.bench_function("a listing is made", |bencher| {
        bencher.iter(|| black_box(catalogue.listing_now()));
    });
    group.bench_function("a listing is there", |bencher| {
        bencher.iter(|| black_box(catalogue.listing()));
    });
    for text in ["chart-date", "applications", "e", "nobody has this", "*"] {
        let count = search(&listing, text);
        group.bench_function(format!("search {text}: {count}"), |bencher| {
            bencher.iter(|| black_box(search(&listing, black_box(text))));
        });
    }
    let needed: PackageName = name(9700).parse().expect("a name");
    let count = listing.dependents(&needed).len();
    group.bench_function(format!("dependents: {count}"), |bencher| {
        bencher.iter(|| black_box(listing.dependents(black_box(&needed)).len()));
    });
    group.bench_function("find", |bencher| {
        bencher.iter(|| black_box(listing.find(black_box(&needed)).is_some()));
    });
    group.finish();
}

criterion_group!(catalogue_benches, benches);
criterion_main!(catalogue_benches);
