//! An HTTP/2 connection: as long as its client and a stop let it.
//! Knows nothing of frames and requests: those are Pingora's, which is told its limits.

use super::watched::{Flow, Watched};
use super::{Ending, Patience, STREAM_PIECE};
use crate::inflight::InFlight;
use async_trait::async_trait;
use pingora::apps::{HttpServerApp, HttpServerOptions, ReusedHttpStream, ServerApp};
use pingora::protocols::http::ServerSession;
use pingora::protocols::http::v2::server::{H2Options, default_h2_options};
use pingora::server::ShutdownWatch;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::sleep;

/// After a stop, with no request left, a connection that takes nothing for so long is closed. Clients
/// that are there have ended it themselves by then: they were told at once (GOAWAY).
const QUIET: Duration = Duration::from_secs(2);

/// Bytes of an answer that wait for the connection to take them, beside the piece that waits for them.
const UNSENT: usize = 4 * STREAM_PIECE;

/// What is said to a client for which there is no room: empty SETTINGS, and a GOAWAY that says that
/// nothing was done (last stream 0, ENHANCE_YOUR_CALM; RFC 9113 §6.8), so that it may ask again elsewhere.
pub(super) const NO_ROOM: &[u8] = b"\0\0\0\x04\0\0\0\0\0\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\x0b";

/// Serves a connection to its end.
pub(super) async fn serve<A>(
    app: &Arc<A>,
    mut stream: Box<Watched>,
    in_flight: &InFlight,
    end: &Ending,
) where
    A: HttpServerApp + Send + Sync + 'static,
{
    tokio::select! {
        biased;
        begun = stream.begin_streams() => if !begun { return },
        () = stopping(&end.closing) => return,
    }
    // A request ends when its answer is Pingora's to send: a stop waits until it is sent, too.
    let _unsent = in_flight.begin_behind();
    let (flow, patience) = (stream.flow(), stream.patience().clone());
    let (ending, ended) = watch::channel(false);
    let streams = Arc::new(Streams::new(Arc::clone(app), ending, &patience));
    tokio::select! {
        biased;
        // What is a stop to Pingora is the end of this connection only.
        _ = streams.process_new(stream, &ended) => {}
        () = left_over(&streams, &flow, &end.last, &ended) => {}
    }
}

async fn stopping(shutdown: &ShutdownWatch) {
    if shutdown.clone().wait_for(|stopping| *stopping).await.is_err() {
        // Nobody is left to stop it.
        std::future::pending::<()>().await;
    }
}

/// Waits until there is a stop, or the connection has had its requests; has its client told; and waits
/// until there is no request, and nobody who takes what was answered.
async fn left_over<A>(
    streams: &Streams<A>,
    flow: &Flow,
    shutdown: &ShutdownWatch,
    ended: &ShutdownWatch,
) {
    tokio::select! {
        () = stopping(shutdown) => {}
        () = stopping(ended) => {}
    }
    streams.ending.send_replace(true);
    loop {
        streams.running.idle().await;
        let (before, is_stopping) = (flow.written(), *shutdown.borrow());
        // Without a stop, nobody waits for it.
        let quiet = if is_stopping { QUIET } else { streams.idle };
        tokio::select! {
            () = sleep(quiet) => {}
            () = stopping(shutdown), if !is_stopping => continue,
        }
        if streams.running.count() == 0 && flow.written() == before {
            return;
        }
    }
}

/// The app of one connection: each of its streams is a request to `A`.
struct Streams<A> {
    app: Arc<A>,
    running: InFlight,
    /// How many requests came, and how many may: then clients are told to go on with another connection.
    asked: AtomicU32,
    most: u32,
    /// Has a client told that the connection ends.
    ending: watch::Sender<bool>,
    idle: Duration,
    head_size: u32,
    writing: Duration,
    options: HttpServerOptions,
}

impl<A> Streams<A> {
    fn new(app: Arc<A>, ending: watch::Sender<bool>, patience: &Patience) -> Streams<A> {
        let mut options = HttpServerOptions::default();
        options.h2_idle_timeout = Some(patience.idle);
        let head_size = u32::try_from(patience.head_size).unwrap_or(u32::MAX);
        // Pingora measures how long a piece waits for the client's window, and not how much of it went.
        let pieces = (STREAM_PIECE as u64).div_ceil(patience.reading.least.max(1));
        let writing = patience.reading.window * u32::try_from(pieces).unwrap_or(u32::MAX);
        let (running, asked, most) = (InFlight::default(), AtomicU32::new(0), patience.requests);
        let idle = patience.idle;
        Streams { app, running, asked, most, ending, idle, head_size, writing, options }
    }
}

#[async_trait]
impl<A: HttpServerApp + Send + Sync + 'static> HttpServerApp for Streams<A> {
    async fn process_new_http(
        self: &Arc<Self>,
        mut session: ServerSession,
        shutdown: &ShutdownWatch,
    ) -> Option<ReusedHttpStream> {
        let _running = self.running.begin();
        if self.asked.fetch_add(1, Ordering::Relaxed) + 1 == self.most {
            self.ending.send_replace(true);
        }
        session.set_write_timeout(Some(self.writing));
        self.app.process_new_http(session, shutdown).await
    }

    fn h2_options(&self) -> Option<H2Options> {
        let mut options = default_h2_options();
        options.max_header_list_size(self.head_size);
        options.max_send_buffer_size(UNSENT);
        Some(options)
    }

    fn server_options(&self) -> Option<&HttpServerOptions> {
        Some(&self.options)
    }
}
