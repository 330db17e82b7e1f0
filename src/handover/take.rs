//! The side that is started, and takes.
//! Knows nothing of what it is given.

use super::channel::{Channel, Unheard};
use super::{FromGiver, FromTaker, Handed, PATIENCE, VARIABLE};
use rustix::stdio::dup2_stdin;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;

/// The process that started this one, and waits for it to take over.
#[derive(Debug)]
pub struct Giver {
    channel: Channel,
}

/// It did not come to the end of it: this process is not to serve.
#[derive(Debug, thiserror::Error)]
pub enum GiverGone {
    /// The other process has ended.
    #[error("the NOPAR that started this one to take over has ended")]
    Ended,
    /// It says nothing.
    #[error("the NOPAR that started this one to take over says nothing")]
    Silent,
    /// It is no NOPAR, or the system refuses.
    #[error("the NOPAR that started this one to take over cannot be understood: {0}")]
    Broken(#[source] io::Error),
}

impl Giver {
    /// Who has started this process to take over, if it was for that. Standard input is empty from then on.
    ///
    /// # Errors
    /// When the system refuses it.
    pub fn of_this_process() -> io::Result<Option<Giver>> {
        if std::env::var_os(VARIABLE).is_none() {
            return Ok(None);
        }
        let end = io::stdin().as_fd().try_clone_to_owned()?;
        // A variable that went astray means nothing.
        let Some(channel) = Channel::of(end) else { return Ok(None) };
        // Only while there is no other copy does the other side see when this process ends.
        dup2_stdin(File::open("/dev/null")?)?;
        Ok(Some(Giver { channel }))
    }

    /// Says that nothing but sockets is missing, and waits for them. Blocks.
    ///
    /// # Errors
    /// When they do not come.
    pub fn able(&self) -> Result<Vec<Handed>, GiverGone> {
        self.say(&FromTaker::Able)?;
        match self.channel.receive(PATIENCE).map_err(gone)? {
            (FromGiver::Handed { names }, files) if names.len() == files.len() => {
                Ok(names.into_iter().zip(files).collect())
            }
            (word, files) => Err(unexpected(&format!("{word:?} with {} files", files.len()))),
        }
    }

    /// Says that this process does not take over, and why.
    pub fn failed(&self, why: &str) {
        // Its end tells the same.
        let _ = self.say(&FromTaker::Failed { why: why.to_owned() });
    }

    /// Says that this process serves, and waits until all is its own. Blocks.
    ///
    /// # Errors
    /// When it does not come to that: then it is not to serve.
    pub fn serving(&self) -> Result<(), GiverGone> {
        self.say(&FromTaker::Serving)?;
        match self.channel.receive(PATIENCE).map_err(gone)? {
            (FromGiver::Yours, _) => Ok(()),
            (word, _) => Err(unexpected(&format!("{word:?}"))),
        }
    }

    /// Says that those who have to know which process serves know it.
    pub fn known(&self) {
        // The other may have been ended meanwhile, and nothing follows from that.
        let _ = self.say(&FromTaker::Known);
    }

    /// Waits until the other process has ended. Blocks, for as long as that takes.
    pub fn ended(self) {
        while let Ok(_) | Err(Unheard::Silent) = self.channel.receive::<FromGiver>(PATIENCE) {}
    }

    fn say(&self, word: &FromTaker) -> Result<(), GiverGone> {
        self.channel.send(word, &[]).map_err(|error| match error.kind() {
            io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => GiverGone::Ended,
            _ => GiverGone::Broken(error),
        })
    }

    #[cfg(test)]
    pub(super) fn on(channel: Channel) -> Giver {
        Giver { channel }
    }
}

fn gone(unheard: Unheard) -> GiverGone {
    match unheard {
        Unheard::Silent => GiverGone::Silent,
        Unheard::Ended => GiverGone::Ended,
        Unheard::Broken(error) => GiverGone::Broken(error),
    }
}

fn unexpected(word: &str) -> GiverGone {
    GiverGone::Broken(io::Error::other(format!("{word} was not the word to come")))
}
