//! The access log does not tell which way an answer took.
//! Knows nothing of counters.

use super::made::Made;
use super::{tarball, upstream};
use crate::support::binary::Binary;
use crate::support::client::Connection;
use crate::support::upstream::FakeUpstream;

const ASKED: usize = 150;

/// What may be a client's name.
const AGENT: &[u8] = b"npm/11 \"node\" error=x \xff";

/// The lines of all requests, without times and ports, in order of their words: two threads may be done
/// in another order than they began.
async fn lines(upstream: &FakeUpstream, hot_path: &str) -> Vec<String> {
    let (binary, addr) = Binary::serving(&upstream.url(), &[("NOPAR_HOT_PATH", hot_path)]).await;
    for _ in 0..2 {
        for made in Made::all(ASKED) {
            made.to(addr, "\"none\"").header("User-Agent", AGENT).send().await;
        }
    }
    let lines = binary.says_times(2 * ASKED, "access] ").await;
    assert_eq!(lines.len(), 2 * ASKED);
    let mut lines: Vec<_> = lines.iter().map(|line| words(line)).collect();
    lines.sort();
    lines
}

/// `METHOD PATH STATUS BYTESb … CACHE …[ error=WORD] kind=KIND … caller=… agent=…`.
fn words(line: &str) -> String {
    let (_, line) = line.split_once("access] ").expect("it was looked for");
    let (line, agent) = line.split_once(" agent=").expect("it is the last one");
    let words: Vec<_> = line.split(' ').collect();
    let mut kept = [&words[..4], &words[5..6]].concat();
    let is_kept =
        |word: &&str| ["error=", "kind=", "caller="].iter().any(|it| word.starts_with(it));
    kept.extend(words.iter().copied().filter(is_kept));
    kept.push(agent);
    kept.join(" ")
}

/// Kinds, statuses, bytes and cache words are those of Pingora's way.
#[tokio::test]
async fn both_ways_are_logged_alike() {
    let upstream = upstream().await;
    let (hot, usual) = tokio::join!(lines(&upstream, "yes"), lines(&upstream, "no"));
    assert_eq!(hot, usual);
    let named = hot.iter().filter(|line| line.ends_with(r#" "npm/11 \"node\" error=x \xff""#));
    // The others are no requests.
    assert!(named.count() > ASKED);
}

/// A client that leaves in the middle of its answer is named in its line; the next one is served.
#[tokio::test]
async fn a_client_that_leaves_in_the_middle_is_logged() {
    let upstream = FakeUpstream::start().await;
    upstream.package("a").version("1.0.0", |v| v.tarball_size(super::readers::LARGE));
    let (binary, addr) = Binary::serving(&upstream.url(), &[]).await;
    super::warm(addr, &tarball("a")).await;
    let mut leaving = Connection::open_narrow(addr, 64 << 10).await.expect("a connection");
    leaving.send_bytes(super::readers::ask(addr, "a").as_bytes()).await.expect("sent");
    assert!(super::is_hot(&leaving.receive_head().await.expect("a head").headers));
    leaving.receive_body(100_000).await.expect("a beginning");
    let from = leaving.local_addr();
    leaving.reset();
    let line = binary.says("error=client_gone").await;
    assert!(line.contains(&from.to_string()), "{line}");
    let sent: usize = words(&line)
        .split(' ')
        .nth(3)
        .and_then(|it| it.strip_suffix('b')?.parse().ok())
        .expect("bytes");
    assert!((100_000..super::readers::LARGE).contains(&sent), "{line}");
    let next = super::warm(addr, &tarball("a")).await;
    assert!(next.body == upstream.tarball("a", "1.0.0"));
    assert!(!binary.stderr().contains("panicked"), "{}", binary.stderr());
}
