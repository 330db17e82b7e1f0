//! The app between Pingora's accept loop and the proxy: it lets connections in, watches them, and
//! has the last word on each.
//! Knows nothing of requests that were understood.

use super::crowd::{Crowd, Entrance};
use super::head::{Cut, Head};
use super::watched::{Remains, Watched};
use super::{Patience, farewell, refusal};
use crate::access_log::Line;
use crate::cache_state::CacheState;
use crate::counters::{Counters, Kind};
use crate::reply::Reply;
use async_trait::async_trait;
use http::header;
use pingora::apps::ServerApp;
use pingora::protocols::Stream;
use pingora::server::ShutdownWatch;
use std::sync::Arc;
use std::time::Duration;

/// How long one that finds no room is listened to, so that it can read why.
const REFUSED_LINGER: Duration = Duration::from_secs(2);

/// Guards an app.
pub struct Guard<A> {
    app: Arc<A>,
    crowd: Arc<Crowd>,
    patience: Arc<Patience>,
    access_log: bool,
    counters: Arc<Counters>,
}

impl<A> Guard<A> {
    /// Lets at most `most` connections at once to `app`; `access_log` says whether heads that are
    /// no requests are logged.
    pub fn new(
        app: A,
        most: usize,
        patience: Patience,
        access_log: bool,
        counters: Arc<Counters>,
    ) -> Guard<A> {
        let crowd = Arc::new(Crowd::new(most, Arc::clone(&counters)));
        Guard { app: Arc::new(app), crowd, patience: Arc::new(patience), access_log, counters }
    }

    /// The end of a connection that Pingora is done with.
    async fn end(&self, mut remains: Remains, is_stopping: bool) {
        if remains.cut == Some(Cut::SlowReader) {
            return;
        }
        let mut expecting = remains.unread;
        if let Some(head) = remains.head.take() {
            // Interrupted by a stop, not at fault.
            if is_stopping && remains.cut.is_none() && head.swallowed.is_empty() {
                return;
            }
            self.refuse(&mut remains, &head).await;
            expecting = remains.cut != Some(Cut::Gone);
        }
        let (limit, size) = (self.patience.linger, self.patience.linger_size);
        farewell::close(remains.stream, expecting, limit, size).await;
    }

    /// Answers a head that is no request, and logs it.
    async fn refuse(&self, remains: &mut Remains, head: &Head) {
        let refusal = refusal::of_head(head, remains.cut, &self.patience);
        let (method, target) = refusal::named(&head.bytes);
        let duration = head.age();
        let (mut status, mut bytes) = (0, 0);
        if let Some((code, error, reason)) = &refusal {
            let mut reply = Reply::error(*code, error, reason);
            if code.as_u16() == 405 {
                reply = reply.with(header::ALLOW, "GET, HEAD");
            }
            status = code.as_u16();
            let to_head = method == "HEAD";
            let patience = &self.patience;
            bytes = farewell::answer(&mut remains.stream, &reply, to_head, patience).await;
        }
        self.counters.request(Kind::Other, CacheState::None, status, bytes as u64, duration);
        if self.access_log {
            let word = refusal.map_or(Cut::Gone.word(), |(_, _, reason)| reason);
            let client = client(&remains.stream);
            let (method, target) = (method.as_str(), target.as_str());
            let (cache, upstream, error) = ("-", None, Some(word));
            Line { method, target, status, bytes, duration, cache, upstream, client, error }
                .write();
        }
    }
}

#[async_trait]
impl<A: ServerApp + Send + Sync + 'static> ServerApp for Guard<A> {
    async fn process_new(
        self: &Arc<Self>,
        mut stream: Stream,
        shutdown: &ShutdownWatch,
    ) -> Option<Stream> {
        let place = match self.crowd.enter() {
            Entrance::Inside(place) => place,
            Entrance::Told(_place) => {
                farewell::answer(&mut stream, &refusal::no_room(), false, &self.patience).await;
                let limit = self.patience.linger.min(REFUSED_LINGER);
                farewell::close(stream, true, limit, self.patience.linger_size).await;
                return None;
            }
            Entrance::Closed => return None,
        };
        let (watched, watch) = Watched::new(stream, Arc::clone(&self.patience));
        tokio::select! {
            biased;
            _ = self.app.process_new(Box::new(watched), shutdown) => {}
            () = watch.cut_off() => {}
        }
        if let Some(remains) = watch.remains() {
            let is_stopping = *shutdown.borrow();
            self.end(remains, is_stopping).await;
        }
        drop(place);
        None
    }

    async fn cleanup(&self) {
        self.app.cleanup().await;
    }
}

fn client(stream: &Stream) -> Option<String> {
    stream.get_socket_digest()?.peer_addr().map(ToString::to_string)
}
