//! What does a cold packument cost NOPAR itself: from the upstream's bytes to an entry's body, and to
//! another base URL's view, for packuments from 1 KB to 20 MB?
//!
//! `cargo bench --bench ingest`

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use nopar::base_url::BaseUrl;
use nopar::document;
use nopar::npm::{Document, Form, PackageName};
use std::fmt::Write;
use std::hint::black_box;

/// Numbers of versions that give about 1 KB, 30 KB, 400 KB and 20 MB.
const VERSIONS: [usize; 4] = [1, 30, 400, 20_000];

/// A packument of `versions` versions, each about 1 KB, as registries write them.
fn packument(versions: usize) -> String {
    let mut text = String::from(
        r#"{"_id":"bench","name":"bench","dist-tags":{"latest":"1.0.0"},"versions":{"#,
    );
    for n in 0..versions {
        let comma = if n == 0 { "" } else { "," };
        let filler = format!(
            "{:x}",
            (n as u128 + 7).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
        )
        .repeat(10);
        let _ = write!(
            text,
            r#"{comma}"1.0.{n}":{{"name":"bench","version":"1.0.{n}","description":"{filler}","scripts":{{"test":"node test"}},"dependencies":{{"a":"^1.{n}.0","b":"~2.0.{n}"}},"dist":{{"integrity":"sha512-{filler}","shasum":"0123456789012345678901234567890123456789","tarball":"https://registry.example/bench/-/bench-1.0.{n}.tgz","fileCount":{n}}},"_npmUser":{{"name":"someone"}}}}"#
        );
    }
    text.push_str("},\"time\":{\"modified\":\"2026-01-01T00:00:00.000Z\"");
    (0..versions).for_each(|n| {
        let _ = write!(text, r#","1.0.{n}":"2026-01-01T00:00:00.000Z""#);
    });
    text.push_str("}}");
    text
}

fn ingest(criterion: &mut Criterion) {
    let name: PackageName = "bench".parse().expect("it is a name");
    let base = BaseUrl::parse("http://registry.example:5984").expect("it is a URL");
    let mut group = criterion.benchmark_group("ingest");
    group.sample_size(10);
    for versions in VERSIONS {
        let sent = Bytes::from(packument(versions));
        group.throughput(Throughput::Bytes(sent.len() as u64));
        group.bench_function(BenchmarkId::new("build", sent.len()), |bencher| {
            bencher.iter(|| {
                document::build(&name, sent.clone(), false, &base, u64::MAX)
                    .expect("it is its packument")
            });
        });
        group.bench_function(BenchmarkId::new("render", sent.len()), |bencher| {
            bencher.iter(|| {
                let document = Document::parse(&sent).expect("it is a document");
                black_box(document.template(&name, Form::Abbreviated).fill(base.as_str()))
            });
        });
    }
    group.finish();
}

criterion_group!(benches, ingest);
criterion_main!(benches);
