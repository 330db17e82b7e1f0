//! Orders and questions to a NOPAR that runs, over its socket: the side of who gives them.
//! Knows nothing of how an order is followed.

use super::control::{Answer, Order, PATIENCE};
use super::run_files::SOCKET;
use crate::admin::Question;
use serde_json::Value;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::thread;

/// Longest line of an answer in bytes.
const LONGEST: u64 = 64 << 10;

/// Why an order was not followed.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// Nobody hears it.
    #[error("no running NOPAR was found: {}", looked_for(.0))]
    Nobody(Vec<PathBuf>),
    /// Somebody does, who may not be reached.
    #[error("{} cannot be reached: {source}", path.display())]
    Unreachable {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It was, to no good.
    #[error("{0}")]
    Failed(String),
    /// It is about what another NOPAR has, or none.
    #[error("{0}")]
    Elsewhere(String),
    /// What came cannot be passed on.
    #[error("the answer could not be written out: {0}")]
    Untaken(#[source] io::Error),
    /// Somebody has the socket, and is silent.
    #[error("NOPAR does not answer; if its process hangs, end it")]
    Silent,
    /// It was broken off.
    #[error("NOPAR closed the connection before it was done: {0}; see its log")]
    BrokenOff(#[source] io::Error),
}

fn looked_for(folders: &[PathBuf]) -> String {
    match folders {
        [] => "NOPAR_RUN_PATH is not set".to_owned(),
        all => {
            let all: Vec<String> =
                all.iter().map(|it| it.join(SOCKET).display().to_string()).collect();
            format!("nothing listens on {}", all.join(" or "))
        }
    }
}

/// Gives an order to the NOPAR that has its files in the first of these directories where there is one. `tell` is told
/// what is being done. Blocks.
///
/// # Errors
/// When there is none, or the order was not followed.
pub(super) fn order(
    folders: &[PathBuf],
    order: &Order,
    tell: &mut dyn FnMut(&str),
) -> Result<String, OrderError> {
    converse(folders, order, tell, &mut |_| Ok(()))
}

/// Asks the first NOPAR that has its files in one of these directories, and whose affair it is; `row` is given one answer
/// after the other.
///
/// # Errors
/// As of [`order`], and when an answer cannot be passed on.
pub(super) fn ask(
    folders: &[PathBuf],
    question: &Question,
    row: &mut dyn FnMut(Value) -> io::Result<()>,
) -> Result<(), OrderError> {
    let order = Order::Ask(question.clone());
    let mut elsewhere = None;
    for folder in folders {
        match converse(std::slice::from_ref(folder), &order, &mut |_| {}, row) {
            Err(OrderError::Nobody(_)) => {}
            // It may be somebody else's: the next one may be meant.
            Err(other @ (OrderError::Elsewhere(_) | OrderError::Unreachable { .. })) => {
                elsewhere = Some(other);
            }
            answered => return answered.map(drop),
        }
    }
    Err(elsewhere.unwrap_or_else(|| OrderError::Nobody(folders.to_vec())))
}

fn converse(
    folders: &[PathBuf],
    order: &Order,
    tell: &mut dyn FnMut(&str),
    row: &mut dyn FnMut(Value) -> io::Result<()>,
) -> Result<String, OrderError> {
    let stream = connect(folders)?;
    let broken = OrderError::BrokenOff;
    stream.set_write_timeout(Some(PATIENCE)).map_err(broken)?;
    stream.set_read_timeout(order.patience()).map_err(broken)?;
    let mut line = serde_json::to_vec(order).map_err(|error| broken(error.into()))?;
    line.push(b'\n');
    (&stream).write_all(&line).map_err(broken)?;
    thread::scope(|scope| {
        // Read by itself: NOPAR waits only so long for who takes its answers, and a pager takes them when somebody turns over.
        let (tell_on, answers) = channel();
        scope.spawn(|| hear_out(&stream, tell_on));
        let end = answers.into_iter().find_map(|answer| match answer {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                Some(Err(OrderError::Silent))
            }
            Err(error) => Some(Err(broken(error))),
            Ok(Answer::Step { told }) => {
                tell(&told);
                None
            }
            Ok(Answer::Row { row: came }) => {
                row(came).err().map(|error| Err(OrderError::Untaken(error)))
            }
            Ok(Answer::Done { told }) => Some(Ok(told)),
            Ok(Answer::Failed { why }) => Some(Err(OrderError::Failed(why))),
            Ok(Answer::Elsewhere { why }) => Some(Err(OrderError::Elsewhere(why))),
        });
        // Whatever is still being said is for nobody.
        let _ = stream.shutdown(Shutdown::Both);
        end.unwrap_or_else(|| Err(broken(io::ErrorKind::UnexpectedEof.into())))
    })
}

/// Passes on what is said, to its end or until nobody wants to know.
fn hear_out(stream: &UnixStream, to: Sender<io::Result<Answer>>) {
    let mut lines = BufReader::new(stream);
    loop {
        let mut line = String::new();
        let answer = match lines.by_ref().take(LONGEST).read_line(&mut line) {
            Ok(0) => return,
            Ok(_) => serde_json::from_str(&line).map_err(io::Error::from),
            Err(error) => Err(error),
        };
        let is_last = answer.is_err();
        if to.send(answer).is_err() || is_last {
            return;
        }
    }
}

fn connect(folders: &[PathBuf]) -> Result<UnixStream, OrderError> {
    for path in folders.iter().map(|folder: &PathBuf| folder.join(SOCKET)) {
        match UnixStream::connect(&path) {
            Ok(stream) => return Ok(stream),
            // Left behind, or never there.
            Err(error) if is_nobody(&error, &path) => {}
            Err(source) => return Err(OrderError::Unreachable { path, source }),
        }
    }
    Err(OrderError::Nobody(folders.to_vec()))
}

fn is_nobody(error: &io::Error, path: &Path) -> bool {
    let kinds = [io::ErrorKind::NotFound, io::ErrorKind::ConnectionRefused];
    kinds.contains(&error.kind())
        || !path.exists() && error.kind() != io::ErrorKind::PermissionDenied
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;

    #[test]
    fn nobody_is_told_apart_from_somebody_who_cannot_be_reached() {
        let told = order(&[], &Order::Look, &mut |_| {}).unwrap_err().to_string();
        assert!(told.contains("NOPAR_RUN_PATH is not set"), "{told}");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(SOCKET);
        drop(UnixListener::bind(&path).unwrap());
        let folders = [folder.path().to_owned()];
        let told = order(&folders, &Order::Look, &mut |_| {}).unwrap_err().to_string();
        assert!(told.contains(&format!("nothing listens on {}", path.display())), "{told}");
        let socket = {
            std::fs::remove_file(&path).unwrap();
            UnixListener::bind(&path).unwrap()
        };
        thread::scope(|scope| {
            scope.spawn(|| drop(socket.accept()));
            let told = order(&folders, &Order::Look, &mut |_| {}).unwrap_err().to_string();
            assert!(told.contains("closed the connection"), "{told}");
        });
    }

    #[test]
    fn who_is_slow_to_read_an_answer_holds_nobody_up() {
        let folder = tempfile::tempdir().unwrap();
        let socket = UnixListener::bind(folder.path().join(SOCKET)).unwrap();
        let (tell, written) = channel();
        thread::scope(|scope| {
            scope.spawn(|| {
                let (mut stream, _) = socket.accept().unwrap();
                BufReader::new(&stream).read_line(&mut String::new()).unwrap();
                // More than a socket holds.
                let row = format!("{{\"row\":{{\"row\":\"{}\"}}}}\n", "x".repeat(60_000));
                for _ in 0..100 {
                    stream.write_all(row.as_bytes()).unwrap();
                }
                stream.write_all(b"{\"done\":{\"told\":\"\"}}\n").unwrap();
                tell.send(()).unwrap();
            });
            let mut rows = 0;
            let folders = [folder.path().to_owned()];
            let mut row = |_| {
                if rows == 0 {
                    written.recv_timeout(std::time::Duration::from_secs(30)).unwrap();
                }
                rows += 1;
                Ok(())
            };
            converse(&folders, &Order::Look, &mut |_| {}, &mut row).unwrap();
            assert_eq!(rows, 100);
        });
    }

    #[test]
    fn an_answer_that_nobody_wants_to_its_end_is_broken_off() {
        let folder = tempfile::tempdir().unwrap();
        let socket = UnixListener::bind(folder.path().join(SOCKET)).unwrap();
        thread::scope(|scope| {
            scope.spawn(|| {
                let (mut stream, _) = socket.accept().unwrap();
                BufReader::new(&stream).read_line(&mut String::new()).unwrap();
                while stream.write_all(b"{\"row\":{\"row\":1}}\n").is_ok() {}
            });
            let folders = [folder.path().to_owned()];
            let mut row = |_| Err(io::ErrorKind::StorageFull.into());
            let told = converse(&folders, &Order::Look, &mut |_| {}, &mut row).unwrap_err();
            assert!(matches!(told, OrderError::Untaken(_)), "{told}");
        });
    }
}
