//! Whatever is asked, cold, warm and after a restart: the hot path says what Pingora's way says.
//! Knows nothing of which answers are ready.

use std::collections::BTreeMap;

use super::made::{HOST, Made, PEERS};
use super::{is_hot, upstream};
use crate::support::client::Response;
use crate::support::nopar::TestNopar;
use crate::support::said::Said;
use crate::support::upstream::FakeUpstream;

/// Two that differ in one setting.
struct Pair {
    hot: TestNopar,
    usual: TestNopar,
}

impl Pair {
    async fn start(upstream: &FakeUpstream, env: &[(&str, &str)]) -> Pair {
        let start = |hot_path| {
            let builder = TestNopar::with(upstream).host(HOST).env("NOPAR_HOT_PATH", hot_path);
            env.iter().fold(builder, |builder, (name, value)| builder.env(name, value)).start()
        };
        Pair { hot: start("yes").await, usual: start("no").await }
    }

    async fn restart(&mut self) {
        tokio::join!(self.hot.restart(), self.usual.restart());
    }

    async fn ask(&self, made: &Made, etag: &str) -> [Response; 2] {
        let (hot, usual) = (made.to(self.hot.addr(), etag), made.to(self.usual.addr(), etag));
        tokio::join!(hot.send(), usual.send()).into()
    }

    /// Asks both; how many answers were ready.
    async fn check(&self, made: &Made, etag: &str, when: &str) -> u64 {
        let [hot, usual] = self.ask(made, etag).await;
        let (said, expected) = (Said::from(&hot), Said::from(&usual));
        // Bodies can be large: the message names the request.
        assert!(
            said == expected,
            "{when}, {etag}: {made:?}\n{} {:?}\n{} {:?}",
            said.status,
            said.headers,
            expected.status,
            expected.headers
        );
        assert!(hot.headers.has("age") == usual.headers.has("age"), "{made:?}");
        is_hot(&hot.headers).into()
    }

    /// Both counted the same of these many requests.
    async fn check_counters(&self, requests: u64) {
        let (hot, usual) = tokio::join!(self.hot.counted(requests), self.usual.counted(requests));
        assert_eq!(hot.requests, usual.requests);
        assert_eq!(hot.served, usual.served);
        assert_eq!(hot.latency_where(|_| true).count(), requests);
    }
}

/// Asks everything twice, and once more after a restart.
async fn check(count: usize, env: &[(&str, &str)]) {
    check_all(Made::all(count), env).await;
}

async fn check_all(all: Vec<Made>, env: &[(&str, &str)]) {
    let upstream = upstream().await;
    let mut pair = Pair::start(&upstream, env).await;
    let (mut etags, mut asked, mut hot) = (BTreeMap::new(), 0, 0);
    for (number, made) in all.iter().enumerate().filter(|(_, made)| made.needs_etag()) {
        let [answer, _] = pair.ask(&made.unconditional(), "").await;
        etags.insert(number, answer.header("etag").unwrap_or("\"none\"").to_owned());
        asked += 1;
    }
    for when in ["first", "again", "restarted"] {
        for (number, made) in all.iter().enumerate() {
            let etag = etags.get(&number).map_or("", String::as_str);
            hot += pair.check(made, etag, when).await;
            asked += 1;
        }
        if when == "again" {
            pair.check_counters(asked).await;
            asked = 0;
            pair.restart().await;
        }
    }
    pair.check_counters(asked).await;
    assert!(hot >= all.len() as u64 / 3, "only {hot} answers were ready");
}

/// How many requests are made up; more where there is time.
fn count(usual: usize) -> usize {
    let rounds = std::env::var("NOPAR_TEST_ROUNDS").ok().and_then(|rounds| rounds.parse().ok());
    usual * rounds.unwrap_or(1)
}

/// As it comes from the box.
#[tokio::test]
async fn both_ways_say_the_same() {
    check(count(400), &[]).await;
}

/// Where what proxies say counts, whoever asks.
#[tokio::test]
async fn both_ways_say_the_same_behind_a_trusted_proxy() {
    let all = Made::all_forwarded(count(150));
    check_all(all, &[("NOPAR_TRUSTED_PROXIES", "127.0.0.0/8")]).await;
}

/// Where it counts from one peer, and not from the other.
#[tokio::test]
async fn both_ways_say_the_same_beside_a_trusted_proxy() {
    let [_, proxy] = PEERS;
    let all = Made::all_forwarded(count(150));
    check_all(all, &[("NOPAR_TRUSTED_PROXIES", &proxy.to_string())]).await;
}

/// Where the base URL is configured, and has a path.
#[tokio::test]
async fn both_ways_say_the_same_below_a_prefix() {
    check(count(150), &[("NOPAR_BASE_URL", "https://front.test/prefix")]).await;
}

/// Where a tarball is not sent before its packument said what it should be.
#[tokio::test]
async fn both_ways_say_the_same_where_every_tarball_is_verified() {
    check(count(100), &[("NOPAR_VERIFY", "always")]).await;
}
