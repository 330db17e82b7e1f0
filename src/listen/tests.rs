//! Sockets as a whole: bound by settings, passed on, closed.

use super::*;
use crate::config::{Config, Place, Server};
use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

fn server(hostname: &str, port: u16) -> Server {
    let mut server = Config::default().server;
    (server.hostname, server.port) = (hostname.to_owned(), port);
    server
}

fn on_unix(path: &Path) -> Server {
    Server { listen: vec![Place::Unix(path.to_owned())], ..server("localhost", 0) }
}

#[test]
fn localhost_is_both_loopback_addresses_on_one_port() {
    let bound = Sockets::bind(&server("localhost", 0)).unwrap().inet();
    assert_eq!(bound[0].ip(), IpAddr::from(Ipv4Addr::LOCALHOST));
    assert!(bound.iter().all(|address| address.port() == bound[0].port() && address.port() != 0));
}

#[test]
fn a_port_in_use_is_an_error_that_names_it_and_its_setting() {
    let first = Sockets::bind(&server("127.0.0.1", 0)).unwrap();
    let port = first.inet()[0].port();
    let error = Sockets::bind(&server("127.0.0.1", port)).unwrap_err().to_string();
    assert!(error.contains(&format!("127.0.0.1:{port}")), "{error}");
    assert!(error.ends_with("(NOPAR_HOSTNAME, NOPAR_PORT)"), "{error}");
    let place = Place::Host { name: "127.0.0.1".to_owned(), port };
    let other = Server { listen: vec![place], ..server("localhost", 0) };
    let error = Sockets::bind(&other).unwrap_err().to_string();
    assert!(error.ends_with("(NOPAR_LISTEN)"), "{error}");
}

#[test]
fn several_places_are_bound_and_none_if_one_cannot_be() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("nopar.http");
    let host = |port| Place::Host { name: "127.0.0.1".to_owned(), port };
    let mut wanted = on_unix(&path);
    wanted.listen.extend([host(0), host(0)]);
    let bound = Sockets::bind(&wanted).unwrap();
    assert_eq!(bound.addresses()[0], Address::Unix(path.clone()));
    assert_eq!(bound.inet().len(), 2);
    wanted.listen = vec![Place::Unix(directory.path().join("other")), host(bound.inet()[0].port())];
    assert!(Sockets::bind(&wanted).is_err());
    assert!(!directory.path().join("other").exists());
}

#[test]
fn sockets_outlive_who_bound_them_when_they_are_handed_on() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("nopar.http");
    let place = Place::Host { name: "127.0.0.1".to_owned(), port: 0 };
    let mut wanted = on_unix(&path);
    wanted.listen.push(place);
    let before = Sockets::bind(&wanted).unwrap();
    let metrics = TcpListener::bind("127.0.0.1:0").unwrap();
    before.hold_metrics(&metrics).unwrap();
    let address = before.inet()[0];
    let after = Sockets::inherited(before.fds().unwrap()).unwrap();
    before.handed_on();
    before.close();
    assert!(before.fds().unwrap().is_empty());
    assert_eq!(after.addresses(), before.addresses());
    let inherited = after.metrics().unwrap().unwrap();
    assert_eq!(inherited.local_addr().unwrap(), metrics.local_addr().unwrap());
    TcpStream::connect(address).unwrap();
    UnixStream::connect(&path).unwrap();
    // One that is handed them and comes to nothing leaves the file where it is.
    drop(Sockets::inherited(after.fds().unwrap()).unwrap());
    assert!(path.exists());
    // Who serves them last removes it.
    after.taken_over();
    after.close();
    assert!(!path.exists());
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn the_file_of_a_socket_that_was_never_its_own_stays() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("nopar.http");
    let fd = UnixListener::bind(&path).unwrap().into();
    let name = "nopar.socket".to_owned();
    let inherited = Sockets::inherited(vec![Given { fd, name }]).unwrap();
    inherited.close();
    assert!(path.exists());
}

#[test]
fn metrics_have_one_socket_of_tcp_beside_the_registry_s() {
    let directory = tempfile::tempdir().unwrap();
    let tcp = || TcpListener::bind("127.0.0.1:0").unwrap();
    let given = |fd, name: &str| Given { fd, name: name.to_owned() };
    let refused = |all| Sockets::inherited(all).unwrap_err().to_string();
    let error = refused(vec![given(tcp().into(), "metrics")]);
    assert!(error.contains("there is none for the registry"), "{error}");
    let error = refused(vec![given(tcp().into(), "metrics"), given(tcp().into(), "metrics")]);
    assert!(error.contains("is the second of that name"), "{error}");
    let unix = UnixListener::bind(directory.path().join("m")).unwrap();
    let error = refused(vec![given(tcp().into(), "npm"), given(unix.into(), "metrics")]);
    assert!(error.contains("metrics are served by TCP only"), "{error}");
}
