//! What does it cost to read a request's path, and its headers as far as they decide what is sent?
//!
//! `cargo bench --bench route`

use criterion::{Criterion, criterion_group, criterion_main};
use http::Method;
use http::header::{HOST, HeaderMap, HeaderValue};
use nopar::base_url::BaseUrl;
use nopar::negotiate;
use nopar::route::Route;
use std::hint::black_box;

/// Paths as package managers spell them, and as strangers do.
const PATHS: [(&str, &str); 8] = [
    ("packument", "/lodash"),
    ("scoped", "/@types%2fnode"),
    ("scoped, plain slash", "/@types/node"),
    ("tarball", "/lodash/-/lodash-4.17.21.tgz"),
    ("scoped tarball", "/@babel/plugin-transform-runtime/-/plugin-transform-runtime-7.25.9.tgz"),
    ("manifest", "/lodash/latest"),
    ("ping", "/-/ping"),
    ("refused", "/lodash/%2e%2e/etc/passwd"),
];

const ACCEPT: &str = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*";

fn paths(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("route");
    for (what, path) in PATHS {
        group.bench_function(what, |bencher| {
            bencher.iter(|| Route::parse(&Method::GET, black_box(path.as_bytes()), ""));
        });
    }
    group.finish();
}

fn headers(criterion: &mut Criterion) {
    let mut headers = HeaderMap::new();
    headers.insert(HOST, HeaderValue::from_static("nopar.example:5984"));
    let mut group = criterion.benchmark_group("headers");
    group.bench_function("base URL", |bencher| {
        bencher.iter(|| BaseUrl::of_request(None, false, false, black_box(&headers), None, None));
    });
    group.bench_function("form", |bencher| {
        bencher.iter(|| negotiate::form(black_box(Some(ACCEPT))));
    });
    group.bench_function("encoding", |bencher| {
        bencher.iter(|| negotiate::encoding(black_box(Some("gzip, deflate, br"))));
    });
    group.finish();
}

criterion_group!(benches, paths, headers);
criterion_main!(benches);
