//! Pingora's service, given sockets that are there already and a stop of NOPAR's own.
//! Knows nothing of how they were bound, nor of any request's content.

use super::{Metrics, Serving};
use crate::certificate::Shown;
use crate::connection::Guard;
use crate::listen::{Address, ListenError, Sockets};
use crate::notify;
use crate::proxy::{Hot, Proxy, Tidy};
use crate::reload::Reloader;
use crate::stop::Succession;
use async_trait::async_trait;
use log::info;
use parking_lot::Mutex;
use pingora::listeners::{ListenerConfig, Listeners};
use pingora::protocols::l4::stream::L4BufferSettings;
use pingora::server::{ListenFds, ShutdownWatch};
use pingora::services::Service;
use pingora::services::listening;
use pingora_proxy::HttpProxy;
use rustix::fs::{MemfdFlags, memfd_create};
use std::fs::{self, Permissions};
use std::io;
use std::os::fd::{AsRawFd, IntoRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Pingora's buffers of each connection. It would read ahead up to 64 KiB; NOPAR reads a head at once, and
/// bodies in large pieces. A short answer and its head still leave together. Of the 14 KB that an idle
/// connection takes, 9 are the task that Pingora makes of it.
const BUFFERS: L4BufferSettings = L4BufferSettings { read: Some(0), write: Some(1024) };

/// How often the files of the certificate are looked at.
const CERTIFICATE_LOOKS: Duration = Duration::from_secs(10);

/// Permissions of what Pingora takes for a socket's file.
const OWNERS: u32 = 0o600;

type App = Guard<HttpProxy<Proxy>, Hot>;

/// A socket, as Pingora comes to have it: by its key in the table of inherited descriptors.
pub(super) struct Served {
    address: Address,
    key: String,
    socket: OwnedFd,
    /// Pingora sets the permissions of a unix socket's file by the path that is its key. Those of the real one are not
    /// Pingora's affair, and may be another user's or nowhere: it gets a file in memory that nobody else sees.
    stand_in: Option<OwnedFd>,
}

impl Served {
    /// All of them.
    ///
    /// # Errors
    /// When there are too many open files, or no /proc where unix sockets need it.
    pub(super) fn all(sockets: &Sockets) -> Result<Vec<Served>, ListenError> {
        let first = sockets.addresses()[0].clone();
        let all = sockets.to_serve();
        let all = all.map_err(|source| ListenError::Serve { address: first, source })?;
        all.into_iter().map(|(address, socket)| Served::new(address, socket)).collect()
    }

    fn new(address: Address, socket: OwnedFd) -> Result<Served, ListenError> {
        if address.inet().is_some() {
            return Ok(Served { key: address.to_string(), address, socket, stand_in: None });
        }
        match stand_in() {
            Ok((file, key)) => Ok(Served { address, key, socket, stand_in: Some(file) }),
            Err(source) => Err(ListenError::Serve { address, source }),
        }
    }
}

/// A file whose permissions this process may set, and a path of it.
fn stand_in() -> io::Result<(OwnedFd, String)> {
    let file = memfd_create("unix socket", MemfdFlags::CLOEXEC)?;
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    // What Pingora does later, and would panic of.
    fs::set_permissions(&path, Permissions::from_mode(OWNERS))?;
    Ok((file, path))
}

/// Pingora's service of what the guard lets in.
pub(super) fn service(all: &[Served], is_tls: bool, guard: App) -> listening::Service<App> {
    listening::Service::with_listeners("registry".to_owned(), listeners(all, is_tls), guard)
}

/// Pingora's listeners, for sockets that are there already. TLS is the guard's matter.
fn listeners(all: &[Served], is_tls: bool) -> Listeners {
    let mut listeners = Listeners::new();
    for served in all {
        let listener = match served.stand_in {
            None => ListenerConfig::tcp(&served.key),
            Some(_) => {
                let permissions = Permissions::from_mode(OWNERS);
                ListenerConfig::uds(&served.key).permissions(permissions)
            }
        };
        listeners.add_listener(match is_tls {
            // Records come in pieces: Pingora's buffer reads several at once.
            true => listener,
            false => listener.l4_buffer(BUFFERS),
        });
    }
    listeners
}

/// The service.
pub(super) struct Listening {
    pub(super) sockets: Sockets,
    pub(super) served: Vec<Served>,
    pub(super) scheme: &'static str,
    pub(super) service: listening::Service<App>,
    pub(super) tidy: Tidy,
    pub(super) certificate: Option<Arc<Shown>>,
    pub(super) metrics: Option<Metrics>,
    pub(super) serving: Option<Serving>,
    pub(super) succession: Succession,
    /// In a lock, as a service is to be shared; nobody else has it.
    pub(super) reloader: Mutex<Option<Reloader>>,
    pub(super) close: watch::Receiver<bool>,
    pub(super) close_done: watch::Sender<bool>,
}

#[async_trait]
impl Service for Listening {
    async fn start_service(
        &mut self,
        fds: Option<ListenFds>,
        _shutdown: ShutdownWatch,
        listeners_per_fd: usize,
    ) {
        let metrics = self.metrics.take().map(Metrics::begin);
        let succession = self.succession.clone();
        // Numbers of two processes are not to be mixed: who reads them is answered by the one that serves.
        tokio::spawn(async move {
            succession.comes().await;
            metrics.iter().for_each(JoinHandle::abort);
        });
        let mut stand_ins = Vec::new();
        let mut places = Vec::new();
        if let Some(table) = &fds {
            let mut table = table.lock();
            for Served { address, key, socket, stand_in } in self.served.drain(..) {
                let place = address.told(self.scheme);
                info!("listening on {place}");
                places.push(place);
                table.add(key, socket.into_raw_fd());
                stand_ins.extend(stand_in);
            }
        }
        let mut besides =
            vec![tokio::spawn(self.tidy.clone().keep()), tokio::spawn(notify::live())];
        let certificate = self.certificate.take();
        besides.extend(certificate.map(|shown| tokio::spawn(shown.keep(CERTIFICATE_LOOKS))));
        // Who connects from here on is answered, if a moment later.
        if let Some(serving) = self.serving.take() {
            serving(&format!("listening on {}", places.join(" and ")));
        }
        if let Some(reloader) = self.reloader.get_mut().take() {
            reloader.begin();
        }
        Service::start_service(&mut self.service, fds, self.close.clone(), listeners_per_fd).await;
        // Pingora has closed its own: nobody is let in here any more, unless somebody else holds them.
        self.sockets.close();
        drop(stand_ins);
        besides.iter().for_each(JoinHandle::abort);
        let _ = self.close_done.send(true);
    }

    fn name(&self) -> &str {
        "registry"
    }

    fn listen_addresses(&self) -> Option<Vec<String>> {
        Some(self.served.iter().map(|served| served.key.clone()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stand_in_takes_the_permissions_that_are_meant_for_a_socket_s_file() {
        let (file, path) = stand_in().unwrap();
        fs::set_permissions(path, Permissions::from_mode(0o640)).unwrap();
        let mode = rustix::fs::fstat(&file).unwrap().st_mode;
        assert_eq!(mode & 0o7777, 0o640);
    }
}
