//! The app between Pingora's accept loop and the proxy: it lets connections in, watches them, and
//! has the last word on each.
//! Knows nothing of requests that were understood.

use super::crowd::{Crowd, Entrance};
use super::head::{Cut, Head};
use super::lane::{Lane, Next};
use super::ready::Ready;
use super::watched::{Remains, Watched};
use super::{Ending, Patience, farewell, handshake, refusal, streams, waits};
use crate::access_log::{Line, RequestId};
use crate::cache_state::CacheState;
use crate::counters::{Counters, Kind};
use crate::inflight::{InFlight, Working};
use crate::limits::Connections;
use crate::reply::Reply;
use async_trait::async_trait;
use http::header::{self, HeaderName};
use pingora::apps::{HttpServerApp, ServerApp};
use pingora::listeners::tls::Acceptor;
use pingora::protocols::http::ServerSession;
use pingora::protocols::{ALPN, Stream};
use pingora::server::ShutdownWatch;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// How long one that finds no room is listened to, so that it can read why.
const REFUSED_LINGER: Duration = Duration::from_secs(2);

/// What the line of a refusal is found by.
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Guards an app, `A`, and asks `R` for ready answers before the app.
pub struct Guard<A, R> {
    app: Arc<A>,
    ready: Option<R>,
    /// `None`: connections speak plain HTTP.
    tls: Option<Acceptor>,
    crowd: Arc<Crowd>,
    /// Those of each address.
    addresses: Arc<Connections>,
    patience: Arc<Patience>,
    /// For pieces of large bodies whose readers do not take them.
    room: Semaphore,
    in_flight: InFlight,
    ending: Ending,
    access_log: Arc<AtomicBool>,
    counters: Arc<Counters>,
}

impl<A, R: Ready> Guard<A, R> {
    /// Lets at most `most` connections at once to `app`; `access_log` says whether heads that are
    /// no requests are logged, at any time.
    pub fn new(
        app: A,
        ready: Option<R>,
        most: usize,
        patience: Patience,
        in_flight: InFlight,
        access_log: Arc<AtomicBool>,
        counters: Arc<Counters>,
    ) -> Guard<A, R> {
        let crowd = Arc::new(Crowd::new(most, Arc::clone(&counters)));
        let (app, patience) = (Arc::new(app), Arc::new(patience));
        let room = Semaphore::new(patience.stalled_pieces);
        let addresses = Arc::new(Connections::new(Arc::clone(&counters)));
        Guard {
            app,
            ready,
            tls: None,
            crowd,
            addresses,
            patience,
            room,
            in_flight,
            ending: Ending::never(),
            access_log,
            counters,
        }
    }

    /// The same for connections that come to an end in this way.
    pub fn with_ending(self, ending: Ending) -> Guard<A, R> {
        Guard { ending, ..self }
    }

    /// The same with a limit on connections by address.
    pub fn with_limit(self, addresses: Arc<Connections>) -> Guard<A, R> {
        Guard { addresses, ..self }
    }

    /// The same for connections that speak TLS, as this acceptor does. It is the guard that shakes hands, so
    /// that connections count from their first byte.
    pub fn with_tls(self, acceptor: Option<Acceptor>) -> Guard<A, R> {
        Guard { tls: acceptor, ..self }
    }

    /// The connection, ready for its first request.
    async fn begun(&self, stream: Stream) -> Option<Stream> {
        let Some(acceptor) = &self.tls else { return Some(stream) };
        let since = Instant::now();
        // Its state is large, and would take its room as long as the connection lasts.
        Box::pin(async {
            tokio::select! {
                biased;
                stream = handshake::shake(acceptor, stream, &self.patience) => stream,
                () = waits::stopped(self.ending.closing.clone(), since) => None,
            }
        })
        .await
    }

    async fn tell_refusal(&self, stream: &mut Stream, refusal: &Reply) {
        if matches!(stream.selected_alpn_proto(), Some(ALPN::H2)) {
            farewell::say(stream, streams::NO_ROOM, &self.patience).await;
        } else {
            farewell::answer(stream, refusal, false, &self.patience).await;
        }
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
        let id = RequestId::made();
        if let Some((code, error, reason)) = &refusal {
            let mut reply = Reply::error(*code, error, reason);
            if code.as_u16() == 405 {
                reply = reply.with(header::ALLOW, "GET, HEAD");
            }
            if self.access_log.load(Ordering::Relaxed) {
                reply = reply.with(X_REQUEST_ID, id.to_string());
            }
            status = code.as_u16();
            let to_head = method == "HEAD";
            let patience = &self.patience;
            bytes = farewell::answer(&mut remains.stream, &reply, to_head, patience).await;
        }
        self.counters.request(Kind::Other, CacheState::None, status, bytes as u64, duration);
        if self.access_log.load(Ordering::Relaxed) {
            let word = refusal.map_or(Cut::Gone.word(), |(_, _, reason)| reason);
            let client = client(&remains.stream);
            let (cache, kind) = (CacheState::None.as_str(), Kind::Other.as_str());
            Line {
                method: &method,
                target: &target,
                status,
                bytes,
                duration,
                cache,
                upstream: None,
                client,
                error: Some(word),
                kind,
                id: &id,
                caller: None,
                agent: None,
            }
            .write();
        }
    }
}

impl<A: HttpServerApp + Send + Sync + 'static, R: Ready> Guard<A, R> {
    /// Answers one request after the other, those that are not ready by way of Pingora.
    /// `fresh` lasts until the first is counted, or there is none: a stop waits for that.
    async fn serve(&self, mut stream: Box<Watched>, fresh: Working) {
        if stream.is_http2() {
            streams::serve(&self.app, stream, &self.in_flight, &self.ending).await;
            return;
        }
        let (ready, caller) = (self.ready.as_ref(), stream.caller());
        let most = self.patience.requests;
        let mut fresh = Some(fresh);
        let mut lane = Lane::new(ready, &self.in_flight, &self.ending, &self.room, caller, most);
        while lane.next(&mut stream).await == Next::Request {
            let mut session = ServerSession::new_http1(stream);
            // Pingora decides anew whether to keep it alive when it has read the request; this stays.
            session.set_keepalive_reuses_remaining(Some(lane.left));
            let mut answering = self.app.process_new_http(session, &self.ending.last);
            let answered = poll_fn(|context| {
                let answered = answering.as_mut().poll(context);
                drop(fresh.take());
                answered
            });
            let Some(reused) = answered.await else { return };
            let (reused, _) = reused.consume();
            let Ok(watched) = reused.into_any().downcast() else { return };
            stream = watched;
        }
    }
}

#[async_trait]
impl<A: HttpServerApp + Send + Sync + 'static, R: Ready> ServerApp for Guard<A, R> {
    async fn process_new(
        self: &Arc<Self>,
        stream: Stream,
        // Pingora's own is that of the accept loops, which may end long before connections do.
        _shutdown: &ShutdownWatch,
    ) -> Option<Stream> {
        let fresh = self.in_flight.begin_behind();
        let of_address = self.addresses.enter(client(&stream).map(|client| client.ip()));
        // One too many of its address takes none of all places.
        let (entrance, refusal) = match &of_address {
            Some(_) => (self.crowd.enter(), refusal::no_room as fn() -> Reply),
            None => (self.crowd.refuse(), refusal::too_many_of_address as fn() -> Reply),
        };
        let place = match entrance {
            Entrance::Inside(place) => place,
            Entrance::Told(_place) => {
                let mut stream = self.begun(stream).await?;
                self.tell_refusal(&mut stream, &refusal()).await;
                let limit = self.patience.linger.min(REFUSED_LINGER);
                farewell::close(stream, true, limit, self.patience.linger_size).await;
                return None;
            }
            Entrance::Closed => return None,
        };
        let stream = self.begun(stream).await?;
        let (watched, watch) = Watched::new(stream, Arc::clone(&self.patience));
        tokio::select! {
            biased;
            () = self.serve(Box::new(watched), fresh) => {}
            () = watch.cut_off() => {}
        }
        if let Some(remains) = watch.remains() {
            let is_stopping = *self.ending.closing.borrow();
            self.end(remains, is_stopping).await;
        }
        drop(place);
        None
    }

    async fn cleanup(&self) {
        // Nobody is let in any more; who is in may still ask.
        self.ending.closed().await;
        self.app.http_cleanup().await;
    }
}

fn client(stream: &Stream) -> Option<SocketAddr> {
    stream.get_socket_digest()?.peer_addr()?.as_inet().copied()
}
