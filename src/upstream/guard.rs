//! Where the documents and redirects of an upstream may lead.
//! Knows nothing of connections and proxies.

use super::address::{is_public, spelt};
use super::target::Target;
use crate::config::HostList;
use pingora::{Error, ErrorType, Result};
use std::net::IpAddr;

/// The kind of error that a refusal is.
const FORBIDDEN: ErrorType = ErrorType::Custom("ForbiddenAddress");

/// Whether an error is the refusal of an address that is not public.
pub fn is_forbidden(error: &Error) -> bool {
    *error.etype() == FORBIDDEN
}

/// Refuses addresses that only NOPAR, from where it runs, can reach.
///
/// The rule: what an upstream's document names, or one of its redirects leads to, may be
/// - on the upstream's own origin, wherever that is: who runs NOPAR has named it;
/// - at a public address;
/// - at any address, when the upstream itself is at one that is not public: then its documents are
///   those of the same network;
/// - at a host or address of `NOPAR_ALLOW_HOSTS`.
///
/// All else would let whoever publishes a package read what only this machine or its network may see.
pub(super) struct Guard {
    allowed: HostList,
}

impl Guard {
    pub(super) fn new(allowed: HostList) -> Guard {
        Guard { allowed }
    }

    /// Whether there is nothing to say against `target`, of another origin than the upstream's own, at
    /// `address`: the one that the connection goes to, or what the host's name says by itself when a
    /// proxy is to resolve it.
    pub(super) fn passes(&self, target: &Target, address: Option<IpAddr>) -> bool {
        let Some(address) = address.or_else(|| spelt(&target.host)) else { return true };
        is_public(address)
            || self.allowed.covers(&target.host, target.port)
            || self.allowed.covers(&address.to_string(), target.port)
    }

    /// The refusal.
    ///
    /// # Errors
    /// Always.
    pub(super) fn refuse<T>(&self, target: &Target) -> Result<T> {
        let told = format!(
            "{} is at an address that is not public: the upstream's documents and redirects may not lead there (NOPAR_ALLOW_HOSTS)",
            target.authority()
        );
        Error::e_explain(FORBIDDEN, told)
    }
}
