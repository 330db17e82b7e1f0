//! Certificates of an authority nobody knows, and a way for clients that speak no TLS.
//! Knows nothing of HTTP: what goes through is passed on as it is.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Who the certificates are for.
pub(crate) const HOST: &str = "npm.test";

/// A certificate and its key in files, and the authority behind it.
pub(crate) struct Certificate {
    folder: TempDir,
    authority: rcgen::Certificate,
    authority_key: KeyPair,
}

impl Certificate {
    /// One for [`HOST`].
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names are fine");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority_key = KeyPair::generate().expect("a key");
        let authority = params.self_signed(&authority_key).expect("a certificate");
        let folder = tempfile::tempdir().expect("a directory");
        let new = Self { folder, authority, authority_key };
        new.renew();
        new
    }

    /// Another one of the same authority takes its place, by renames; what it is.
    pub(crate) fn renew(&self) -> CertificateDer<'static> {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec![HOST.to_owned()]).expect("a decent name");
        let certificate = params.signed_by(&key, &self.authority, &self.authority_key);
        let certificate = certificate.expect("a certificate");
        let write = |name, text| {
            let new = self.folder.path().join("new");
            std::fs::write(&new, text).expect("a file");
            std::fs::rename(new, self.folder.path().join(name)).expect("a rename");
        };
        write("cert.pem", certificate.pem());
        write("key.pem", key.serialize_pem());
        certificate.der().clone()
    }

    /// The file of the certificate.
    pub(crate) fn cert(&self) -> String {
        self.path("cert.pem")
    }

    /// The file of its key.
    pub(crate) fn key(&self) -> String {
        self.path("key.pem")
    }

    /// Where both are.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn path(&self, name: &str) -> String {
        let path = self.folder.path().join(name);
        path.to_str().expect("a path in UTF-8").to_owned()
    }

    /// A connection to `addr` that offers these protocols, and believes in this authority only.
    pub(crate) async fn connect(&self, addr: SocketAddr, alpn: &[&[u8]]) -> TlsStream<TcpStream> {
        let stream = TcpStream::connect(addr).await.expect("a connection");
        self.handshake(stream, alpn).await.expect("a handshake")
    }

    /// The same on a stream that leads there.
    pub(crate) async fn handshake<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        alpn: &[&[u8]],
    ) -> std::io::Result<TlsStream<S>> {
        let mut trusted = RootCertStore::empty();
        trusted.add(self.authority.der().clone()).expect("a certificate");
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the usual versions");
        let mut config = config.with_root_certificates(trusted).with_no_client_auth();
        config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        let name = ServerName::try_from(HOST).expect("a name");
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    }
}

/// Listens on 127.0.0.1, and passes on through TLS, until it is dropped.
pub(crate) struct Tunnel {
    addr: SocketAddr,
    running: JoinHandle<()>,
}

impl Tunnel {
    /// To what listens at `behind`, which has this certificate.
    pub(crate) async fn start(behind: SocketAddr, certificate: &Arc<Certificate>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let addr = listener.local_addr().expect("an address");
        let certificate = Arc::clone(certificate);
        let running = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let certificate = Arc::clone(&certificate);
                tokio::spawn(async move {
                    let mut inside = certificate.connect(behind, &[b"http/1.1"]).await;
                    let _ = copy_bidirectional(&mut stream, &mut inside).await;
                });
            }
        });
        Self { addr, running }
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        self.running.abort();
    }
}
