//! What does a request for a packument that is fresh and in memory cost, from the bytes of its head to the
//! head and body of the answer, and which part of that is reading the head?
//!
//! `cargo bench --bench lookup`

#[path = "made/held.rs"]
mod held;
#[path = "made/hot.rs"]
mod hot;
#[path = "made/packument.rs"]
mod packument;

use criterion::{Criterion, criterion_group, criterion_main};
use hot::Hot;
use std::hint::black_box;
use tokio::runtime::Builder;

/// Packages held: as many as a project's lock file names.
const PACKAGES: usize = 1000;

fn lookup(criterion: &mut Criterion) {
    // As the program does.
    nopar::allocator::give_back_large_buffers();
    let runtime = Builder::new_current_thread().build().expect("a runtime without drivers");
    let mut hot = runtime.block_on(Hot::new(PACKAGES));
    let mut numbers = (0..PACKAGES).cycle();
    let mut next = || numbers.next().expect("a cycle has no end");
    let mut group = criterion.benchmark_group("lookup");
    group.bench_function("head of a request to answer", |bencher| {
        bencher.iter(|| black_box(hot.answer(next())));
    });
    group.bench_function("head of a request to what it says", |bencher| {
        bencher.iter(|| {
            black_box(hot::plain(black_box(&hot.requests[next()])));
        });
    });
    group.finish();
}

criterion_group!(benches, lookup);
criterion_main!(benches);
