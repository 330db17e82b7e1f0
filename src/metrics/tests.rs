//! The text: that it is one which Prometheus reads, that it says what was counted, and that the documents name what is in
//! it.
//! Knows nothing of how it is sent.

use super::table::{METRICS, Type};
use super::{Process, render};
use crate::counters::{CacheState, Counters, Held, Kind, Limited, Outcome};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

const DOCUMENT: &str = include_str!("../../docs/metrics.md");
const ALERTS: &str = include_str!("../../conf/prometheus/alerts.yml");
const SCRAPE: &str = include_str!("../../conf/prometheus/scrape.yml");

fn text_of(counters: &Counters, held: Held) -> String {
    let started = UNIX_EPOCH + Duration::from_millis(1_700_000_000_250);
    render(Process { version: "1.2.3", started }, &counters.snapshot(held))
}

/// One of everything.
fn full() -> String {
    let counters = Arc::new(Counters::new(1));
    let took = Duration::from_micros(1500);
    counters.request(Kind::Packument, CacheState::Hit, 200, 100, took);
    counters.request(Kind::Packument, CacheState::Hit, 200, 50, took * 1000);
    counters.request(Kind::Change, CacheState::None, 201, 0, Duration::from_secs(3600));
    counters.request(Kind::Other, CacheState::None, 418, 7, Duration::ZERO);
    counters.asking().ends(Outcome::Success);
    drop(counters.filling());
    counters.answer_broke(true);
    counters.answer_broke(false);
    counters.looked_again(true);
    counters.looked_again(false);
    counters.looked_again(false);
    counters.connection_opened();
    counters.connection_opened();
    counters.connection_closed();
    counters.published();
    counters.limited(Limited::Address);
    counters.ingested(40, took);
    text_of(&counters, Held { in_flight: 3, hosted: 4, disk_limit: 1 << 40, ..Held::default() })
}

/// A line with a number.
#[derive(Debug, PartialEq)]
struct Sample {
    name: String,
    labels: Vec<(String, String)>,
    value: f64,
}

/// A metric as the text has it.
struct Read {
    name: String,
    of: String,
    help: String,
    samples: Vec<Sample>,
}

/// Reads a text as Prometheus does; fails the test where it is none.
fn read(text: &str) -> Vec<Read> {
    assert!(text.ends_with('\n'));
    let mut all: Vec<Read> = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').expect(line);
            let of = lines.next().and_then(|it| it.strip_prefix(&format!("# TYPE {name} ")));
            let of = of.unwrap_or_else(|| panic!("{name} has no type")).to_owned();
            all.push(Read { name: name.to_owned(), of, help: help.to_owned(), samples: vec![] });
            continue;
        }
        let read = all.last_mut().expect("a metric before its samples");
        let sample = sample(line);
        let suffix = sample.name.strip_prefix(&read.name).expect(line);
        let suffixes =
            if read.of == "histogram" { &["_bucket", "_sum", "_count"][..] } else { &[""] };
        assert!(suffixes.contains(&suffix), "{line} below {}", read.name);
        read.samples.push(sample);
    }
    all
}

fn sample(line: &str) -> Sample {
    let (series, value) = line.rsplit_once(' ').expect(line);
    let (name, labels) = match series.split_once('{') {
        Some((name, rest)) => (name, rest.strip_suffix('}').expect(line)),
        None => (series, ""),
    };
    assert!(name.bytes().all(|c| c.is_ascii_lowercase() || c == b'_'), "{line}");
    let pairs = labels.split(',').filter(|pair| !pair.is_empty()).map(|pair| {
        let (label, value) = pair.split_once('=').expect(line);
        let value = value.strip_prefix('"').and_then(|it| it.strip_suffix('"')).expect(line);
        assert!(!value.is_empty() && !value.contains(['"', '\\', '{', '}']), "{line}");
        (label.to_owned(), value.to_owned())
    });
    let labels = pairs.collect();
    Sample { name: name.to_owned(), labels, value: value.parse().expect(line) }
}

/// Values by series, as they stand in the text.
fn values(text: &str) -> BTreeMap<&str, &str> {
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    samples.map(|line| line.rsplit_once(' ').expect(line)).collect()
}

#[test]
fn it_is_a_text_that_prometheus_reads() {
    for text in [full(), text_of(&Counters::new(1), Held::default())] {
        let (read, mut series) = (read(&text), BTreeSet::new());
        let names: Vec<&str> = read.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, METRICS.iter().map(|metric| metric.name).collect::<Vec<_>>());
        for one in &read {
            for sample in &one.samples {
                let new = series.insert(format!("{} {:?}", sample.name, sample.labels));
                assert!(new, "{sample:?} is there twice");
            }
        }
    }
}

#[test]
fn names_follow_the_conventions() {
    for metric in METRICS {
        let name = metric.name;
        assert_eq!(name.ends_with("_total"), metric.of == Type::Counter, "{name}");
        assert_eq!(
            name.ends_with("_seconds"),
            metric.of == Type::Histogram || name.contains("time"),
            "{name}"
        );
        assert!(name.starts_with("nopar_") || name.starts_with("process_"), "{name}");
        assert!(!metric.help.contains(['\\', '\n', '|']), "{name}: {}", metric.help);
    }
}

#[test]
fn it_says_what_was_counted() {
    let text = full();
    let values = values(&text);
    for (series, value) in [
        ("nopar_build_info{version=\"1.2.3\"}", "1"),
        ("process_start_time_seconds", "1700000000.25"),
        ("nopar_requests_total{kind=\"packument\",cache=\"hit\",status=\"200\"}", "2"),
        ("nopar_requests_total{kind=\"change\",cache=\"-\",status=\"201\"}", "1"),
        ("nopar_requests_total{kind=\"other\",cache=\"-\",status=\"4xx\"}", "1"),
        ("nopar_served_bytes_total{kind=\"packument\",cache=\"hit\"}", "150"),
        ("nopar_broken_answers_total{cause=\"client\"}", "1"),
        ("nopar_request_duration_seconds_bucket{cache=\"hit\",le=\"0.001024\"}", "0"),
        ("nopar_request_duration_seconds_bucket{cache=\"hit\",le=\"0.002048\"}", "1"),
        ("nopar_request_duration_seconds_bucket{cache=\"hit\",le=\"+Inf\"}", "2"),
        ("nopar_request_duration_seconds_sum{cache=\"hit\"}", "1.5015"),
        ("nopar_request_duration_seconds_count{cache=\"hit\"}", "2"),
        ("nopar_request_duration_seconds_bucket{cache=\"-\",le=\"67.108864\"}", "1"),
        ("nopar_request_duration_seconds_bucket{cache=\"-\",le=\"+Inf\"}", "2"),
        ("nopar_upstream_requests_total{outcome=\"success\"}", "1"),
        ("nopar_upstream_requests_total{outcome=\"timeout\"}", "0"),
        ("nopar_upstream_request_duration_seconds_count", "1"),
        ("nopar_cache_fills_total{end=\"broken_off\"}", "1"),
        ("nopar_cache_second_looks_total{result=\"found\"}", "1"),
        ("nopar_cache_second_looks_total{result=\"absent\"}", "2"),
        ("nopar_cache_limit_bytes", "1099511627776"),
        ("nopar_packuments_ingest_seconds_total", "0.0015"),
        ("nopar_in_flight", "3"),
        ("nopar_store_packages", "4"),
        ("nopar_publishes_total", "1"),
        ("nopar_limited_total{limit=\"address\"}", "1"),
        ("nopar_limited_total{limit=\"disk\"}", "0"),
        ("nopar_connections", "1"),
        ("nopar_connections_opened_total", "2"),
    ] {
        assert_eq!(values.get(series), Some(&value), "{series}");
    }
}

/// Buckets hold what is in those before them; the last is all that was counted.
#[test]
fn histograms_are_cumulative() {
    let (text, mut series) = (full(), BTreeMap::<_, (Vec<(f64, f64)>, Option<f64>)>::new());
    for sample in
        read(&text).into_iter().filter(|it| it.of == "histogram").flat_map(|it| it.samples)
    {
        let (le, others): (Vec<_>, Vec<_>) =
            sample.labels.into_iter().partition(|(name, _)| name == "le");
        let (name, end) = sample.name.rsplit_once('_').expect("an end");
        let (buckets, count) = series.entry((name.to_owned(), others)).or_default();
        match end {
            "bucket" => buckets.push((le[0].1.parse().expect("a bound"), sample.value)),
            "count" => *count = Some(sample.value),
            _ => assert_eq!(end, "sum"),
        }
    }
    assert_eq!(series.len(), 3, "requests by two states, and those to upstreams");
    for (of, (buckets, count)) in series {
        let grows = |pair: &[(f64, f64)]| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1;
        assert!(buckets.windows(2).all(grows), "{of:?}: {buckets:?}");
        assert_eq!(buckets.last().map(|last| (last.0, Some(last.1))), Some((f64::INFINITY, count)));
    }
}

/// However much was counted, there are so many lines and no more.
#[test]
fn its_length_is_bounded() {
    let counters = Counters::new(1);
    for kind in Kind::ALL {
        for cache in CacheState::ALL {
            for status in 0..600 {
                counters.request(kind, cache, status, u64::from(status), Duration::from_secs(1));
            }
        }
    }
    let text = text_of(&counters, Held::default());
    assert!(text.len() < 1 << 19, "{}", text.len());
}

/// A row of the document's table: name, type, labels, meaning.
fn row(one: &Read) -> String {
    let labels: Vec<&str> = match one.samples.first() {
        Some(sample) => sample.labels.iter().map(|label| label.0.as_str()).collect(),
        None => panic!("{} has no samples here", one.name),
    };
    let labels = labels.iter().filter(|label| **label != "le").map(|it| format!("`{it}`"));
    let labels = labels.collect::<Vec<_>>().join(", ");
    format!("| `{}` | {} | {labels} | {} |", one.name, one.of, one.help)
}

/// The table in the documents is what is sent: nothing is missing in either.
#[test]
fn the_document_says_what_is_sent() {
    let sent: Vec<String> = read(&full()).iter().map(row).collect();
    let table = DOCUMENT.split("\n\n").find(|part| part.starts_with("| name | type |"));
    let told: Vec<&str> = table.expect("a table").lines().skip(2).collect();
    let expected = sent.join("\n");
    assert!(told == sent, "docs/metrics.md must have these rows:\n{expected}");
}

/// Rules and examples speak of what is sent only.
#[test]
fn rules_name_only_what_there_is() {
    let mut known = BTreeSet::new();
    for metric in METRICS {
        match metric.of {
            Type::Histogram => {
                known.extend(
                    ["_bucket", "_sum", "_count"].map(|end| format!("{}{end}", metric.name)),
                );
            }
            _ => drop(known.insert(metric.name.to_owned())),
        }
    }
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    for (file, text) in [("alerts.yml", ALERTS), ("scrape.yml", SCRAPE), ("metrics.md", DOCUMENT)] {
        let words = text.split(|c| !is_of_name(c));
        let named: Vec<&str> = words.filter(|word| word.starts_with("nopar_")).collect();
        assert!(!named.is_empty() || file == "scrape.yml", "{file} names none");
        for name in named {
            let is_table = file == "metrics.md" && METRICS.iter().any(|it| it.name == name);
            assert!(known.contains(name) || is_table, "{file}: {name} is no metric");
        }
    }
}

/// So do the labels that rules choose by, and the words that they choose.
#[test]
fn rules_choose_by_labels_that_there_are() {
    let mut chosen = 0;
    for piece in ALERTS.split("nopar_").skip(1) {
        let name = format!(
            "nopar_{}",
            piece.split(|c: char| !c.is_ascii_lowercase() && c != '_').next().unwrap_or_default()
        );
        let Some(selector) = piece[name.len() - "nopar_".len()..].strip_prefix('{') else {
            continue;
        };
        let selector = selector.split('}').next().unwrap_or_default();
        let whole = name.strip_suffix("_bucket").unwrap_or(&name);
        let metric = METRICS.iter().find(|metric| metric.name == whole).expect(&name);
        for pair in selector.split(',') {
            let (label, words) = pair.split_once('=').expect(pair);
            assert!(metric.labels.contains(&label.trim_end_matches('!')), "{name}: {label}");
            chosen += 1;
            if label == "outcome" {
                for word in words.trim_start_matches('~').trim_matches('"').split('|') {
                    assert!(Outcome::ALL.iter().any(|it| it.as_str() == word), "{name}: {word}");
                }
            }
        }
    }
    assert!(chosen > 0, "no rule chooses anything");
}
