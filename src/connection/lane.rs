//! The way of plain requests that have a ready answer: header and body leave in one system call, and
//! Pingora is not bothered.
//! Knows nothing of what is asked for (`ready`); what is not plain or not ready goes to Pingora, whole.
//!
//! Pingora's session costs as much as nginx's whole request: on one core, for 20 KB, its shortest way
//! took 10.1 µs of CPU, a loop around the connection like this one 7.3 µs, and nginx's cache 9.2 µs
//! (prototypes, 2026-11-22). What this one takes is in `benches/runs/`.

use super::Ending;
use super::date;
use super::plain::{Plain, Read};
use super::ready::{Body, Caller, End, Ready};
use super::sending::{Out, Sending};
use super::waits::Waits;
use super::watched::Watched;
use crate::inflight::InFlight;
use std::future::poll_fn;
use std::task::Poll;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// What comes after the answers that were ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// A request for Pingora: the stream will hand out its bytes again.
    Request,
    /// Nothing: the connection is closed, silent for too long, or to be closed.
    End,
}

/// What became of a plain request.
enum Answered {
    /// It is answered, and the connection is fit for the next.
    GoesOn,
    /// It is answered, or broken off, and the connection is to be closed.
    Ends,
    /// It is for Pingora to answer.
    NotReady,
}

/// One connection, between its requests.
pub(super) struct Lane<'a, R: Ready> {
    ready: Option<&'a R>,
    in_flight: &'a InFlight,
    ending: &'a Ending,
    room: &'a Semaphore,
    caller: Caller,
    /// How many requests may still come.
    pub(super) left: u32,
    waits: Waits,
    /// The heads of answers.
    head: Vec<u8>,
}

impl<'a, R: Ready> Lane<'a, R> {
    pub(super) fn new(
        ready: Option<&'a R>,
        in_flight: &'a InFlight,
        ending: &'a Ending,
        room: &'a Semaphore,
        caller: Caller,
        left: u32,
    ) -> Lane<'a, R> {
        Lane {
            ready,
            in_flight,
            ending,
            room,
            caller,
            left,
            waits: Waits::new(&ending.closing),
            head: Vec::new(),
        }
    }

    /// Answers as long as there are plain requests with ready answers.
    pub(super) async fn next(&mut self, stream: &mut Watched) -> Next {
        self.waits.begin(Instant::now());
        let mut in_pieces = false;
        loop {
            if !self.read(stream).await {
                return Next::End;
            }
            let bytes = stream.take_head();
            let (plain, len) = match Plain::read(&bytes) {
                Read::Partial => {
                    stream.continue_head(bytes);
                    in_pieces = true;
                    continue;
                }
                Read::Other => return self.leave(stream, bytes, None),
                Read::Plain(plain, len) => (plain, len),
            };
            // A head that came at once ended when it began: no other look at the clock.
            let started = if in_pieces { Instant::now() } else { stream.head_since() };
            in_pieces = false;
            match self.answer(stream, &plain, started).await {
                Answered::GoesOn => stream.end_head(bytes, len),
                Answered::Ends => return Next::End,
                Answered::NotReady => return self.leave(stream, bytes, Some(len)),
            }
        }
    }

    fn leave(&mut self, stream: &mut Watched, bytes: Vec<u8>, len: Option<usize>) -> Next {
        stream.read_again(bytes, len);
        self.left = self.left.saturating_sub(1);
        Next::Request
    }

    /// Reads on; false when there is nothing more to come.
    async fn read(&mut self, stream: &mut Watched) -> bool {
        // A head that has begun has a limit of its own.
        let limit = (!stream.is_in_head()).then_some(stream.patience().idle);
        poll_fn(|context| match stream.poll_more(context) {
            Poll::Ready(read) => Poll::Ready(matches!(read, Ok(1..))),
            Poll::Pending => self.waits.poll_over(limit, context).map(|()| false),
        })
        .await
    }

    /// Answers, if an answer is ready.
    async fn answer(
        &mut self,
        stream: &mut Watched,
        plain: &Plain<'_>,
        started: Instant,
    ) -> Answered {
        self.head.clear();
        let Some(ready) = self.ready else { return Answered::NotReady };
        let Some(answer) = ready.answer(plain, &self.caller, &mut self.head) else {
            return Answered::NotReady;
        };
        // Pieces may have to be waited for.
        let has_pieces = matches!(answer.body, Body::Pieces(_));
        let working = has_pieces.then(|| self.in_flight.begin());
        let Some(mut body) = Sending::of(answer.body, plain.is_head).await else {
            return Answered::NotReady;
        };
        self.left = self.left.saturating_sub(1);
        let goes_on = self.left > 0 && !*self.ending.last.borrow();
        self.end_of_head(goes_on);
        stream.request_begins(true);
        let (in_flight, room) = (self.in_flight, self.room);
        let mut out = Out::new(stream, in_flight, working, &mut self.waits, room);
        let sent = body.send(&mut out, &self.head).await;
        drop(out);
        stream.request_ends(true);
        let error = sent.err().map(|broken| stream.cut_reason().unwrap_or(broken.word()));
        // One look at the clock ends the answer and begins the next wait.
        let now = Instant::now();
        self.waits.begin(now);
        let end = End { bytes: body.sent, duration: now - started, error };
        ready.finished(plain, &self.caller, answer.sent, end);
        if goes_on && error.is_none() { Answered::GoesOn } else { Answered::Ends }
    }

    fn end_of_head(&mut self, goes_on: bool) {
        self.head.extend_from_slice(b"Date: ");
        date::append(&mut self.head);
        self.head.extend_from_slice(match goes_on {
            true => b"\r\nConnection: keep-alive\r\n\r\n",
            false => b"\r\nConnection: close\r\n\r\n",
        });
    }
}
