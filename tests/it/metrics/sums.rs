//! The sums of what is counted, after requests of all sorts in any order: what a client counted, and what the access log
//! says.
//! Knows nothing of what the answers are but by their heads.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;
use tokio::runtime::Runtime;

use super::{LISTEN, Sample, metrics_of, samples, sum};
use crate::support::binary::Binary;
use crate::support::client::{Connection, Request, Response, get};
use crate::support::deadline::once;
use crate::support::publish::Publish;
use crate::support::upstream::FakeUpstream;

/// How many mixes are tried: each is a process.
const CASES: u32 = 4;
const TARBALL: &str = "/a/-/a-1.0.0.tgz";

/// A request.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// A miss or a hit.
    Packument,
    Head,
    /// With the ETag that it has.
    NotModified,
    Confirmed,
    Tarball,
    Range,
    /// Of an upstream, remembered or not.
    Absent,
    Publish,
    /// Of a version that is there, or of one that cannot be.
    Refused,
    Hosted,
    Ping,
    Health,
    Ready,
    Page,
    Method,
    BadPath,
    /// A head that is no request.
    Junk,
}

const STEPS: [Step; 17] = [
    Step::Packument,
    Step::Head,
    Step::NotModified,
    Step::Confirmed,
    Step::Tarball,
    Step::Range,
    Step::Absent,
    Step::Publish,
    Step::Refused,
    Step::Hosted,
    Step::Ping,
    Step::Health,
    Step::Ready,
    Step::Page,
    Step::Method,
    Step::BadPath,
    Step::Junk,
];

/// How the log looks.
#[derive(Clone, Copy, Debug)]
enum Format {
    Text,
    Json,
}

/// How many answers there were by kind, cache state and status, and how many bytes of bodies.
#[derive(Debug, Default, PartialEq)]
struct Sums {
    answers: BTreeMap<[String; 3], u64>,
    bytes: u64,
}

impl Sums {
    fn add(&mut self, sort: [&str; 3], count: u64) {
        *self.answers.entry(sort.map(str::to_owned)).or_default() += count;
    }

    /// As a client sees them, who knows no kinds.
    fn without_kinds(&self) -> Sums {
        let mut sums = Sums { bytes: self.bytes, ..Sums::default() };
        for ([_, cache, status], count) in &self.answers {
            sums.add(["", cache, status], *count);
        }
        sums
    }

    fn note(&mut self, answer: &Response) {
        let cache = answer.header("x-cache").unwrap_or("-");
        self.add(["", cache, &answer.status.to_string()], 1);
        self.bytes += answer.raw_len as u64;
    }

    fn all(&self) -> u64 {
        self.answers.values().sum()
    }

    /// The same by metrics.
    fn counted(samples: &[Sample]) -> Sums {
        let mut sums = Sums::default();
        for sample in samples.iter().filter(|sample| sample.name == "nopar_requests_total") {
            let sort = sample.of(["kind", "cache", "status"]);
            sums.add(sort.each_ref().map(String::as_str), sample.value as u64);
        }
        sums.bytes = sum(samples, "nopar_served_bytes_total") as u64;
        sums
    }

    /// The same by lines of the access log.
    fn logged(format: Format, lines: &[String]) -> Sums {
        let mut sums = Sums::default();
        for line in lines {
            let (sort, bytes) = match format {
                Format::Text => of_text(line),
                Format::Json => of_json(line),
            };
            sums.add(sort.each_ref().map(String::as_str), 1);
            sums.bytes += bytes;
        }
        sums
    }
}

/// `METHOD PATH STATUS BYTESb DURATIONms CACHE … kind=KIND …`.
fn of_text(line: &str) -> ([String; 3], u64) {
    let (_, line) = line.split_once("access] ").expect("it was looked for");
    let words: Vec<&str> = line.split(' ').collect();
    let bytes = words[3].strip_suffix('b').and_then(|it| it.parse::<u64>().ok());
    let kind = words.iter().find_map(|word| word.strip_prefix("kind=")).expect(line);
    ([kind, words[5], words[2]].map(str::to_owned), bytes.expect(line))
}

fn of_json(line: &str) -> ([String; 3], u64) {
    let line: Value = serde_json::from_str(line).expect(line);
    let text = |key: &str| line[key].as_str().expect(key).to_owned();
    let bytes = line["bytes"].as_u64().expect("a number");
    ([text("kind"), text("cache"), line["status"].to_string()], bytes)
}

/// A client that counts.
struct Client {
    addr: SocketAddr,
    etag: String,
    published: u64,
    seen: Sums,
}

impl Client {
    async fn take(&mut self, step: Step) {
        let to = |path: &str| Request::get(self.addr, path);
        let request = match step {
            Step::Packument => to("/a"),
            Step::Head => to("/a").method("HEAD"),
            Step::NotModified => to("/a").header("If-None-Match", &self.etag),
            Step::Confirmed => to("/a").header("Cache-Control", "no-cache"),
            Step::Tarball => to(TARBALL),
            Step::Range => to(TARBALL).header("Range", "bytes=0-9"),
            Step::Absent => to("/absent"),
            Step::Publish => {
                self.published += 1;
                Publish::of("@acme/own", &format!("{}.0.0", self.published)).to(self.addr)
            }
            // Of the upstream's own name before there is a version, which is refused as well.
            Step::Refused if self.published == 0 => Publish::of("a", "2.0.0").to(self.addr),
            Step::Refused => Publish::of("@acme/own", "1.0.0").to(self.addr),
            Step::Hosted => to("/@acme%2fown"),
            Step::Ping => to("/-/ping"),
            Step::Health => to("/-/health"),
            Step::Ready => to("/-/ready"),
            Step::Page => to("/").header("Accept", "text/html"),
            Step::Method => to("/a").method("POST"),
            Step::BadPath => to("/a%2"),
            Step::Junk => return self.junk().await,
        };
        let answer = request.send().await;
        assert!(answer.complete, "{step:?}: {:?}", answer.fault);
        match step {
            Step::NotModified => assert_eq!(answer.status, 304),
            Step::Publish => assert_eq!(answer.status, 201),
            Step::Refused => assert!(matches!(answer.status, 400..=499), "{}", answer.status),
            Step::Method => assert_eq!(answer.status, 405),
            _ => {}
        }
        self.seen.note(&answer);
    }

    async fn junk(&mut self) {
        let mut connection = Connection::open(self.addr).await.expect("a connection");
        connection.send_bytes(b"what is this\r\n\r\n").await.expect("sent");
        let answer = connection.receive().await.expect("an answer").expect(400);
        self.seen.note(&answer);
    }
}

/// What was counted, once it is as many.
async fn counted(metrics: SocketAddr, all: u64) -> Vec<Sample> {
    once("the number of requests", async || {
        let samples = samples(&get(metrics, "/metrics").await.expect(200).text());
        match sum(&samples, "nopar_requests_total") {
            found if found as u64 == all => Ok(samples),
            found => Err(format!("{found} of {all}")),
        }
    })
    .await
}

async fn check(format: Format, steps: Vec<Step>) {
    let upstream = FakeUpstream::start().await;
    upstream.package("a").version("1.0.0", |v| v.tarball_size(1000));
    let (format_of_log, access) = match format {
        Format::Text => ("text", "access] "),
        Format::Json => ("json", "\"target\":\"access\""),
    };
    let env = [LISTEN, ("NOPAR_LOG_FORMAT", format_of_log)];
    let (binary, addr) = Binary::serving(&upstream.url(), &env).await;
    let metrics = metrics_of(&binary).await;
    let first = get(addr, "/a").await.expect(200);
    let etag = first.header("etag").expect("an ETag").to_owned();
    let mut client = Client { addr, etag, published: 0, seen: Sums::default() };
    client.seen.note(&first);
    for step in steps {
        client.take(step).await;
    }
    // A name is known to be this registry's own when it is first asked for.
    client.take(Step::Hosted).await;
    let (seen, all) = (&client.seen, client.seen.all());
    let samples = counted(metrics, all).await;
    let counted = Sums::counted(&samples);
    assert_eq!(&counted.without_kinds(), seen, "by metrics");
    assert_eq!(sum(&samples, "nopar_request_duration_seconds_count") as u64, all);
    assert_eq!(sum(&samples, "nopar_publishes_total") as u64, client.published);
    assert_eq!(sum(&samples, "nopar_store_packages") as u64, client.published.min(1));
    assert_eq!(sum(&samples, "nopar_store_versions") as u64, client.published);
    assert_eq!(sum(&samples, "nopar_store_bytes") > 0.0, client.published > 0);
    let lines = binary.says_times(all as usize, access).await;
    assert_eq!(Sums::logged(format, &lines), counted, "by the access log");
}

/// Whatever was asked for in whichever order.
#[test]
fn sums_are_what_clients_counted_and_the_log_says() {
    let config = Config {
        cases: CASES,
        max_shrink_iters: 8,
        failure_persistence: None,
        ..Config::default()
    };
    let runtime = Runtime::new().expect("a runtime");
    let steps = prop::collection::vec(prop::sample::select(STEPS.to_vec()), 0..40);
    let formats = prop::sample::select(vec![Format::Text, Format::Json]);
    let checked = TestRunner::new(config).run(&(formats, steps), |(format, steps)| {
        runtime.block_on(check(format, steps));
        Ok(())
    });
    checked.unwrap_or_else(|error| panic!("{error}"));
}

/// Each of them, whatever chance leaves out.
#[tokio::test]
async fn sums_are_right_of_each_sort() {
    for format in [Format::Text, Format::Json] {
        check(format, STEPS.iter().chain(&STEPS).copied().collect()).await;
    }
}
