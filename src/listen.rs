//! The sockets NOPAR listens on, bound before Pingora runs or inherited, so that a port in use is an error at start and
//! port 0 works.
//! Knows nothing of what is served on them.

mod activated;
mod address;
mod given;
mod room;
mod sockets;
mod tcp;
mod unix;

#[cfg(test)]
mod tests;

pub use address::{Address, leads_here, warn_if_open};
pub use given::Given;
pub use room::{most_connections, warn_of_fewer_connections};
pub use sockets::Sockets;
pub use tcp::check_host;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// The setting of places to listen on.
const LISTEN: &str = "NOPAR_LISTEN";

/// A socket cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The name is none.
    #[error("{setting}: {hostname:?} cannot be resolved: {source}")]
    Name {
        /// The setting that it is of.
        setting: &'static str,
        /// The configured name.
        hostname: String,
        /// What the system said.
        source: io::Error,
    },
    /// The address is in use, or not this machine's.
    #[error("cannot listen on {address}: {source} ({settings})")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
        /// The settings that it is of.
        settings: &'static str,
    },
    /// A unix socket cannot be made, or not there.
    #[error("cannot listen on unix:{}: {problem} ({LISTEN})", path.display())]
    Unix {
        /// Where it should be.
        path: PathBuf,
        /// What is in the way, as the rest of a sentence.
        problem: String,
    },
    /// What was inherited is no socket to listen on.
    #[error(
        "file {number} ({name}), which was passed to listen on, {problem}: listening stream sockets are allowed, of TCP or unix (LISTEN_FDS)"
    )]
    Given {
        /// Its number in this process.
        number: i32,
        /// What who passed it calls it.
        name: String,
        /// What it is instead, as the rest of a sentence.
        problem: String,
    },
    /// What a service manager says of the sockets it passes makes no sense.
    #[error(
        "the sockets of the service manager cannot be taken: {0} (LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES)"
    )]
    Activation(#[source] io::Error),
    /// Sockets that are there cannot be used by Pingora.
    #[error("{address} cannot be served: {source}; /proc is needed for unix sockets")]
    Serve {
        /// The socket's address.
        address: Address,
        /// What the system said.
        source: io::Error,
    },
}
