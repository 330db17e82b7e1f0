//! The socket that a NOPAR which runs hears orders on: a line of JSON there, lines of JSON back. The side of who gives them is
//! in `order.rs`.
//! Knows nothing of how an order is followed.

use super::asks::Asks;
use crate::admin::{Ask, Question};
use log::warn;
use rustix::net::sockopt::socket_peercred;
use rustix::net::{RecvFlags, recv};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

/// How long the other side may take for its order, or for taking an answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// How long an order may take to be followed: the steps of an upgrade have 30 s each.
const WORK: Duration = Duration::from_secs(120);
/// How long one that is looked at may take to say anything: it may be about to end, and nobody waits for long.
const GLANCE: Duration = Duration::from_secs(1);
/// How long one may take to say how it does: a disk that hangs is given up after two seconds.
const STATUS: Duration = Duration::from_secs(10);
/// How long the system is left alone when it gives no connection.
const PAUSE: Duration = Duration::from_secs(1);
/// Longest line in bytes.
const LONGEST: u64 = 64 << 10;
/// The user who may do everything.
const ROOT: u32 = 0;

/// What can be ordered. Other versions of NOPAR hear it: orders are added, never changed.
#[derive(Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Order {
    /// Have this program take over.
    Upgrade { program: PathBuf },
    /// Tell what it is about.
    Look,
    /// Answer what an operator asks.
    Ask(Question),
}

impl Order {
    /// How long it may take.
    pub(super) fn patience(&self) -> Option<Duration> {
        match self {
            Order::Upgrade { .. } => Some(WORK),
            Order::Look => Some(GLANCE),
            // It is the first question of every command: one that hangs holds up nobody for long.
            Order::Ask(Question { ask: Ask::Status {}, .. }) => Some(STATUS),
            // As long as it takes: whoever waits sees how it gets on, and when NOPAR ends it is over.
            Order::Ask(_) => None,
        }
    }
}

/// What is said to it; the last is one of the last three.
#[derive(Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Answer {
    /// What is being done.
    Step { told: String },
    /// A part of what was asked for.
    Row { row: Value },
    /// It is done.
    Done { told: String },
    /// It is not done, and nothing has changed.
    Failed { why: String },
    /// It is about what another NOPAR has, or none.
    Elsewhere { why: String },
}

/// Where answers go.
pub(super) struct Teller(UnixStream);

impl Teller {
    /// A part of what was asked for.
    pub(super) fn row(&self, row: Value) -> io::Result<()> {
        say(&self.0, &Answer::Row { row })
    }

    /// The end of it. Who asked may be gone.
    pub(super) fn done(&self, told: &str) {
        let _ = say(&self.0, &Answer::Done { told: told.to_owned() });
    }

    /// Why there is none, or no more.
    pub(super) fn failed(&self, why: &str) {
        let _ = say(&self.0, &Answer::Failed { why: why.to_owned() });
    }

    /// Why it is not for this NOPAR to say.
    pub(super) fn elsewhere(&self, why: &str) {
        let _ = say(&self.0, &Answer::Elsewhere { why: why.to_owned() });
    }
}

/// What becomes of an order: what is told at its end, and whether others are heard after it.
pub(super) struct Followed {
    pub(super) told: Result<String, String>,
    pub(super) goes_on: bool,
}

/// Hears orders, one after the other, until one ends it; what operators ask is answered beside that. `follow` is given
/// where to tell steps.
pub(super) fn hear(
    socket: &UnixListener,
    asks: Option<&Asks>,
    mut follow: impl FnMut(Order, &mut dyn FnMut(&str)) -> Followed,
) {
    for stream in socket.incoming() {
        let Ok(stream) = stream else {
            // Too many open files: they become fewer.
            thread::sleep(PAUSE);
            continue;
        };
        if let Ok(false) = hear_one(&stream, asks, &mut follow) {
            return;
        }
    }
}

/// Whether others are heard after it.
fn hear_one(
    stream: &UnixStream,
    asks: Option<&Asks>,
    follow: &mut impl FnMut(Order, &mut dyn FnMut(&str)) -> Followed,
) -> io::Result<bool> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let Ok(peer) = socket_peercred(stream) else {
        warn!("nopar.sock: an order was refused: the system does not tell whose it is");
        let why = "the system does not tell whose order this is: give it in the container that NOPAR runs in";
        say(stream, &Answer::Failed { why: why.to_owned() })?;
        return Ok(true);
    };
    let peer = peer.uid.as_raw();
    if peer != ROOT && peer != rustix::process::geteuid().as_raw() {
        let why = "only root and the user who runs NOPAR may order anything".to_owned();
        say(stream, &Answer::Failed { why })?;
        return Ok(true);
    }
    let mut line = String::new();
    BufReader::new(stream.take(LONGEST)).read_line(&mut line)?;
    let order = match serde_json::from_str(&line) {
        Ok(Order::Ask(question)) if let Some(asks) = asks => {
            asks.begin(question, Teller(stream.try_clone()?));
            return Ok(true);
        }
        Ok(order) => order,
        Err(error) => {
            let why = format!("this NOPAR does not know that order: {error}");
            say(stream, &Answer::Failed { why })?;
            return Ok(true);
        }
    };
    if is_gone(stream) {
        // They were told that it is not done, as this process did not answer in time.
        warn!("nopar.sock: an order is not followed: who gave it did not wait for it");
        return Ok(true);
    }
    // Who goes from now on does so while it is done.
    let mut tell = |told: &str| drop(say(stream, &Answer::Step { told: told.to_owned() }));
    let followed = follow(order, &mut tell);
    let _ = say(
        stream,
        &match followed.told {
            Ok(told) => Answer::Done { told },
            Err(why) => Answer::Failed { why },
        },
    );
    Ok(followed.goes_on)
}

/// Whether the other side has closed the connection.
fn is_gone(stream: &UnixStream) -> bool {
    let look = recv(stream, &mut [0_u8; 1], RecvFlags::PEEK | RecvFlags::DONTWAIT);
    matches!(look, Ok((0, _)))
}

fn say(mut stream: &UnixStream, answer: &Answer) -> io::Result<()> {
    let mut line = serde_json::to_vec(answer)?;
    line.push(b'\n');
    stream.write_all(&line)
}

#[cfg(test)]
mod tests {
    use super::super::order::order;
    use super::super::run_files::SOCKET;
    use super::*;
    use std::path::Path;

    fn upgrade(program: &str) -> Order {
        Order::Upgrade { program: program.into() }
    }

    /// What comes of orders that one NOPAR hears.
    fn ordered(orders: &[Order]) -> Vec<(Vec<String>, Result<String, String>)> {
        let folder = tempfile::tempdir().unwrap();
        let socket = UnixListener::bind(folder.path().join(SOCKET)).unwrap();
        thread::scope(|scope| {
            scope.spawn(|| {
                hear(&socket, None, |order, tell| {
                    let Order::Upgrade { program } = order else { unreachable!("none is given") };
                    tell(&format!("starting {}", program.display()));
                    let goes_on = program != Path::new("/last");
                    let failed = Err("it is none".to_owned());
                    let told = if goes_on { failed } else { Ok("done".to_owned()) };
                    Followed { told, goes_on }
                });
            });
            // The first directory has nobody.
            let folders = [folder.path().join("none"), folder.path().to_owned()];
            let give = |one: &Order| {
                let mut told = Vec::new();
                let done = order(&folders, one, &mut |step| told.push(step.to_owned()));
                (told, done.map_err(|error| error.to_string()))
            };
            orders.iter().map(give).collect()
        })
    }

    #[test]
    fn orders_are_followed_and_told_of() {
        let all = ordered(&[upgrade("/first"), upgrade("/last")]);
        let first = (vec!["starting /first".to_owned()], Err("it is none".to_owned()));
        let last = (vec!["starting /last".to_owned()], Ok("done".to_owned()));
        assert_eq!(all, [first, last]);
    }

    #[test]
    fn an_order_that_was_given_up_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(SOCKET);
        let socket = UnixListener::bind(&path).unwrap();
        let mut line = serde_json::to_vec(&upgrade("/first")).unwrap();
        line.push(b'\n');
        UnixStream::connect(&path).unwrap().write_all(&line).unwrap();
        let mut followed = Vec::new();
        thread::scope(|scope| {
            scope.spawn(|| {
                hear(&socket, None, |order, _| {
                    followed.push(order);
                    Followed { told: Ok("done".to_owned()), goes_on: false }
                });
            });
            let folders = [folder.path().to_owned()];
            assert_eq!(order(&folders, &upgrade("/last"), &mut |_| {}).unwrap(), "done");
        });
        assert_eq!(followed, [upgrade("/last")]);
    }

    #[test]
    fn what_is_no_order_is_told_so_and_orders_go_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(SOCKET);
        let socket = UnixListener::bind(&path).unwrap();
        thread::scope(|scope| {
            scope.spawn(|| {
                hear(&socket, None, |_, _| Followed {
                    told: Ok("done".to_owned()),
                    goes_on: false,
                });
            });
            for line in ["{\"dance\":{}}\n", "\n", "x\n"] {
                let mut stream = UnixStream::connect(&path).unwrap();
                stream.write_all(line.as_bytes()).unwrap();
                let mut answer = String::new();
                stream.read_to_string(&mut answer).unwrap();
                assert!(
                    answer.starts_with("{\"failed\":{\"why\":\"this NOPAR does not know"),
                    "{answer}"
                );
            }
            // Who says nothing at all.
            drop(UnixStream::connect(&path).unwrap());
            let folders = [folder.path().to_owned()];
            assert_eq!(order(&folders, &upgrade("/x"), &mut |_| {}).unwrap(), "done");
        });
    }
}
