//! One connection of the fake, request after request.
//! Knows nothing of what an answer contains.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::State;
use super::deliver::{Delivery, Fate};
use super::faults::Fault;
use super::log::Seen;
use super::respond;
use crate::support::wire::{BodyReader, Framing, RequestHead, read_request_head};

/// Serves until either side has had enough.
pub(super) async fn serve(state: Arc<State>, stream: TcpStream, connection: usize) {
    let mut stream = BufReader::new(stream);
    // Whatever ends a connection from the other side is no fault of the fake's.
    while let Ok(Some((head, body))) = read_request(&mut stream).await {
        state.log.push(Seen {
            method: head.method.clone(),
            path: head.target.clone(),
            headers: head.headers.clone(),
            body,
            connection,
        });
        for gate in state.faults.gates(&head.method, &head.target) {
            gate.pass().await;
        }
        match delivery(&state, &head).send(&mut stream).await {
            Ok(Fate::Keep) => {}
            Ok(Fate::Close) => {
                let _ = stream.shutdown().await;
                return;
            }
            Ok(Fate::Reset) => {
                let _ = stream.get_ref().set_zero_linger();
                return;
            }
            Err(_) => return,
        }
    }
}

async fn read_request(
    stream: &mut BufReader<TcpStream>,
) -> io::Result<Option<(RequestHead, Vec<u8>)>> {
    let Some(head) = read_request_head(stream).await? else {
        return Ok(None);
    };
    let framing = Framing::of_request(&head).map_err(io::Error::other)?;
    let mut reader = BodyReader::new(framing);
    let mut body = Vec::new();
    while let Some(piece) = reader.next(stream).await.map_err(io::Error::other)? {
        body.extend_from_slice(&piece);
    }
    Ok(Some((head, body)))
}

fn delivery(state: &State, head: &RequestHead) -> Delivery {
    let fault = state.faults.take(&head.method, &head.target);
    let answer = match &fault {
        Some(Fault::Answer(answer)) => answer.clone(),
        Some(Fault::PackumentOf(name)) => respond::packument(state, name, &head.headers)
            .unwrap_or_else(|| panic!("the fake has no package {name:?} to answer with")),
        _ => respond::respond(state, head),
    };
    let manners = state.manners.lock();
    let asked_to_close = head.headers.lists("connection", "close");
    Delivery {
        answer,
        form: manners.body_form,
        keep_alive: manners.keep_alive && !asked_to_close,
        head_only: head.method == "HEAD",
        pace: state.faults.pace(&head.method, &head.target),
        fault,
    }
}
