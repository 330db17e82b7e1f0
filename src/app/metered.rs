//! The metrics of a running NOPAR: which socket they are served on, and what they are made of.
//! Knows nothing of how they look.

use crate::listen::Sockets;
use crate::metrics::{self, BindError, Endpoint};
use crate::proxy::Figures;
use std::net::SocketAddr;
use std::time::SystemTime;
use tokio::task::JoinHandle;

/// Where metrics are served, and what they are made of.
pub(super) struct Metrics {
    pub(super) endpoint: Endpoint,
    pub(super) figures: Figures,
    pub(super) started: SystemTime,
}

impl Metrics {
    /// Serves them on this runtime until that ends, so also while NOPAR drains.
    pub(super) fn begin(self) -> JoinHandle<()> {
        let Metrics { endpoint, figures, started } = self;
        let process = metrics::Process { version: env!("CARGO_PKG_VERSION"), started };
        endpoint.tell();
        tokio::spawn(endpoint.serve(move || metrics::render(process, &figures.snapshot())))
    }
}

/// The socket that was inherited for them, whatever is configured; else the one that is configured, which is handed on
/// with the others.
///
/// # Errors
/// When it cannot be bound, or used.
pub fn endpoint(
    configured: Option<SocketAddr>,
    sockets: &Sockets,
) -> Result<Option<Endpoint>, BindError> {
    if let Some(inherited) = sockets.metrics().map_err(BindError::Inherited)? {
        return Endpoint::on(inherited).map(Some).map_err(BindError::Inherited);
    }
    let Some(address) = configured else { return Ok(None) };
    let endpoint = Endpoint::bind(address)?;
    sockets.hold_metrics(endpoint.socket()).map_err(BindError::Inherited)?;
    Ok(Some(endpoint))
}
