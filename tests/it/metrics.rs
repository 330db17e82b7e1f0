//! Metrics over HTTP: where they are, that they are nowhere unless asked for, and what their sums are.
//! Knows nothing of how they are counted.

mod sums;

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};

use crate::support::binary::Binary;
use crate::support::client::{Request, get};
use crate::support::upstream::FakeUpstream;

/// The setting, with a free port.
const LISTEN: (&str, &str) = ("NOPAR_METRICS_LISTEN", "127.0.0.1:0");
/// What it says where they are.
const TOLD: &str = "metrics at http://";

/// Where the metrics of a process are.
async fn metrics_of(binary: &Binary) -> SocketAddr {
    let line = binary.says(TOLD).await;
    let (_, rest) = line.split_once(TOLD).expect("it was looked for");
    // Where lines are JSON, more follows.
    let addr = rest.split('/').next().unwrap_or_default().parse();
    addr.unwrap_or_else(|error| panic!("no address in {line:?}: {error}"))
}

/// A number of the text, with its name and labels.
struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

impl Sample {
    /// The values of these labels.
    fn of<const N: usize>(&self, labels: [&str; N]) -> [String; N] {
        labels.map(|label| self.labels.get(label).expect("a label").clone())
    }
}

/// What is in a text.
fn samples(text: &str) -> Vec<Sample> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let sample = |line: &str| {
        let (series, value) = line.rsplit_once(' ').expect("a value");
        let (name, labels) = series.trim_end_matches('}').split_once('{').unwrap_or((series, ""));
        let pairs = labels.split(',').filter_map(|pair| pair.split_once('='));
        let pairs =
            pairs.map(|(label, text)| (label.to_owned(), text.trim_matches('"').to_owned()));
        let value = value.parse().expect("a number");
        Sample { name: name.to_owned(), labels: pairs.collect(), value }
    };
    lines.map(sample).collect()
}

/// The sum of a metric.
fn sum(samples: &[Sample], name: &str) -> f64 {
    samples.iter().filter(|sample| sample.name == name).map(|sample| sample.value).sum()
}

#[tokio::test]
async fn metrics_have_a_listener_of_their_own() {
    let upstream = FakeUpstream::start().await;
    upstream.package("a").version("1.0.0", |v| v);
    let (binary, addr) = Binary::serving(&upstream.url(), &[LISTEN]).await;
    let metrics = metrics_of(&binary).await;
    assert_ne!(metrics, addr);
    get(addr, "/a").await.expect(200);
    let answer = get(metrics, "/metrics").await.expect(200);
    let of = Some("text/plain; version=0.0.4; charset=utf-8");
    assert_eq!(answer.header("content-type"), of);
    let samples = samples(&answer.text());
    assert_eq!(sum(&samples, "nopar_build_info"), 1.0);
    assert_eq!(sum(&samples, "nopar_cache_fills_total"), 1.0);
    assert_eq!(sum(&samples, "nopar_cache_entries"), 1.0);
    assert!(sum(&samples, "process_start_time_seconds") > 1.7e9);
    assert!(sum(&samples, "nopar_memory_limit_bytes") > 0.0);
    let head = Request::new(metrics, "HEAD", "/metrics").send().await.expect(200);
    assert_eq!((head.header("content-type"), head.raw_len), (of, 0));
    get(metrics, "/a").await.expect(404);
    let posted = Request::new(metrics, "POST", "/metrics").body("x").send().await.expect(405);
    assert_eq!(posted.header("allow"), Some("GET, HEAD"));
    assert!(!binary.stderr().contains("everyone who reaches"), "{}", binary.stderr());
    binary.signal("TERM");
    assert!(binary.ended().await.success);
}

#[tokio::test]
async fn there_are_none_unless_they_are_asked_for() {
    let upstream = FakeUpstream::start().await;
    let (binary, addr) = Binary::serving(&upstream.url(), &[]).await;
    get(addr, "/-/ping").await.expect(200);
    binary.signal("TERM");
    let said = binary.ended().await.stderr;
    assert!(!said.contains("metrics"), "{said}");
}

/// It is known before anybody is served.
#[tokio::test]
async fn an_address_in_use_is_an_error_at_start() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let ended = Binary::start(&[], &[("NOPAR_PORT", "0"), (LISTEN.0, &address)]).ended().await;
    let said = ended.stderr;
    assert!(!ended.success, "{said}");
    assert!(said.contains(&format!("cannot listen on {address}: ")), "{said}");
    assert!(said.contains("(NOPAR_METRICS_LISTEN)"), "{said}");
    assert!(!said.contains("listening on http"), "{said}");
}

/// Metrics ask nobody who they are, so it is told where others reach them.
#[tokio::test]
async fn a_listener_that_others_reach_is_warned_of() {
    let env = [("NOPAR_PORT", "0"), (LISTEN.0, "0.0.0.0:0")];
    let binary = Binary::start(&[], &env);
    binary.listening().await;
    let line = binary.says("everyone who reaches this address may read them").await;
    assert!(line.contains(" WARN ") && line.contains("metrics at 0.0.0.0:"), "{line}");
}
