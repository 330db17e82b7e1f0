//! What does it cost to put an entry on disk, and to read it back, of a packument (its prebuilt view) and of
//! tarballs of the usual small sizes?
//!
//! The figures hold what the disk does with a file that is made, renamed and found in the page cache; no file
//! is synced.
//!
//! `cargo bench --bench entry`

#[path = "made/held.rs"]
mod held;
#[path = "made/packument.rs"]
mod packument;

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use held::{Held, UPSTREAM};
use nopar::base_url::BaseUrl;
use nopar::cache::Key;
use nopar::document::{self, CachedDocument, Forms, Order};
use nopar::npm::{Form, PackageName};
use tokio::runtime::{Builder, Runtime};

/// Bytes of packuments, before they are packed: half of all are smaller than the first, one in twenty is
/// larger than the second.
const PACKUMENTS: [usize; 2] = [32_000, 440_000];
/// Bytes of tarballs, by the same rule.
const TARBALLS: [usize; 2] = [7_000, 190_000];

fn packuments(criterion: &mut Criterion) {
    // As the program does.
    nopar::allocator::give_back_large_buffers();
    let (runtime, held) = (runtime(), Held::new());
    let name: PackageName = "bench".parse().expect("it is a name");
    let base = BaseUrl::parse("http://nopar.example:5984").expect("it is a URL");
    let key = Key::packument(UPSTREAM, &name);
    let mut group = criterion.benchmark_group("packument entry");
    for size in PACKUMENTS {
        let sent = packument::packument("bench", size);
        let order =
            Order { name: name.clone(), base: base.clone(), forms: Forms::ALL, limit: u64::MAX };
        let body = document::build(&order, sent, false).expect("it is its packument").body;
        group.bench_function(BenchmarkId::new("write", size), |bencher| {
            bencher.iter(|| runtime.block_on(held.put(&key, &body)));
        });
        group.bench_function(BenchmarkId::new("read view", size), |bencher| {
            bencher.iter(|| runtime.block_on(read_view(&held, &key, &order)));
        });
    }
    group.finish();
}

fn tarballs(criterion: &mut Criterion) {
    let (runtime, held) = (runtime(), Held::new());
    let name: PackageName = "bench".parse().expect("it is a name");
    let key = Key::tarball(UPSTREAM, &name, "bench-1.0.0.tgz");
    let mut group = criterion.benchmark_group("tarball entry");
    for size in TARBALLS {
        // In the pieces a connection gives.
        let pieces = size.div_ceil(16 * 1024);
        let body: Vec<Bytes> =
            (0..pieces).map(|n| Bytes::from(vec![n as u8; size / pieces])).collect();
        group.throughput(Throughput::Bytes(size as u64));
        group.bench_function(BenchmarkId::new("write", size), |bencher| {
            bencher.iter(|| runtime.block_on(held.put(&key, &body)));
        });
        let entry = runtime.block_on(held.entry(&key));
        group.bench_function(BenchmarkId::new("read", size), |bencher| {
            bencher.iter(|| runtime.block_on(held.cache.read_small(&entry)).expect("it is whole"));
        });
    }
    group.finish();
}

/// As the first request after a start does, but that the file's own head is known.
async fn read_view(held: &Held, key: &Key, order: &Order) -> Bytes {
    let document = CachedDocument::open(held.cache, held.entry(key).await).await;
    let document = document.expect("it is whole");
    let view = document.packed(held.cache, &order.name, Form::Abbreviated, &order.base).await;
    view.expect("it is whole").expect("it was built for this base URL")
}

fn runtime() -> Runtime {
    Builder::new_current_thread().build().expect("a runtime without drivers")
}

criterion_group!(benches, packuments, tarballs);
criterion_main!(benches);
