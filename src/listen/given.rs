//! A socket that somebody else has bound: looked at, as all that is known of it is its number.
//! Knows nothing of who passed it.

use super::ListenError;
use super::address::Address;
use super::sockets::Listener;
use crate::connection::UNSENT;
use rustix::fs::{FileType, fstat};
use socket2::{SockRef, Type};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

/// A socket that is passed on, with what it is called: `metrics` is that of the metrics, all others are the registry's.
#[derive(Debug)]
pub struct Given {
    /// The socket.
    pub fd: OwnedFd,
    /// Its name.
    pub name: String,
}

impl Given {
    /// The name of the metrics' socket (`FileDescriptorName=` of a socket unit).
    pub const METRICS: &'static str = "metrics";
    /// That of a socket of the registry.
    pub const REGISTRY: &'static str = "registry";
    /// That of a unix socket of the registry whose file is removed by whoever serves it last.
    pub(super) const REGISTRY_FILE: &'static str = "registry.file";
}

/// Looks what it is, and makes it ready to be served.
pub(super) fn look(given: Given) -> Result<Listener, ListenError> {
    let Given { fd, name } = given;
    let number = fd.as_raw_fd();
    match ready(fd) {
        Ok(listener) => Ok(listener),
        Err(problem) => Err(ListenError::Given { number, name, problem }),
    }
}

fn ready(fd: OwnedFd) -> Result<Listener, String> {
    let told = |error: io::Error| format!("cannot be used: {error}");
    let kind = fstat(&fd).map_err(|error| told(error.into()))?.st_mode;
    if FileType::from_raw_mode(kind) != FileType::Socket {
        return Err("is no socket".to_owned());
    }
    let socket = SockRef::from(&fd);
    if socket.r#type().map_err(told)? != Type::STREAM {
        return Err("is no stream socket".to_owned());
    }
    if !socket.is_listener().map_err(told)? {
        return Err("does not listen".to_owned());
    }
    let address = address_of(&socket).map_err(told)?.ok_or("is of another family")?;
    socket.set_nonblocking(true).map_err(told)?;
    socket.set_cloexec(true).map_err(told)?;
    if address.inet().is_some() {
        socket.set_tcp_notsent_lowat(UNSENT).map_err(told)?;
    }
    Ok(Listener::new(fd, address))
}

/// Where a socket is bound; `None` if it is neither of TCP nor unix.
pub(super) fn address_of(socket: &SockRef<'_>) -> io::Result<Option<Address>> {
    let address = socket.local_addr()?;
    if let Some(inet) = address.as_socket() {
        return Ok(Some(Address::Inet(inet)));
    }
    if !address.is_unix() {
        return Ok(None);
    }
    Ok(Some(match address.as_pathname() {
        Some(path) => Address::Unix(path.to_owned()),
        None => {
            let name = address.as_abstract_namespace().unwrap_or_default();
            Address::Nowhere(name.escape_ascii().to_string())
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::net::{AddressFamily, SocketType, socket};
    use std::net::{TcpListener, UdpSocket};
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener, UnixStream};

    fn looked_at(fd: impl Into<OwnedFd>) -> Result<Address, String> {
        let given = Given { fd: fd.into(), name: "npm.socket".to_owned() };
        look(given).map(|listener| listener.address().clone()).map_err(|error| error.to_string())
    }

    #[test]
    fn what_listens_is_taken_as_it_is() {
        let directory = tempfile::tempdir().unwrap();
        for host in ["127.0.0.1:0", "[::1]:0"] {
            // A machine may have no IPv6.
            let Ok(tcp) = TcpListener::bind(host) else { continue };
            let address = Address::Inet(tcp.local_addr().unwrap());
            assert_eq!(looked_at(tcp), Ok(address));
        }
        let path = directory.path().join("s");
        assert_eq!(looked_at(UnixListener::bind(&path).unwrap()), Ok(Address::Unix(path)));
        let name = format!("nopar-{}", std::process::id());
        let nowhere = SocketAddr::from_abstract_name(&name).unwrap();
        let nowhere = UnixListener::bind_addr(&nowhere).unwrap();
        assert_eq!(looked_at(nowhere), Ok(Address::Nowhere(name)));
    }

    #[test]
    fn it_is_made_ready() {
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        rustix::io::fcntl_setfd(&tcp, rustix::io::FdFlags::empty()).unwrap();
        let given = Given { fd: tcp.into(), name: "npm.socket".to_owned() };
        let listener = look(given).unwrap();
        let socket = listener.duplicate().unwrap();
        assert!(SockRef::from(&socket).nonblocking().unwrap());
        assert_eq!(SockRef::from(&socket).tcp_notsent_lowat().unwrap(), UNSENT);
        assert!(rustix::io::fcntl_getfd(&socket).unwrap().contains(rustix::io::FdFlags::CLOEXEC));
    }

    #[test]
    fn what_does_not_listen_is_told_apart() {
        let directory = tempfile::tempdir().unwrap();
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = std::net::TcpStream::connect(tcp.local_addr().unwrap()).unwrap();
        let (one, _other) = UnixStream::pair().unwrap();
        let packets = UnixDatagram::bind(directory.path().join("d")).unwrap();
        let netlink = socket(AddressFamily::NETLINK, SocketType::RAW, None).unwrap();
        let cases: [(OwnedFd, &str); 6] = [
            (std::fs::File::open("/dev/null").unwrap().into(), "is no socket"),
            (UdpSocket::bind("127.0.0.1:0").unwrap().into(), "is no stream socket"),
            (packets.into(), "is no stream socket"),
            (netlink, "is no stream socket"),
            (client.into(), "does not listen"),
            (one.into(), "does not listen"),
        ];
        for (fd, problem) in cases {
            let error = looked_at(fd).unwrap_err();
            assert!(
                error.contains(&format!("(npm.socket), which was passed to listen on, {problem}:")),
                "{error}"
            );
        }
    }
}
