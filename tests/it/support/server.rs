//! A listener on a port of its own with a thread and runtime of its own.
//! Knows nothing of what is spoken on its connections.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::deadline::within;

const BACKLOG: u32 = 1024;

/// A loopback port nobody else gets while this lives, listened on or not.
///
/// The reserving socket never listens, so connections are refused unless a second one, sharing
/// the port by `SO_REUSEPORT`, does. So going down and up again on the same port has no races.
pub(crate) struct Port {
    _reserved: TcpSocket,
    addr: SocketAddr,
}

impl Port {
    /// Reserves a free port on 127.0.0.1.
    pub(crate) fn reserve() -> Self {
        let socket = shared_socket(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let addr = socket.local_addr().expect("a bound socket has an address");
        Self { _reserved: socket, addr }
    }

    /// The reserved address.
    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    fn listen(&self) -> TcpListener {
        shared_socket(self.addr).listen(BACKLOG).expect("listening on a reserved port")
    }
}

fn shared_socket(addr: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_reuseport(true).expect("SO_REUSEPORT");
    socket.bind(addr).expect("a loopback port");
    socket
}

enum Command {
    Close(oneshot::Sender<()>),
    Open(oneshot::Sender<()>),
}

/// A running listener; dropping it closes the port and every connection.
pub(crate) struct Server {
    addr: SocketAddr,
    accepted: Arc<AtomicUsize>,
    commands: Option<mpsc::UnboundedSender<Command>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens on `port` and gives each connection, with its number from 0, to `serve`.
    pub(crate) async fn start<S, F>(port: Port, serve: S) -> Self
    where
        S: Fn(TcpStream, usize) -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let addr = port.addr();
        let (commands, inbox) = mpsc::unbounded_channel();
        let accepted = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&accepted);
        let thread = std::thread::Builder::new()
            .name(format!("fake-{}", addr.port()))
            .spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .expect("a runtime");
                runtime.block_on(run(port, inbox, counter, serve));
            })
            .expect("a thread");
        let server = Self { addr, accepted, commands: Some(commands), thread: Some(thread) };
        server.listen().await;
        server
    }

    /// Where it listens, or did before it was closed.
    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Connections accepted so far.
    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    /// Cuts every connection; new ones are refused until [`Server::listen`].
    pub(crate) async fn close(&self) {
        self.command(Command::Close).await;
    }

    /// Listens again on the same port; nothing happens if it does already.
    pub(crate) async fn listen(&self) {
        self.command(Command::Open).await;
    }

    async fn command(&self, command: fn(oneshot::Sender<()>) -> Command) {
        let (done, finished) = oneshot::channel();
        let commands = self.commands.as_ref().expect("there until dropped");
        let sent = commands.send(command(done));
        assert!(sent.is_ok(), "the thread of the fake at {} died", self.addr);
        let answer = within("the fake's own thread".to_owned(), finished).await;
        assert!(answer.is_ok(), "the fake at {} died of it", self.addr);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.commands = None;
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed; a second one here would abort the test binary.
            let _ = thread.join();
        }
    }
}

async fn run<S, F>(
    port: Port,
    mut inbox: mpsc::UnboundedReceiver<Command>,
    accepted: Arc<AtomicUsize>,
    serve: S,
) where
    S: Fn(TcpStream, usize) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let mut listener = None;
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            command = inbox.recv() => match command {
                None => return,
                Some(Command::Open(done)) => {
                    listener.get_or_insert_with(|| port.listen());
                    let _ = done.send(());
                }
                Some(Command::Close(done)) => {
                    listener = None;
                    connections.shutdown().await;
                    let _ = done.send(());
                }
            },
            stream = accept(listener.as_ref()) => {
                let number = accepted.fetch_add(1, Ordering::SeqCst);
                connections.spawn(serve(stream, number));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn accept(listener: Option<&TcpListener>) -> TcpStream {
    let Some(listener) = listener else {
        return std::future::pending().await;
    };
    loop {
        // A connection reset while it waited in the backlog is its peer's affair.
        if let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            return stream;
        }
    }
}
