//! What does a cold packument cost NOPAR itself, from the upstream's bytes to an entry's body, for packuments
//! from 1 KB to 20 MB? And which part of that is parsing, each view, and gzip?
//!
//! `cargo bench --bench ingest`

#[path = "made/gzip.rs"]
mod gzip;
#[path = "made/packument.rs"]
mod packument;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use nopar::allocator;
use nopar::base_url::BaseUrl;
use nopar::document::{self, Forms, Order};
use nopar::npm::{Document, Form, PackageName};

/// Bytes of packuments, unpacked.
const SIZES: [usize; 5] = [1_000, 30_000, 400_000, 3_000_000, 20_000_000];

fn ingest(criterion: &mut Criterion) {
    // As the program does.
    allocator::give_back_large_buffers();
    let name: PackageName = "bench".parse().expect("it is a name");
    let base = BaseUrl::parse("http://nopar.example:5984").expect("it is a URL");
    let mut group = criterion.benchmark_group("ingest");
    group.sample_size(10);
    for size in SIZES {
        let text = packument::packument("bench", size);
        group.throughput(Throughput::Bytes(text.len() as u64));
        let packed = gzip::gzip(&text);
        for (what, forms) in [
            ("with both views", Forms::ALL),
            ("with the full view", Form::Full.into()),
            ("with the abbreviated view", Form::Abbreviated.into()),
        ] {
            let order = Order { name: name.clone(), base: base.clone(), forms, limit: u64::MAX };
            group.bench_function(BenchmarkId::new(what, size), |bencher| {
                bencher.iter(|| {
                    let built = document::build(&order, packed.clone(), true);
                    built.expect("it is its packument")
                });
            });
        }
    }
    group.finish();
}

fn parts(criterion: &mut Criterion) {
    let name: PackageName = "bench".parse().expect("it is a name");
    let base = BaseUrl::parse("http://nopar.example:5984").expect("it is a URL");
    let mut group = criterion.benchmark_group("parts of ingest");
    group.sample_size(10);
    for size in SIZES {
        let text = packument::packument("bench", size);
        let parsed = Document::parse(&text).expect("it is a document");
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(BenchmarkId::new("parse", size), |bencher| {
            bencher.iter(|| Document::parse(&text).expect("it is a document"));
        });
        group.bench_function(BenchmarkId::new("index", size), |bencher| {
            bencher.iter(|| parsed.index());
        });
        for (form, called) in [(Form::Full, "full"), (Form::Abbreviated, "abbreviated")] {
            group.bench_function(BenchmarkId::new(format!("{called} view"), size), |bencher| {
                bencher.iter(|| parsed.template(&name, form));
            });
            group.bench_function(BenchmarkId::new(format!("{called} digest"), size), |bencher| {
                bencher.iter(|| parsed.digest(&name, form));
            });
            let template = parsed.template(&name, form);
            group.bench_function(BenchmarkId::new(format!("{called} gzip"), size), |bencher| {
                bencher.iter(|| document::pack_template(&template, base.as_str()));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, ingest, parts);
criterion_main!(benches);
