//! One connection: requests one after another, pipelined, or broken off in the middle.
//! Knows nothing of what is asked.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use super::request::Request;
use super::response::{NoResponse, Response};
use crate::support::deadline::{in_time, within};
use crate::support::wire::{BodyFault, BodyReader, Framing, ResponseHead, read_response_head};

/// A connection that stays open until it is dropped or the other side closes it.
pub(crate) struct Connection {
    addr: SocketAddr,
    stream: BufReader<TcpStream>,
    /// For each request not yet answered, whether it was a HEAD.
    asked: VecDeque<bool>,
    /// The body after a head that was received alone.
    body: BodyReader,
}

impl Connection {
    /// Connects.
    pub(crate) async fn open(addr: SocketAddr) -> Result<Self, NoResponse> {
        let opened = in_time(TcpStream::connect(addr)).await;
        let stream = opened.map_err(|_| NoResponse::Deadline)?;
        let stream = stream.map_err(|error| NoResponse::Connect(error.kind()))?;
        Ok(Self::over(addr, stream))
    }

    /// Connects with a receive buffer of this many bytes: the other side can send little at once.
    pub(crate) async fn open_narrow(addr: SocketAddr, bytes: u32) -> Result<Self, NoResponse> {
        Self::open_with(addr, |socket| socket.set_recv_buffer_size(bytes)).await
    }

    /// Connects from this address of the machine.
    pub(crate) async fn open_from(addr: SocketAddr, from: IpAddr) -> Result<Self, NoResponse> {
        Self::open_with(addr, |socket| socket.bind((from, 0).into())).await
    }

    async fn open_with(
        addr: SocketAddr,
        set: impl FnOnce(&TcpSocket) -> io::Result<()>,
    ) -> Result<Self, NoResponse> {
        let connect = async {
            let socket = TcpSocket::new_v4()?;
            set(&socket)?;
            socket.connect(addr).await
        };
        let opened = in_time(connect).await.map_err(|_| NoResponse::Deadline)?;
        opened
            .map(|stream| Self::over(addr, stream))
            .map_err(|error| NoResponse::Connect(error.kind()))
    }

    fn over(addr: SocketAddr, stream: TcpStream) -> Self {
        let _ = stream.set_nodelay(true);
        Self {
            addr,
            stream: BufReader::new(stream),
            asked: VecDeque::new(),
            body: BodyReader::new(Framing::Empty),
        }
    }

    /// This end's address, which tells connections apart in logs.
    pub(crate) fn local_addr(&self) -> SocketAddr {
        let addr = self.stream.get_ref().local_addr();
        addr.expect("a connected socket has an address")
    }

    /// Sends a request without waiting for its answer; several in a row are pipelined.
    pub(crate) async fn send(&mut self, request: &Request) -> Result<(), NoResponse> {
        self.send_pipelined(std::slice::from_ref(request)).await
    }

    /// Sends several requests in one write.
    pub(crate) async fn send_pipelined(&mut self, all: &[Request]) -> Result<(), NoResponse> {
        let bytes: Vec<u8> = all.iter().flat_map(Request::bytes).collect();
        self.asked.extend(all.iter().map(Request::is_head));
        self.send_bytes(&bytes).await
    }

    /// Sends bytes and fails the test when the other side does not take them all.
    pub(crate) async fn deliver(&mut self, bytes: &[u8]) {
        let sending = within("all bytes to be taken".to_owned(), self.stream.write_all(bytes));
        sending.await.expect("an open connection");
    }

    /// Sends bytes; whether the other side took them all.
    pub(crate) async fn takes(&mut self, bytes: &[u8]) -> bool {
        matches!(in_time(self.stream.write_all(bytes)).await, Ok(Ok(())))
    }

    /// Sends any bytes: half a head, a malformed line. An answer to them is read as to a GET.
    pub(crate) async fn send_bytes(&mut self, bytes: &[u8]) -> Result<(), NoResponse> {
        match in_time(self.stream.write_all(bytes)).await {
            Ok(Ok(())) => Ok(()),
            // The peer may have answered and closed without reading: what it said counts.
            Ok(Err(error)) if gone(error.kind()) => Ok(()),
            Ok(Err(error)) => Err(NoResponse::Broken(error.kind())),
            Err(_) => Err(NoResponse::Deadline),
        }
    }

    /// GETs a path and waits for the whole answer; fails the test when none comes.
    #[track_caller]
    pub(crate) fn get<'a>(&'a mut self, path: &str) -> impl Future<Output = Response> + 'a {
        let request = Request::get(self.addr, path);
        self.ask(request)
    }

    /// Sends a request and waits for the whole answer; fails the test when none comes.
    #[track_caller]
    pub(crate) fn ask(&mut self, request: Request) -> impl Future<Output = Response> {
        let caller = std::panic::Location::caller();
        async move {
            let answer = match self.send(&request).await {
                Ok(()) => self.receive().await,
                Err(error) => Err(error),
            };
            answer.unwrap_or_else(|error| panic!("{request:?}: {error} (sent at {caller})"))
        }
    }

    /// The whole next response; interim (1xx) ones are passed over.
    pub(crate) async fn receive(&mut self) -> Result<Response, NoResponse> {
        let head = self.receive_head().await?;
        let mut body = Vec::new();
        let fault = match in_time(self.rest(&mut body)).await {
            Ok(Ok(())) => None,
            Ok(Err(fault)) => Some(fault),
            Err(_) => Some(BodyFault::Deadline),
        };
        Ok(Response {
            status: head.status,
            headers: head.headers,
            raw_len: body.len(),
            body,
            complete: fault.is_none(),
            fault,
            surplus: self.stream.buffer().len(),
        })
    }

    /// The next response's head alone; its body is then read by [`Connection::receive_body`].
    pub(crate) async fn receive_head(&mut self) -> Result<ResponseHead, NoResponse> {
        let to_head = self.asked.pop_front().unwrap_or(false);
        loop {
            let read = in_time(read_response_head(&mut self.stream)).await;
            let head = match read.map_err(|_| NoResponse::Deadline)? {
                Ok(Some(head)) => head,
                Ok(None) => return Err(NoResponse::Closed),
                Err(error) if error.kind() == io::ErrorKind::Other => {
                    return Err(NoResponse::BadHead(error.to_string()));
                }
                Err(error) => return Err(NoResponse::Broken(error.kind())),
            };
            if head.status >= 200 {
                let framing = Framing::of_response(&head, to_head).map_err(NoResponse::BadHead)?;
                self.body = BodyReader::new(framing);
                return Ok(head);
            }
        }
    }

    /// More of the body, after its head: at least `wanted` bytes, fewer only at its end.
    pub(crate) async fn receive_body(&mut self, wanted: usize) -> Result<Vec<u8>, BodyFault> {
        let mut body = Vec::new();
        let read = async {
            while body.len() < wanted {
                match self.body.next(&mut self.stream).await? {
                    Some(piece) => body.extend_from_slice(&piece),
                    None => break,
                }
            }
            Ok(())
        };
        match in_time(read).await {
            Ok(Ok(())) => Ok(body),
            Ok(Err(fault)) => Err(fault),
            Err(_) => Err(BodyFault::Deadline),
        }
    }

    async fn rest(&mut self, body: &mut Vec<u8>) -> Result<(), BodyFault> {
        while let Some(piece) = self.body.next(&mut self.stream).await? {
            body.extend_from_slice(&piece);
        }
        Ok(())
    }

    /// Every head up to the final response's, interim (1xx) ones included.
    pub(crate) async fn receive_heads(&mut self) -> Vec<ResponseHead> {
        let mut heads = Vec::new();
        while heads.last().is_none_or(|head: &ResponseHead| head.status < 200) {
            let reading = read_response_head(&mut self.stream);
            let read = within("the head of a response".to_owned(), reading).await;
            heads.push(read.expect("a well-formed head").expect("a response"));
        }
        heads
    }

    /// Whether the other side says something, or closes, before this time is over.
    pub(crate) async fn says_within(&mut self, time: Duration) -> bool {
        timeout(time, self.stream.fill_buf()).await.is_ok()
    }

    /// Sends until the other side does not take it any more: it has not only said its last, it has
    /// closed. Fails the test when it does not.
    pub(crate) async fn broken_off(&mut self) {
        let sending = async {
            let mut pause = tokio::time::interval(Duration::from_millis(5));
            while self.stream.write_all(b"x").await.is_ok() {
                pause.tick().await;
            }
        };
        within("the end of a connection".to_owned(), sending).await;
    }

    /// Waits until the other side closes, and fails the test when it says anything before that.
    pub(crate) async fn closed(&mut self) {
        let read = within("the close of a connection".to_owned(), self.stream.fill_buf()).await;
        let said = read.unwrap_or_default();
        assert!(said.is_empty(), "instead of closing: {}", String::from_utf8_lossy(said));
    }

    /// Says that no more requests come, and still listens.
    pub(crate) async fn finish_sending(&mut self) {
        // Fails only where the other side has closed already.
        let _ = self.stream.shutdown().await;
    }

    /// Breaks off with a reset, as a killed client does.
    pub(crate) fn reset(self) {
        let set = self.stream.get_ref().set_zero_linger();
        set.expect("SO_LINGER on a socket of ours");
    }
}

fn gone(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset)
}
