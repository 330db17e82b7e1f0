//! TLS in front of a fake upstream, with a certificate of an authority nobody knows.
//! Knows nothing of HTTP: what comes out of the tunnel is passed on as it is.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use tempfile::TempDir;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

/// Listens on 127.0.0.1 until it is dropped.
pub(crate) struct TlsFront {
    addr: SocketAddr,
    authority: String,
    folder: TempDir,
    running: JoinHandle<()>,
}

impl TlsFront {
    /// TLS for `names` (or addresses) before what listens at `behind`.
    pub(crate) async fn start(behind: SocketAddr, names: &[&str]) -> Self {
        let (acceptor, authority) = acceptor(names);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let addr = listener.local_addr().expect("an address");
        let running = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // Whoever dislikes the certificate hangs up; that is what the tests are about.
                tokio::spawn(pass_on(acceptor.clone(), stream, behind));
            }
        });
        let folder = tempfile::tempdir().expect("a directory");
        Self { addr, authority, folder, running }
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub(crate) fn port(&self) -> u16 {
        self.addr.port()
    }

    /// A file with the authority's certificate.
    pub(crate) fn ca_file(&self) -> String {
        let path: PathBuf = self.folder.path().join("authority.pem");
        std::fs::write(&path, &self.authority).expect("a file");
        path.to_str().expect("a path in UTF-8").to_owned()
    }
}

impl Drop for TlsFront {
    fn drop(&mut self) {
        self.running.abort();
    }
}

fn acceptor(names: &[&str]) -> (TlsAcceptor, String) {
    let own: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(Vec::new()).expect("no names are fine");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer_key = KeyPair::generate().expect("a key");
    let issuer = params.self_signed(&issuer_key).expect("a certificate");
    let authority = issuer.pem();
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(own).expect("decent names");
    let certificate = params.signed_by(&key, &issuer, &issuer_key).expect("a certificate");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the usual versions")
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        )
        .expect("a certificate and its key");
    (TlsAcceptor::from(Arc::new(config)), authority)
}

async fn pass_on(acceptor: TlsAcceptor, stream: TcpStream, behind: SocketAddr) {
    let Ok(mut stream) = acceptor.accept(stream).await else { return };
    let Ok(mut upstream) = TcpStream::connect(behind).await else { return };
    let _ = copy_bidirectional(&mut stream, &mut upstream).await;
}
