//! A NOPAR that is ended and started again while somebody else holds its socket: nobody is refused.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;

use super::{held, passed};
use crate::support::deadline::{DEADLINE, once};
use crate::support::upstream::FakeUpstream;

/// How many connect at the same time, each without a pause.
const CLIENTS: usize = 4;
const RESTARTS: usize = 4;
/// Answers that each NOPAR gives before it is ended.
const ANSWERS: usize = 200;

/// Connects, asks and reads the answer, again and again, until it is told to end.
struct Clients {
    answered: Arc<AtomicUsize>,
    end: Arc<AtomicBool>,
    threads: Vec<JoinHandle<Result<(), String>>>,
}

impl Clients {
    fn start(addr: SocketAddr) -> Self {
        let (answered, end) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let one = || {
            let (answered, end) = (Arc::clone(&answered), Arc::clone(&end));
            std::thread::spawn(move || {
                while !end.load(Ordering::Relaxed) {
                    ask(addr).map_err(|error| format!("{error:?}"))?;
                    answered.fetch_add(1, Ordering::Relaxed);
                }
                Ok(())
            })
        };
        let threads = (0..CLIENTS).map(|_| one()).collect();
        Self { answered, end, threads }
    }

    /// Waits for so many more answers.
    async fn answered(&self, more: usize) {
        let wanted = self.answered.load(Ordering::Relaxed) + more;
        let look = async || {
            let found = self.answered.load(Ordering::Relaxed);
            let failed = self.threads.iter().any(JoinHandle::is_finished);
            let is_done = found >= wanted || failed;
            is_done.then_some(()).ok_or(format!("{found} of {wanted}"))
        };
        once("answers", look).await;
    }

    fn ended(self) -> Result<(), String> {
        self.end.store(true, Ordering::Relaxed);
        self.threads.into_iter().try_for_each(|thread| thread.join().expect("no panic"))
    }
}

/// On a connection of its own.
fn ask(addr: SocketAddr) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(addr)?;
    stream.set_read_timeout(Some(DEADLINE))?;
    stream.write_all(b"GET /a HTTP/1.1\r\nHost: npm.example\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    match answer.starts_with("HTTP/1.1 200 ") && answer.contains("\"1.0.0\"") {
        true => Ok(()),
        false => Err(std::io::Error::other(format!("not an answer: {answer:?}"))),
    }
}

#[tokio::test]
async fn no_connection_is_refused_while_nopar_restarts() {
    let upstream = FakeUpstream::start().await;
    upstream.package("a").version("1.0.0", |v| v);
    let (socket, addr) = held();
    let cache = tempfile::tempdir().expect("a directory");
    let path = cache.path().to_str().expect("a path in UTF-8");
    let env = [("NOPAR_FORWARDER_URL", &*upstream.url()), ("NOPAR_CACHE_PATH", path)];
    // They wait from before the first one is there.
    let clients = Clients::start(addr);
    for _ in 0..=RESTARTS {
        let nopar = passed(socket.try_clone().expect("a file"), &env);
        nopar.listening().await;
        clients.answered(ANSWERS).await;
        nopar.signal("TERM");
        let ended = nopar.ended().await;
        assert!(ended.success, "{}", ended.stderr);
    }
    let last = passed(socket, &env);
    clients.answered(ANSWERS).await;
    assert_eq!(clients.ended(), Ok(()), "{}", last.stderr());
}
