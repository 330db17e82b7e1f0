//! What does a request's log line cost the thread that serves it?
//!
//! `cargo bench --bench access_log`

use criterion::{Criterion, criterion_group, criterion_main};
use nopar::access_log::{Line, RequestId};
use nopar::config::{Config, LogFormat, Sources};
use nopar::telemetry;
use std::hint::black_box;
use std::time::Duration;

/// Lines of hits as they are most common, of a client that asks for a scoped package, and of a miss.
const TARGETS: [(&str, &str, Option<Duration>); 4] = [
    ("packument", "/lodash", None),
    ("scoped", "/@types%2fnode", None),
    ("tarball", "/@babel/core/-/core-7.24.0.tgz", None),
    ("miss", "/lodash", Some(Duration::from_micros(23_456))),
];

/// What npm calls itself.
const AGENT: &[u8] = b"npm/11.6.2 node/v24.11.1 linux x64 workspaces/false ci/github-actions";

fn access_log(criterion: &mut Criterion) {
    let env = [("NOPAR_LOGFILE".to_owned(), "/dev/null".to_owned())];
    let sources = Sources { env: env.into(), ..Sources::default() };
    let config = Config::load(&sources).expect("it is valid");
    let _log = telemetry::start(&config.log).expect("it can be written");
    let mut group = criterion.benchmark_group("access_log");
    for (name, target, upstream) in TARGETS {
        let line = Line {
            method: "GET",
            target,
            status: 200,
            bytes: 40_123,
            duration: Duration::from_micros(87),
            cache: "hit",
            upstream,
            client: "192.168.100.10:45678".parse().ok(),
            error: None,
            kind: "packument",
            id: &RequestId::made(),
            caller: None,
            agent: Some(AGENT),
        };
        for (format, suffix) in [(LogFormat::Text, ""), (LogFormat::Json, " as JSON")] {
            telemetry::set_format(format);
            let name = format!("{name}{suffix}");
            group.bench_function(name, |bencher| bencher.iter(|| black_box(&line).write()));
        }
    }
    group.finish();
}

criterion_group!(benches, access_log);
criterion_main!(benches);
