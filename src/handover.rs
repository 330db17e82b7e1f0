//! One process hands what it listens on to another that it starts: the next NOPAR at an upgrade, or the one that serves
//! in the background as another user.
//! Knows nothing of what is handed over but that it has names, nor of who serves what with it.
//!
//! The one that gives starts the one that takes with an end of a pair of sockets for its standard input. There, the new
//! one says that it is able to serve, which it has found out without the sockets; then it gets them; then it says that it
//! serves; then it is told that all is its own; and it says that it has made it so. Whatever fails before that, or takes
//! too long, ends the new process, and the other goes on as if nothing had been.

mod channel;
mod give;
mod take;
#[cfg(test)]
mod tests;

pub use give::{HandOverError, Taker};
pub use take::{Giver, GiverGone};

use serde::{Deserialize, Serialize};
use std::os::fd::OwnedFd;
use std::time::Duration;

/// How long one waits for the next word of the other, when nothing is wrong.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The variable by which a process knows that its standard input is such an end.
const VARIABLE: &str = "TAKES_OVER_FROM_NOPAR";

/// Something that is handed over, and what it is called. Who does not know a name closes it.
pub type Handed = (String, OwnedFd);

/// What the one that takes says. Other versions of NOPAR hear it: words are added, never changed.
#[derive(Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum FromTaker {
    /// Nothing but the sockets is missing.
    Able,
    /// It will not serve.
    Failed { why: String },
    /// It answers who connects.
    Serving,
    /// Everybody who has to knows that it is the one.
    Known,
}

/// What the one that gives says.
#[derive(Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum FromGiver {
    /// Here is what comes with this message, by these names.
    Handed { names: Vec<String> },
    /// It is not used by anybody else from now on.
    Yours,
}
