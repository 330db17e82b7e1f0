//! Certificates that are replaced while NOPAR serves, under load.
//! Knows nothing of what is wrong with one that is not taken.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use nopar::certificate::Looked;

use super::{PACKUMENT, http2, nopar, upstream};
use crate::support::client::Connection;
use crate::support::deadline::once;
use crate::support::tls::{Certificate, Tunnel};

const CHANGES: usize = 50;
/// Who shakes hands again and again meanwhile.
const CLIENTS: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_change_and_no_handshake_fails() {
    let (upstream, certificate) = (upstream().await, Arc::new(Certificate::new()));
    let nopar = nopar(&upstream, &certificate).start().await;
    let (addr, shown) = (nopar.addr(), nopar.certificate());
    // Open connections go on, whatever is shown to new ones.
    let open = http2(addr, &certificate).await;
    let tunnel = Tunnel::start(addr, &certificate).await;
    let mut kept = Connection::open(tunnel.addr()).await.expect("a connection");
    let (end, shaken) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let load: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (certificate, end, shaken) =
                (Arc::clone(&certificate), Arc::clone(&end), Arc::clone(&shaken));
            tokio::spawn(async move {
                while !end.load(Ordering::Relaxed) {
                    let client = http2(addr, &certificate).await;
                    assert_eq!(client.get(PACKUMENT).await.status, 200);
                    shaken.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for _ in 0..CHANGES {
        let before = shaken.load(Ordering::Relaxed);
        let new = certificate.renew();
        let looked = shown.look_again();
        // NOPAR may have looked by itself in between.
        assert!(matches!(looked, Looked::Changed | Looked::Same), "{looked:?}");
        let stream = certificate.connect(addr, &[b"http/1.1"]).await;
        let chain = stream.get_ref().1.peer_certificates().expect("a certificate");
        assert_eq!(chain[0], new);
        open.get(PACKUMENT).await;
        kept.get(PACKUMENT).await.expect(200);
        // Others shake hands between any two changes.
        let look = async || {
            let is_done =
                shaken.load(Ordering::Relaxed) > before || load.iter().any(|one| one.is_finished());
            is_done.then_some(()).ok_or("no handshake".to_owned())
        };
        once("a handshake beside this", look).await;
    }
    end.store(true, Ordering::Relaxed);
    for one in load {
        one.await.expect("no handshake fails");
    }
}
