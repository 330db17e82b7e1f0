//! Where the log goes: to the last line when NOPAR ends, and on without it when nothing takes it.
//! Knows nothing of what lines say.

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::unix::pipe::{OpenOptions, Receiver};

use crate::support::binary::{Binary, PROGRAM};
use crate::support::client::{Connection, get};
use crate::support::deadline::within;
use crate::support::upstream::FakeUpstream;

/// More lines than a pipe and NOPAR's memory for lines hold, if each is as long as can be.
const MANY: usize = 4000;

/// As long as files become where there is little room, or twice that.
const SMALL: usize = 8 * 512;

/// The lines that come out of a pipe.
struct Lines(BufReader<Receiver>);

impl Lines {
    /// Makes a pipe with a name. It is open to read and to write, so nobody waits for the other end.
    fn of_pipe(folder: &TempDir) -> Self {
        let path = folder.path().join("log");
        let made = Command::new("mkfifo").arg(&path).status().expect("mkfifo runs");
        assert!(made.success());
        let pipe = OpenOptions::new().read_write(true).open_receiver(path).expect("it was made");
        Self(BufReader::new(pipe))
    }

    /// Reads on to the next line that holds this text; how many came before it.
    async fn until(&mut self, text: &str) -> (usize, String) {
        let reading = async {
            for n in 0.. {
                let mut line = String::new();
                self.0.read_line(&mut line).await.expect("text");
                if line.contains(text) {
                    return (n, line);
                }
            }
            unreachable!("there are not so many lines")
        };
        within(format!("a line with {text:?}"), reading).await
    }

    /// Reads on until each of these was in a line, in whatever order; the line with the first.
    async fn until_all(&mut self, texts: &[&str]) -> String {
        let mut missing: Vec<&str> = texts.to_vec();
        let mut first = String::new();
        while !missing.is_empty() {
            let (_, line) = self.until("").await;
            missing.retain(|text| !line.contains(text));
            if line.contains(texts[0]) {
                first = line;
            }
        }
        first
    }
}

/// A NOPAR that logs to a pipe, read as far as to where it listens.
async fn logging_to_a_pipe(upstream: &str) -> (Binary, Connection, Lines) {
    let folder = tempfile::tempdir().expect("a directory");
    let mut lines = Lines::of_pipe(&folder);
    let env = [
        ("NOPAR_HOSTNAME", "127.0.0.1"),
        ("NOPAR_PORT", "0"),
        ("NOPAR_LOGFILE", "log"),
        ("NOPAR_FORWARDER_URL", upstream),
        // What `auto` chooses is told some time after it listens, and lines are counted here.
        ("NOPAR_SENDFILE", "no"),
    ];
    let binary = Binary::start_in(folder, &[], &env);
    // The last two are told by threads of their own, and lines are counted here.
    let line = lines.until_all(&["listening on http://", "store: ", "catalogue: "]).await;
    let (_, addr) = line.trim_end().split_once("http://").expect("it was looked for");
    let addr: SocketAddr = addr.trim_end_matches('/').parse().expect("an address");
    (binary, Connection::open(addr).await.expect("it listens"), lines)
}

/// Asks so often, each time with a line as long as can be.
async fn ask_at_length(connection: &mut Connection, times: usize) {
    let long = format!("/-/{}", "x".repeat(1000));
    for _ in 0..times {
        connection.get(&long).await.expect(404);
    }
}

/// Requests go on when nobody reads the log; when somebody does, it says how many lines are missing.
#[tokio::test]
async fn a_log_that_nobody_reads_stops_nothing() {
    let upstream = FakeUpstream::start().await;
    let (binary, mut connection, mut lines) = logging_to_a_pipe(&upstream.url()).await;
    ask_at_length(&mut connection, MANY).await;
    let (logged, line) = lines.until("lines of the log were lost").await;
    let lost = line.split_once("] ").and_then(|(_, rest)| rest.split(' ').next());
    let lost: usize = lost.and_then(|n| n.parse().ok()).expect("a number");
    connection.get("/-/ping").await.expect(200);
    // A line may come a little later than its answer.
    let (late, _) = lines.until("GET /-/ping 200 ").await;
    assert_eq!(
        logged + lost + late,
        MANY,
        "each line is there, or counted: {logged}, {lost}, {late}"
    );
    binary.signal("TERM");
    assert!(binary.ended().await.success);
}

/// Nor does a pipe that is still full keep NOPAR from ending.
#[tokio::test]
async fn a_log_that_nobody_reads_does_not_keep_it_from_ending() {
    let upstream = FakeUpstream::start().await;
    let (binary, mut connection, _unread) = logging_to_a_pipe(&upstream.url()).await;
    ask_at_length(&mut connection, MANY / 20).await;
    binary.signal("TERM");
    assert!(binary.ended().await.success);
}

/// Waits until a file holds this text, and returns all of it.
pub(crate) async fn file_with(path: &Path, text: &str) -> String {
    let reading = async {
        loop {
            let all = std::fs::read_to_string(path).unwrap_or_default();
            if all.contains(text) {
                return all;
            }
            tokio::task::yield_now().await;
        }
    };
    within(format!("{text:?} in {}", path.display()), reading).await
}

/// No room for the log is told of once, where it can be read, and stops nothing; with room again,
/// the log goes on, and says what is missing.
#[tokio::test]
async fn a_full_disk_loses_lines_until_there_is_room() {
    let upstream = FakeUpstream::start().await;
    let env = [
        ("NOPAR_HOSTNAME", "127.0.0.1"),
        ("NOPAR_PORT", "0"),
        ("NOPAR_LOGFILE", "log"),
        ("NOPAR_FORWARDER_URL", &upstream.url()),
    ];
    let mut command = Command::new("/bin/sh");
    // In blocks, of 512 bytes or of 1 KiB. To write more is an error then, and no signal.
    command.arg("-c").arg("trap '' XFSZ; ulimit -f 8; exec \"$0\"").arg(PROGRAM);
    let folder = tempfile::tempdir().expect("a directory");
    let log = folder.path().join("log");
    let binary = Binary::start_as(folder, command, &env);
    let start = file_with(&log, "listening on http://").await;
    let (_, addr) = start.split_once("http://").expect("it was looked for");
    // Other lines may have come after it.
    let addr = addr.lines().next().unwrap_or_default().trim_end_matches('/');
    let addr = addr.parse().expect("an address");
    let mut connection = Connection::open(addr).await.expect("it listens");
    ask_at_length(&mut connection, 20).await;
    binary.says("NOPAR_LOGFILE: ").await;
    ask_at_length(&mut connection, 20).await;

    // Once more for the lines that were on their way, which fill it again.
    let emptied = async {
        loop {
            let text = std::fs::read_to_string(&log).expect("text");
            if text.contains(" lines of the log were lost") {
                return;
            }
            if text.len() >= SMALL {
                File::options().write(true).truncate(true).open(&log).expect("room is made");
                connection.get("/-/ping").await.expect(200);
            }
            tokio::task::yield_now().await;
        }
    };
    within("the log to go on".to_owned(), emptied).await;
    file_with(&log, "GET /-/ping 200 ").await;
    binary.signal("TERM");
    let ended = binary.ended().await;
    assert!(ended.success);
    assert_eq!(ended.stderr.matches("lines are being lost").count(), 1, "{}", ended.stderr);
}

/// Lines that still wait to be written when NOPAR is asked to end, or cannot start, are written.
#[tokio::test]
async fn the_last_lines_are_written() {
    let upstream = FakeUpstream::start().await;
    let (binary, addr) = Binary::serving(&upstream.url(), &[]).await;
    for n in 0..100 {
        get(addr, &format!("/-/ping?{n}")).await.expect(200);
    }
    binary.signal("INT");
    let ended = binary.ended().await;
    assert!(ended.success);
    assert_eq!(ended.stderr.matches(" GET /-/ping 200 ").count(), 100, "{}", ended.stderr);
    assert!(ended.stderr.ends_with("stopped\n"), "{}", ended.stderr);

    let folder = tempfile::tempdir().expect("a directory");
    let log = folder.path().join("log");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("it has one").port().to_string();
    let env = [("NOPAR_HOSTNAME", "127.0.0.1"), ("NOPAR_PORT", &port), ("NOPAR_LOGFILE", "log")];
    let binary = Binary::start_in(folder, &[], &env);
    assert!(!binary.ended().await.success);
    let log = std::fs::read_to_string(log).expect("it was begun");
    assert!(log.contains(concat!("nopar ", env!("CARGO_PKG_VERSION"))), "{log:?}");
}

/// Access lines look as all others do, which env_logger formats.
#[tokio::test]
async fn access_lines_are_lines_like_others() {
    let upstream = FakeUpstream::start().await;
    let (binary, addr) = Binary::serving(&upstream.url(), &[]).await;
    get(addr, "/-/ping").await.expect(200);
    let access = binary.says(" GET /-/ping ").await;
    let other = binary.says("listening on").await;
    let shape = |line: &str| -> String {
        let (head, _) = line.split_once("] ").expect("a head");
        let head = head.rsplit_once(' ').map_or("", |(head, _target)| head);
        head.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect()
    };
    assert_eq!(shape(&access), shape(&other));
    assert_eq!(shape(&access), "[0000-00-00T00:00:00.000Z INFO ");
    assert!(access.contains(" INFO  access] GET /-/ping 200 "), "{access}");
}
