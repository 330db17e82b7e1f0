//! How NOPAR ends: quickly when idle, with the last byte when not, and never later than allowed.
//! Knows nothing of what is being served.

mod signals;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::support::binary::{Binary, Ended};
use crate::support::client::{Connection, NoResponse, Request};
use crate::support::deadline::within;
use crate::support::nopar::TestNopar;
use crate::support::upstream::FakeUpstream;

const TARBALL: &str = "/a/-/a-1.0.0.tgz";
/// Enough of it that Pingora, which gathers small pieces, passes the head on.
const PART: usize = 1_000_000;

/// An upstream with a tarball that fits no buffer.
async fn upstream() -> FakeUpstream {
    let upstream = FakeUpstream::start().await;
    upstream.package("a").version("1.0.0", |v| v.tarball_size(8_000_000));
    upstream
}

async fn connect(addr: SocketAddr) -> Connection {
    Connection::open(addr).await.expect("a connection")
}

/// Waits until nobody listens there any more.
async fn refused(addr: SocketAddr) {
    let trying = async {
        while Connection::open(addr).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    within("the end of listening".to_owned(), trying).await;
}

/// Sends a request for the tarball and reads its head.
async fn begin_download(addr: SocketAddr) -> Connection {
    let mut download = connect(addr).await;
    let request = Request::get(addr, TARBALL);
    download.send(&request).await.expect("a request on its way");
    assert_eq!(download.receive_head().await.expect("a head").status, 200);
    download
}

async fn ended_after(binary: &Binary, since: Instant) -> (Ended, Duration) {
    let ended = binary.ended().await;
    (ended, since.elapsed())
}

/// Idle, it ends in less than a second with exit code 0, however many connections are kept open.
#[tokio::test]
async fn an_idle_nopar_ends_within_a_second() {
    for signal in ["TERM", "INT", "QUIT"] {
        let upstream = upstream().await;
        let (binary, addr) = Binary::serving(&upstream.url(), &[]).await;
        let mut idle = Vec::new();
        for path in ["/-/ping", "/a", "/nothing"] {
            let mut connection = connect(addr).await;
            connection.get(path).await;
            idle.push(connection);
        }
        // One that never said a word.
        idle.push(connect(addr).await);
        let since = Instant::now();
        binary.signal(signal);
        let (ended, took) = ended_after(&binary, since).await;
        assert!(ended.success, "SIG{signal}: {}", ended.stderr);
        assert!(took < Duration::from_secs(1), "SIG{signal}: {took:?}");
        for mut connection in idle {
            connection.closed().await;
        }
    }
}

/// A signal that comes while NOPAR starts ends it like any other, not in the middle of what it does.
#[tokio::test]
async fn a_start_can_be_interrupted() {
    let env = [("NOPAR_HOSTNAME", "127.0.0.1"), ("NOPAR_PORT", "0")];
    let binary = Binary::start(&[], &env);
    binary.says("nopar ").await;
    binary.signal("TERM");
    let ended = binary.ended().await;
    assert!(ended.success && ended.stderr.contains("stopped"), "{}", ended.stderr);
}

/// Other servers take it for an order to upgrade.
#[tokio::test]
async fn a_signal_that_means_something_elsewhere_ends_nothing() {
    let upstream = upstream().await;
    let (binary, addr) = Binary::serving(&upstream.url(), &[]).await;
    binary.signal("USR2");
    binary.says("SIGUSR2 changes nothing: `nopar upgrade`").await;
    connect(addr).await.get("/-/ping").await.expect(200);
    binary.signal("TERM");
    assert!(binary.ended().await.success);
}

/// A download that is going on comes to its end; nobody new is let in meanwhile; then it exits.
#[tokio::test]
async fn a_running_download_comes_to_its_end() {
    let upstream = upstream().await;
    let (binary, addr) = Binary::serving(&upstream.url(), &[]).await;
    let hold = upstream.hold_body(TARBALL, PART);
    let mut download = begin_download(addr).await;
    hold.arrived(1).await;
    binary.signal("TERM");
    refused(addr).await;
    assert!(!binary.has_ended(), "{}", binary.stderr());
    hold.release();
    let whole = upstream.tarball("a", "1.0.0");
    let body = download.receive_body(usize::MAX).await.expect("a whole body");
    assert!(body == whole, "{} of {} bytes", body.len(), whole.len());
    let (ended, took) = ended_after(&binary, Instant::now()).await;
    assert!(ended.success && took < Duration::from_secs(1), "{took:?}: {}", ended.stderr);
}

/// The same where the upstream is done and only the client is slow: it gets what is cached to the end.
#[tokio::test]
async fn a_slow_client_gets_its_last_byte() {
    let upstream = upstream().await;
    let (binary, addr) = Binary::serving(&upstream.url(), &[]).await;
    connect(addr).await.get(TARBALL).await.expect(200);
    let mut download = begin_download(addr).await;
    binary.signal("TERM");
    refused(addr).await;
    assert!(!binary.has_ended(), "{}", binary.stderr());
    let body = download.receive_body(usize::MAX).await.expect("a whole body");
    assert!(body == upstream.tarball("a", "1.0.0"), "{} bytes", body.len());
    assert!(binary.ended().await.success);
}

/// A packument being fetched is waited for: its client is answered.
#[tokio::test]
async fn a_running_fetch_comes_to_its_end() {
    let upstream = upstream().await;
    let (binary, addr) = Binary::serving(&upstream.url(), &[]).await;
    let hold = upstream.hold("/a");
    let asking = tokio::spawn(Request::get(addr, "/a").send());
    hold.arrived(1).await;
    binary.signal("TERM");
    refused(addr).await;
    assert!(!binary.has_ended(), "{}", binary.stderr());
    hold.release();
    asking.await.expect("an answer").expect(200);
    assert!(binary.ended().await.success);
}

/// A background update that nobody waits for is waited for as well, and kept.
#[tokio::test]
async fn a_background_update_comes_to_its_end() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).host("npm.test").env("NOPAR_STOP_TIMEOUT", "9s");
    let mut nopar = nopar.start().await;
    nopar.get("/a").await.expect(200);
    upstream.package("a").version("1.1.0", |v| v);
    nopar.advance(Duration::from_secs(7 * 3600));
    let hold = upstream.hold("/a");
    nopar.get("/a").await.expect(200);
    hold.arrived(1).await;
    let addr = nopar.addr();
    let release = async {
        refused(addr).await;
        hold.release();
    };
    tokio::join!(nopar.stop(), release);
    upstream.clear();
    nopar.restart().await;
    let packument = nopar.get("/a").await.expect(200).json();
    assert_eq!(packument["dist-tags"]["latest"], "1.1.0");
    assert_eq!(upstream.count_all(), 0);
}

/// NOPAR_STOP_TIMEOUT ends the patience with downloads that do not end.
#[tokio::test]
async fn patience_has_its_limit() {
    let upstream = upstream().await;
    let (binary, addr) = Binary::serving(&upstream.url(), &[("NOPAR_STOP_TIMEOUT", "1s")]).await;
    let _hold = upstream.hold_body(TARBALL, PART);
    let _download = begin_download(addr).await;
    let since = Instant::now();
    binary.signal("TERM");
    let (ended, took) = ended_after(&binary, since).await;
    assert!(took >= Duration::from_millis(900), "{took:?}: it did not wait");
    assert!(took < Duration::from_secs(3), "{took:?}");
    assert!(ended.stderr.contains("NOPAR_STOP_TIMEOUT"), "{}", ended.stderr);
}

/// A second signal ends it at once.
#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    for second in ["TERM", "INT"] {
        let upstream = upstream().await;
        let (binary, addr) = Binary::serving(&upstream.url(), &[]).await;
        let _hold = upstream.hold_body(TARBALL, PART);
        let _download = begin_download(addr).await;
        binary.signal("TERM");
        refused(addr).await;
        let since = Instant::now();
        binary.signal(second);
        let (_, took) = ended_after(&binary, since).await;
        assert!(took < Duration::from_secs(1), "SIG{second}: {took:?}");
    }
}

/// Who asks on a connection that is left hears that there will be no other: balancers go elsewhere. The process is well.
#[tokio::test]
async fn while_it_drains_it_is_not_ready_but_well() {
    for (hot_path, path, status) in
        [("yes", "/-/ready", 503), ("no", "/-/ready", 503), ("yes", "/-/health", 200)]
    {
        let upstream = upstream().await;
        let other = "/b/-/b-1.0.0.tgz";
        upstream.package("b").version("1.0.0", |v| v.tarball_size(8_000_000));
        let env = [("NOPAR_HOT_PATH", hot_path)];
        let (binary, addr) = Binary::serving(&upstream.url(), &env).await;
        // A stop waits for this one while it is between the two requests that are looked at.
        let other_hold = upstream.hold_body(other, PART);
        let waited_for = tokio::spawn(Request::get(addr, other).send());
        other_hold.arrived(1).await;
        let hold = upstream.hold_body(TARBALL, PART);
        let mut connection = connect(addr).await;
        connection.get("/-/ready").await.expect(200);
        let asked = [Request::get(addr, TARBALL), Request::get(addr, path)];
        connection.send_pipelined(&asked).await.expect("sent");
        hold.arrived(1).await;
        binary.signal("TERM");
        refused(addr).await;
        hold.release();
        connection.receive().await.expect("a tarball").expect(200);
        let answer = connection.receive().await.expect("an answer").expect(status);
        assert_eq!(answer.header("connection"), Some("close"), "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        let word = if status == 503 { "draining" } else { "ok" };
        assert_eq!(answer.json()["status"], word);
        connection.closed().await;
        other_hold.release();
        assert!(waited_for.await.expect("an answer").expect(200).complete);
        assert!(binary.ended().await.success);
    }
}

/// What was asked on a connection while NOPAR stops is answered or refused, not swallowed half.
#[tokio::test]
async fn a_request_on_an_open_connection_is_whole_or_not_at_all() {
    let upstream = upstream().await;
    let (binary, addr) = Binary::serving(&upstream.url(), &[]).await;
    let hold = upstream.hold_body(TARBALL, PART);
    let download = begin_download(addr).await;
    let mut other = connect(addr).await;
    other.get("/-/ping").await.expect(200);
    binary.signal("TERM");
    refused(addr).await;
    let asked = match other.send(&Request::get(addr, "/-/ping")).await {
        Ok(()) => other.receive().await,
        Err(gone) => Err(gone),
    };
    match asked {
        Ok(answer) => drop(answer.expect(200)),
        Err(gone) => assert!(matches!(gone, NoResponse::Closed | NoResponse::Broken(_)), "{gone}"),
    }
    hold.release();
    drop(download);
    assert!(binary.ended().await.success);
}

/// Who was let in just before a stop, and had no time to say anything yet, is answered.
#[tokio::test]
async fn who_has_just_come_in_is_heard() {
    /// NOPAR waits for 250 ms; a machine that is slower than this proves nothing.
    const IN_TIME: Duration = Duration::from_millis(200);
    let upstream = upstream().await;
    for _ in 0..20 {
        let (binary, addr) = Binary::serving(&upstream.url(), &[]).await;
        let since = Instant::now();
        let mut silent = connect(addr).await;
        // Connections are taken in turn: it has been, when a later one is answered.
        connect(addr).await.get("/-/ping").await.expect(200);
        binary.signal("TERM");
        refused(addr).await;
        let sent = silent.send(&Request::get(addr, "/-/ping")).await;
        if since.elapsed() < IN_TIME {
            sent.expect("a request on its way");
            silent.receive().await.expect("an answer").expect(200);
            assert!(binary.ended().await.success);
            return;
        }
    }
    panic!("this machine never got so far within {IN_TIME:?}");
}
