//! What does a request for a packument that is fresh and in memory cost, from its target and headers to the
//! ready view, and which part of that are the two lookups, in the cache's index and in the memory tier?
//!
//! `cargo bench --bench lookup`

#[path = "made/held.rs"]
mod held;
#[path = "made/hot.rs"]
mod hot;
#[path = "made/packument.rs"]
mod packument;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use hot::Hot;
use nopar::route::Route;
use std::hint::black_box;
use tokio::runtime::Builder;

/// Packages held: as many as a project's lock file names.
const PACKAGES: usize = 1000;

fn lookup(criterion: &mut Criterion) {
    // As the program does.
    nopar::allocator::give_back_large_buffers();
    let runtime = Builder::new_current_thread().build().expect("a runtime without drivers");
    let hot = runtime.block_on(Hot::new(PACKAGES));
    let mut targets = hot.targets.iter().cycle();
    let mut next = || targets.next().expect("a cycle has no end");
    let mut group = criterion.benchmark_group("lookup");
    group.bench_function("target and headers to view", |bencher| {
        bencher.iter(|| runtime.block_on(hot.view(black_box(next()))));
    });
    group.bench_function("ask to view", |bencher| {
        let asks = || match hot::route(next(), &hot.base()) {
            Route::Packument { name } => hot.ask(name, hot.base()),
            other => panic!("{other:?} is no packument"),
        };
        bencher.iter_batched(asks, |ask| runtime.block_on(hot.lookup(ask)), BatchSize::SmallInput);
    });
    group.finish();
}

criterion_group!(benches, lookup);
criterion_main!(benches);
