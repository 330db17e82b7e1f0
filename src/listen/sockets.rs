//! All that NOPAR listens on, for who serves it and for who hands it on.
//! Knows nothing of Pingora.

use super::address::Address;
use super::given::{self, Given};
use super::unix::{self, File};
use super::{LISTEN, ListenError, activated, tcp};
use crate::config::{Place, Server};
use parking_lot::Mutex;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::sync::Arc;

const OF_HOST: tcp::Settings =
    tcp::Settings { name: "NOPAR_HOSTNAME", both: "NOPAR_HOSTNAME, NOPAR_PORT" };
const OF_LISTEN: tcp::Settings = tcp::Settings { name: LISTEN, both: LISTEN };

/// A socket that listens.
#[derive(Debug)]
pub(super) struct Listener {
    fd: OwnedFd,
    address: Address,
    /// Removed when this is dropped.
    file: Option<File>,
    /// Whether there is such a file, which is this process's once the sockets are.
    has_file: bool,
}

impl Listener {
    pub(super) fn new(fd: OwnedFd, address: Address) -> Listener {
        Listener { fd, address, file: None, has_file: false }
    }

    /// The same, whose file goes when it does.
    pub(super) fn with_file(self, file: File) -> Listener {
        Listener { file: Some(file), has_file: true, ..self }
    }

    #[cfg(test)]
    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    /// The same socket under another number.
    pub(super) fn duplicate(&self) -> io::Result<OwnedFd> {
        self.fd.try_clone()
    }

    fn passed_on(&self, name: &str) -> io::Result<Given> {
        Ok(Given { fd: self.duplicate()?, name: name.to_owned() })
    }
}

/// What NOPAR listens on. Clones are the same sockets: they listen until they are closed, or the last clone is gone, and
/// those that were duplicated are closed as well.
#[derive(Clone, Debug)]
pub struct Sockets {
    addresses: Arc<[Address]>,
    held: Arc<Mutex<Held>>,
}

#[derive(Debug, Default)]
struct Held {
    registry: Vec<Listener>,
    metrics: Option<Listener>,
}

impl Sockets {
    /// Binds what the settings say.
    ///
    /// # Errors
    /// When one of them cannot be bound; then none is.
    pub fn bind(server: &Server) -> Result<Sockets, ListenError> {
        let mut registry = bound_host(server)?;
        registry.extend(bound(server, |_| true)?);
        Ok(Sockets::of(registry, None))
    }

    /// Binds what the settings say of TCP only, for who goes on by [`Sockets::completed`]. There may be none.
    ///
    /// # Errors
    /// When one of them cannot be bound; then none is.
    pub fn bind_inet(server: &Server) -> Result<Sockets, ListenError> {
        let mut registry = bound_host(server)?;
        registry.extend(bound(server, |place| place.host().is_some())?);
        Ok(Sockets::of(registry, None))
    }

    /// Those that somebody else has bound by [`Sockets::bind_inet`], and the unix sockets of the settings, which this
    /// process makes.
    ///
    /// # Errors
    /// When one of them cannot be bound, or listened on.
    pub fn completed(all: Vec<Given>, server: &Server) -> Result<Sockets, ListenError> {
        let (mut registry, metrics) = sorted(all)?;
        registry.extend(bound(server, |place| place.host().is_none())?);
        Sockets::of_some(registry, metrics)
    }

    /// Those that a service manager has bound (sd_listen_fds(3)); `None` if it has none for this process. To be called before
    /// this process opens anything.
    ///
    /// # Errors
    /// When they cannot be listened on, or when what is said of them makes no sense.
    pub fn activated() -> Result<Option<Sockets>, ListenError> {
        activated::take()?.map(Sockets::inherited).transpose()
    }

    /// Those that somebody else has bound, who calls that of the metrics [`Given::METRICS`].
    ///
    /// # Errors
    /// When one of them is no listening stream socket of TCP or unix, or when there are none for the registry.
    pub fn inherited(all: Vec<Given>) -> Result<Sockets, ListenError> {
        let (registry, metrics) = sorted(all)?;
        Sockets::of_some(registry, metrics)
    }

    fn of_some(registry: Vec<Listener>, metrics: Option<Listener>) -> Result<Sockets, ListenError> {
        if registry.is_empty() {
            let none = "there is none for the registry: all of them are called metrics";
            return Err(ListenError::Activation(io::Error::other(none)));
        }
        Ok(Sockets::of(registry, metrics))
    }

    fn of(registry: Vec<Listener>, metrics: Option<Listener>) -> Sockets {
        let addresses = registry.iter().map(|listener| listener.address.clone()).collect();
        Sockets { addresses, held: Arc::new(Mutex::new(Held { registry, metrics })) }
    }

    /// Where the registry is, with the ports they really have.
    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// Those of them that are addresses of TCP.
    pub fn inet(&self) -> Vec<SocketAddr> {
        self.addresses.iter().filter_map(Address::inet).collect()
    }

    /// The sockets under numbers of their own, with names by which [`Sockets::inherited`] knows them: to be passed on to
    /// another process, or to be served. None, once they are closed.
    ///
    /// # Errors
    /// When there are too many open files.
    pub fn fds(&self) -> io::Result<Vec<Given>> {
        let held = self.held.lock();
        let name = |listener: &Listener| match listener.has_file {
            true => Given::REGISTRY_FILE,
            false => Given::REGISTRY,
        };
        let registry = held.registry.iter().map(|listener| listener.passed_on(name(listener)));
        let metrics = held.metrics.iter().map(|listener| listener.passed_on(Given::METRICS));
        registry.chain(metrics).collect()
    }

    /// The registry's sockets under numbers of their own, with where each is: to be served. None, once they are closed.
    ///
    /// # Errors
    /// When there are too many open files.
    pub fn to_serve(&self) -> io::Result<Vec<(Address, OwnedFd)>> {
        let held = self.held.lock();
        let one = |listener: &Listener| Ok((listener.address.clone(), listener.duplicate()?));
        held.registry.iter().map(one).collect()
    }

    /// The metrics' socket, if it was inherited, under a number of its own.
    ///
    /// # Errors
    /// When there are too many open files.
    pub fn metrics(&self) -> io::Result<Option<TcpListener>> {
        let held = self.held.lock();
        held.metrics
            .as_ref()
            .map(|listener| listener.duplicate().map(TcpListener::from))
            .transpose()
    }

    /// Holds the metrics' socket as well, to be passed on with the others.
    ///
    /// # Errors
    /// When there are too many open files.
    pub fn hold_metrics(&self, socket: &TcpListener) -> io::Result<()> {
        let address = Address::Inet(socket.local_addr()?);
        let listener = Listener::new(socket.try_clone()?.into(), address);
        self.held.lock().metrics = Some(listener);
        Ok(())
    }

    /// They are this process's from now on, and so are the files of those unix sockets that somebody made who has handed
    /// them on: until then, nothing here removes them.
    pub fn taken_over(&self) {
        for listener in &mut self.held.lock().registry {
            if let Address::Unix(path) = &listener.address
                && listener.has_file
                && listener.file.is_none()
            {
                listener.file = Some(File::at(path));
            }
        }
    }

    /// Somebody else serves them from now on: the files of unix sockets are that one's to remove.
    pub fn handed_on(&self) {
        for listener in &mut self.held.lock().registry {
            if let Some(file) = listener.file.take() {
                file.leave();
            }
        }
    }

    /// Listens no more, as far as this process goes, and removes the files of the unix sockets it made.
    pub fn close(&self) {
        *self.held.lock() = Held::default();
    }
}

fn bound_host(server: &Server) -> Result<Vec<Listener>, ListenError> {
    if !server.listens_on_host() {
        return Ok(Vec::new());
    }
    Ok(inet(tcp::bind(&server.hostname, server.port, OF_HOST)?).collect())
}

/// Those of the places to listen on that are wanted.
fn bound(
    server: &Server,
    is_wanted: impl Fn(&Place) -> bool,
) -> Result<Vec<Listener>, ListenError> {
    let mut bound = Vec::new();
    for place in server.listen.iter().filter(|place| is_wanted(place)) {
        match place {
            Place::Host { name, port } => bound.extend(inet(tcp::bind(name, *port, OF_LISTEN)?)),
            Place::Unix(path) => bound.push(unix::bind(path)?),
        }
    }
    Ok(bound)
}

/// Those of the registry, and that of the metrics.
fn sorted(all: Vec<Given>) -> Result<(Vec<Listener>, Option<Listener>), ListenError> {
    let (mut registry, mut metrics) = (Vec::new(), None);
    for one in all {
        if one.name == Given::METRICS {
            metrics = Some(of_metrics(given::look(one)?, metrics.is_some())?);
            continue;
        }
        let has_file = one.name == Given::REGISTRY_FILE;
        let mut listener = given::look(one)?;
        listener.has_file = has_file && matches!(listener.address, Address::Unix(_));
        registry.push(listener);
    }
    Ok((registry, metrics))
}

fn inet(bound: Vec<TcpListener>) -> impl Iterator<Item = Listener> {
    bound.into_iter().filter_map(|socket| {
        let address = socket.local_addr().ok()?;
        Some(Listener::new(socket.into(), Address::Inet(address)))
    })
}

/// The metrics' socket, of which there is one, and which is of TCP.
fn of_metrics(listener: Listener, is_second: bool) -> Result<Listener, ListenError> {
    let problem = match &listener.address {
        _ if is_second => "is the second of that name".to_owned(),
        Address::Inet(_) => return Ok(listener),
        other => format!("is {other}, and metrics are served by TCP only"),
    };
    let number = std::os::fd::AsRawFd::as_raw_fd(&listener.fd);
    Err(ListenError::Given { number, name: Given::METRICS.to_owned(), problem })
}
