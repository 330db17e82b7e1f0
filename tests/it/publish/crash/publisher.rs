//! Publishers who know how far they are, and what a kill found them at.
//! Knows nothing of what a process is killed for, nor of what it leaves behind.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::support::client::Connection;
use crate::support::deadline::within;
use crate::support::publish::{Publish, path_of};
use crate::support::upstream::made_up;

/// Packages that are published to; several publishers share one.
pub(super) const PACKAGES: [&str; 3] = ["x", "@s/n", "z"];
/// How many publish at once.
const PUBLISHERS: usize = 9;
/// Bytes of a body that go out at once: few enough for most bodies to be on their way for a while.
const PIECE: usize = 16 * 1024;

/// A version of a package.
pub(super) type Released = (String, String);
/// What was published and acknowledged.
pub(super) type Acknowledged = BTreeMap<Released, Bytes>;

/// How far a publish has come, as its client sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// No byte of the body was sent.
    Before,
    /// The body is on its way.
    Sending,
    /// All of it was sent, and there is no answer.
    Waiting,
    /// It was answered, and the next one has not begun.
    Answered,
}

/// How far everybody is: the turn of each, and the phase of it.
type Board = Vec<(usize, Phase)>;

/// Many who publish versions of their own, one after another, until the process is gone.
pub(super) struct Publishers {
    board: Arc<watch::Sender<Board>>,
    running: JoinSet<Option<Released>>,
}

/// What a kill found.
pub(super) struct Hit {
    /// Every publisher's phase.
    pub(super) phases: Vec<Phase>,
    /// The versions that were on their way and not answered, and were begun before the kill.
    pub(super) cut_off: Vec<Released>,
}

/// The bytes of a version, which anybody can work out.
pub(super) fn bytes_of(version: &str) -> Bytes {
    let seed = version.bytes().fold(7, |seed: u64, byte| seed * 31 % 1_000_003 + u64::from(byte));
    made_up(seed, [900, 40_000, 600_000][seed as usize % 3])
}

impl Publishers {
    pub(super) fn start(
        addr: SocketAddr,
        round: usize,
        acknowledged: &Arc<watch::Sender<Acknowledged>>,
    ) -> Publishers {
        let board = Arc::new(watch::Sender::new(vec![(0, Phase::Before); PUBLISHERS]));
        let mut running = JoinSet::new();
        for number in 0..PUBLISHERS {
            let publisher = Publisher {
                addr,
                round,
                number,
                board: Arc::clone(&board),
                acknowledged: Arc::clone(acknowledged),
            };
            running.spawn(publisher.publish());
        }
        Publishers { board, running }
    }

    /// Waits until so many are in this phase at once.
    pub(super) async fn until(&self, many: usize, phase: Phase) {
        let mut board = self.board.subscribe();
        let are = |board: &Board| board.iter().filter(|(_, it)| *it == phase).count() >= many;
        let waiting = within(format!("{many} publishers who are {phase:?}"), board.wait_for(are));
        assert!(waiting.await.is_ok());
    }

    /// Kills the process, and says what that found: `kill` returns when it is gone. What was answered meanwhile
    /// was not hit before its answer.
    pub(super) async fn at_kill(self, kill: impl Future) -> Hit {
        let before = self.board.borrow().clone();
        kill.await;
        let cut_off: Vec<Released> = self.running.join_all().await.into_iter().flatten().collect();
        let after = self.board.borrow().clone();
        let phase = |(number, (turn, phase)): (usize, &(usize, Phase))| {
            let is_answered = after[number].0 > *turn || after[number].1 == Phase::Answered;
            if is_answered { Phase::Answered } else { *phase }
        };
        let phases = before.iter().enumerate().map(phase).collect();
        Hit { phases, cut_off }
    }
}

struct Publisher {
    addr: SocketAddr,
    round: usize,
    number: usize,
    board: Arc<watch::Sender<Board>>,
    acknowledged: Arc<watch::Sender<Acknowledged>>,
}

impl Publisher {
    /// Goes on until the process is gone: what was on its way then.
    async fn publish(self) -> Option<Released> {
        let name = PACKAGES[self.number % PACKAGES.len()];
        for turn in 0.. {
            // Who cannot even connect is as far as it was.
            let Ok(connection) = Connection::open(self.addr).await else { break };
            self.is(turn, Phase::Before).await;
            let version = format!("{}.{}.{turn}", self.round, self.number);
            let publish = Publish::of(name, &version).tarball(bytes_of(&version));
            let released = (name.to_owned(), version);
            if !self.send(connection, name, turn, &publish).await {
                return Some(released);
            }
            self.acknowledged.send_modify(|all| drop(all.insert(released, publish.bytes())));
            self.is(turn, Phase::Answered).await;
        }
        None
    }

    /// Whether it was answered; then with a success.
    async fn send(
        &self,
        mut connection: Connection,
        name: &str,
        turn: usize,
        publish: &Publish,
    ) -> bool {
        let body = publish.document().to_string();
        let (path, len) = (path_of(name), body.len());
        let head = format!("PUT {path} HTTP/1.1\r\nHost: n\r\nContent-Length: {len}\r\n\r\n");
        if !connection.takes(head.as_bytes()).await {
            return false;
        }
        for piece in body.as_bytes().chunks(PIECE) {
            if !connection.takes(piece).await {
                return false;
            }
            self.is(turn, Phase::Sending).await;
        }
        self.is(turn, Phase::Waiting).await;
        let answer = connection.receive().await.ok().filter(|answer| answer.complete);
        let Some(answer) = answer else { return false };
        assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
        true
    }

    async fn is(&self, turn: usize, phase: Phase) {
        self.board.send_modify(|board| board[self.number] = (turn, phase));
        // A socket may take all of a body at once: whoever waits for this phase is to see it.
        tokio::task::yield_now().await;
    }
}
