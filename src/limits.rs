//! How much one client may have of NOPAR: connections at once, and requests in a time, by address or by token.
//! Knows nothing of what is asked for, nor of how a refusal is told.
//!
//! All of it is off by default, and then costs a look at a flag. It is counted exactly, and not estimated as
//! pingora-limits does: where many clients share a counter of a sketch, one of them is refused for what others did, and
//! its windows let twice the rate pass where they meet. What is held is bounded all the same: addresses of open
//! connections, of which there are so many at most, and a time for each of so many clients (`bucket`).

mod bucket;
mod client;
mod connections;
mod requests;
mod told;

pub use client::Client;
pub use connections::{Connections, Place};
pub use requests::{Refused, Requests, Shown};

use crate::config::Config;
use crate::counters::Counters;
use std::sync::Arc;

/// The limits of a NOPAR. Clones are the same.
#[derive(Clone, Debug)]
pub struct Limits {
    /// On connections.
    pub connections: Arc<Connections>,
    /// On requests.
    pub requests: Arc<Requests>,
}

impl Limits {
    /// Those of the configuration; what they refuse is counted.
    pub fn new(config: &Config, counters: &Arc<Counters>) -> Limits {
        let limits = Limits {
            connections: Arc::new(Connections::new(Arc::clone(counters))),
            requests: Arc::new(Requests::new(Arc::clone(counters))),
        };
        limits.set(config);
        limits
    }

    /// Has those of another configuration hold from now on. What is open stays open, and counts where it was counted.
    pub fn set(&self, config: &Config) {
        let (limits, proxies) = (&config.limits, &config.server.trusted_proxies);
        self.connections.set(limits.connections_per_address, proxies);
        self.requests.set(limits.requests_per_address, limits.requests_per_token);
    }
}
