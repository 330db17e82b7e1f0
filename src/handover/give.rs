//! The side that serves, and gives.
//! Knows nothing of what it gives.

use super::channel::{Channel, Unheard};
use super::{FromGiver, FromTaker, VARIABLE};
use std::io;
use std::os::fd::BorrowedFd;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// Why the process that was started does not take over.
#[derive(Debug, thiserror::Error)]
pub enum HandOverError {
    /// There is no such program, or it may not be run.
    #[error("{program} cannot be run: {source}")]
    Start {
        /// The program.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// It says why.
    #[error("{0}")]
    Failed(String),
    /// It has ended, and did not say why.
    #[error(
        "it ended before it could serve ({0}); its own words are in the log, or where it was started"
    )]
    Ended(ExitStatus),
    /// It said nothing.
    #[error("it said nothing for {} s, and was ended", .0.as_secs())]
    Silent(Duration),
    /// It is no NOPAR, or the system refuses.
    #[error("it cannot be talked to: {0}")]
    Broken(#[source] io::Error),
}

/// A process that is to take over. It is ended when this is dropped before it has.
#[derive(Debug)]
pub struct Taker {
    child: Option<Child>,
    pid: u32,
    channel: Channel,
}

impl Taker {
    /// Starts it: `command` is the program with its arguments and its environment.
    ///
    /// # Errors
    /// When it cannot be run.
    pub fn start(mut command: Command) -> Result<Taker, HandOverError> {
        let (channel, end) = Channel::pair().map_err(HandOverError::Broken)?;
        let child = command.stdin(Stdio::from(end)).env(VARIABLE, "stdin").spawn();
        let child = child.map_err(|source| {
            let program = command.get_program().to_string_lossy().into_owned();
            HandOverError::Start { program, source }
        })?;
        Ok(Taker { pid: child.id(), child: Some(child), channel })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Waits until it says that it is able to serve. Blocks, for at most `patience`.
    ///
    /// # Errors
    /// When it is not, or nothing is heard.
    pub fn able(&mut self, patience: Duration) -> Result<(), HandOverError> {
        self.hear(&FromTaker::Able, patience)
    }

    /// Hands things over, by their names, and waits until it serves with them. Blocks, for at most `patience`.
    ///
    /// # Errors
    /// When it does not, or nothing is heard.
    pub fn hand(
        &mut self,
        things: &[(&str, BorrowedFd<'_>)],
        patience: Duration,
    ) -> Result<(), HandOverError> {
        let names = things.iter().map(|(name, _)| (*name).to_owned()).collect();
        let files: Vec<BorrowedFd<'_>> = things.iter().map(|(_, file)| *file).collect();
        let sent = self.channel.send(&FromGiver::Handed { names }, &files);
        sent.map_err(|error| self.unsaid(error))?;
        self.hear(&FromTaker::Serving, patience)
    }

    /// Says that all of it is its own from now on, and waits until it has told those who have to know. It goes on also when
    /// this process ends; until then, it is to be waited for. Blocks, for at most `patience`.
    ///
    /// # Errors
    /// When it has ended meanwhile.
    pub fn release(mut self, patience: Duration) -> Result<Child, HandOverError> {
        let sent = self.channel.send(&FromGiver::Yours, &[]);
        sent.map_err(|error| self.unsaid(error))?;
        match self.hear(&FromTaker::Known, patience) {
            // It has all it needs, and may be slow.
            Ok(()) | Err(HandOverError::Silent(_)) => {}
            Err(other) => return Err(other),
        }
        self.child.take().ok_or_else(|| HandOverError::Broken(io::ErrorKind::NotConnected.into()))
    }

    /// Waits for this word.
    fn hear(&mut self, wanted: &FromTaker, patience: Duration) -> Result<(), HandOverError> {
        match self.channel.receive::<FromTaker>(patience) {
            Ok((word, _)) if word == *wanted => Ok(()),
            Ok((FromTaker::Failed { why }, _)) => Err(HandOverError::Failed(why)),
            Ok((word, _)) => {
                let word = format!("{word:?} was not the word to come");
                Err(HandOverError::Broken(io::Error::other(word)))
            }
            Err(Unheard::Silent) => Err(HandOverError::Silent(patience)),
            Err(Unheard::Ended) => Err(self.ended()),
            Err(Unheard::Broken(error)) => Err(HandOverError::Broken(error)),
        }
    }

    /// Nobody hears it any more.
    fn unsaid(&mut self, error: io::Error) -> HandOverError {
        match error.kind() {
            io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => self.ended(),
            _ => HandOverError::Broken(error),
        }
    }

    /// Its end of the channel is closed: it has ended, or is no NOPAR, and has to.
    fn ended(&mut self) -> HandOverError {
        let Some(mut child) = self.child.take() else {
            return HandOverError::Broken(io::ErrorKind::NotConnected.into());
        };
        // Who has ended is not hurt by it.
        let _ = child.kill();
        child.wait().map_or_else(HandOverError::Broken, HandOverError::Ended)
    }
}

impl Drop for Taker {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
