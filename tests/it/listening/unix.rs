//! Clients that come by a unix socket: they have no address, and are nobody's neighbours.

use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::PathBuf;

use tokio::net::UnixStream;

use super::said;
use crate::support::binary::Binary;
use crate::support::client::Request;
use crate::support::http2::Http2;
use crate::support::nopar::{TestNopar, TestNoparBuilder};
use crate::support::tls::{Certificate, HOST};
use crate::support::upstream::FakeUpstream;

const HOSTED: &[(&str, &str)] = &[("Host", "npm.example")];

async fn upstream() -> FakeUpstream {
    let upstream = FakeUpstream::start().await;
    upstream.package("a").version("1.0.0", |v| v.tarball_size(3_000_000));
    upstream
}

/// A NOPAR that listens by TCP and by a unix socket, and where that is.
fn nopar(upstream: &FakeUpstream) -> (tempfile::TempDir, PathBuf, TestNoparBuilder) {
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().join("nopar.http");
    let listen = format!("unix:{}", path.display());
    let nopar = TestNopar::with(upstream).env("NOPAR_LISTEN", &listen);
    (folder, path, nopar)
}

#[tokio::test]
async fn the_same_is_answered_as_by_tcp() {
    let upstream = upstream().await;
    let (_folder, path, nopar) = nopar(&upstream);
    let nopar = nopar.start().await;
    // Cold, fetched, and ready.
    for _ in 0..3 {
        let answer = said(&path, "GET", "/a", HOSTED).await;
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("\"1.0.0\""), "{answer}");
        assert!(answer.contains("http://npm.example/a/-/a-1.0.0.tgz"), "{answer}");
    }
    let by_tcp = Request::get(nopar.addr(), "/a/-/a-1.0.0.tgz").send().await.expect(200);
    for _ in 0..3 {
        let mut stream = UnixStream::connect(&path).await.expect("a connection");
        let body = whole(&mut stream, "/a/-/a-1.0.0.tgz").await;
        assert!(body == by_tcp.body, "{} bytes", body.len());
    }
    assert!(said(&path, "GET", "/nothing", HOSTED).await.starts_with("HTTP/1.1 404 "));
    assert!(said(&path, "GET", "/a", &[]).await.starts_with("HTTP/1.1 400 "), "no Host");
    // Two cold fetches: neither way has a copy of its own.
    assert_eq!(upstream.count("/a"), 1);
}

async fn whole(stream: &mut UnixStream, target: &str) -> Vec<u8> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let head = format!("GET {target} HTTP/1.1\r\nHost: npm.example\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    let reading = stream.read_to_end(&mut answer);
    crate::support::deadline::within(target.to_owned(), reading).await.expect("an answer");
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head") + 4;
    answer.split_off(end)
}

/// The socket is its owner's and its group's, and goes when NOPAR does.
#[tokio::test]
async fn the_socket_is_there_as_long_as_nopar_is() {
    let upstream = upstream().await;
    let (_folder, path, nopar) = nopar(&upstream);
    // What one that was killed has left behind is in nobody's way.
    drop(std::os::unix::net::UnixListener::bind(&path).expect("a socket"));
    let mut nopar = nopar.start().await;
    let file = std::fs::metadata(&path).expect("a socket");
    assert!(file.file_type().is_socket());
    assert_eq!(file.permissions().mode() & 0o7777, 0o660);
    said(&path, "GET", "/-/ping", HOSTED).await;
    nopar.stop().await;
    assert!(!path.exists());
    nopar.restart().await;
    said(&path, "GET", "/-/ping", HOSTED).await;
}

/// Who asks by a name of this machine from this machine may administer; who comes by a unix socket may be anybody, whom
/// a proxy has let through.
#[tokio::test]
async fn who_comes_by_it_is_not_near() {
    let upstream = upstream().await;
    for proxies in ["", "unix", "127.0.0.1"] {
        let (_folder, path, nopar) = nopar(&upstream);
        let nopar = nopar.env("NOPAR_TRUSTED_PROXIES", proxies).start().await;
        let lines = [("Host", "localhost"), ("Accept", "text/html")];
        let page = said(&path, "GET", "/-/settings", &lines).await;
        assert!(page.starts_with("HTTP/1.1 403 "), "{proxies}: {page}");
        let near = Request::get(nopar.addr(), "/-/settings").host("localhost");
        let status = near.header("Accept", "text/html").send().await.status;
        assert_eq!(status, if proxies == "127.0.0.1" { 403 } else { 200 }, "{proxies}");
    }
}

/// What it says of whom it speaks for counts if it is trusted, by the hot way and by the usual one.
#[tokio::test]
async fn its_words_count_if_it_is_trusted() {
    let upstream = upstream().await;
    let forwarded =
        [("Host", "inner"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "npm.example")];
    for hot in ["yes", "no"] {
        for (proxies, base) in [
            ("unix", "https://npm.example"),
            ("", "http://inner"),
            ("127.0.0.1, ::1", "http://inner"),
        ] {
            let (_folder, path, nopar) = nopar(&upstream);
            let nopar = nopar.env("NOPAR_TRUSTED_PROXIES", proxies).env("NOPAR_HOT_PATH", hot);
            let _nopar = nopar.start().await;
            for _ in 0..3 {
                let answer = said(&path, "GET", "/a", &forwarded).await;
                let tarball = format!("\"{base}/a/-/a-1.0.0.tgz\"");
                assert!(answer.contains(&tarball), "{hot} {proxies}: {answer}");
            }
        }
    }
}

#[tokio::test]
async fn the_log_says_that_they_have_no_address() {
    let upstream = upstream().await;
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().join("nopar.http");
    let listen = format!("unix:{}", path.display());
    let env = [("NOPAR_LISTEN", &*listen), ("NOPAR_FORWARDER_URL", &upstream.url())];
    let binary = Binary::start(&[], &env);
    // Neither hostname nor port is set: this is the only place.
    let line = binary.says("listening on ").await;
    assert!(line.ends_with(&format!("listening on {listen} (http)")), "{line}");
    for _ in 0..3 {
        said(&path, "GET", "/a", HOSTED).await;
    }
    said(&path, "BREW", "/a", HOSTED).await;
    for line in binary.says_times(4, " /a ").await {
        assert!(line.contains(" unix"), "{line}");
    }
    binary.signal("TERM");
    let ended = binary.ended().await;
    assert!(ended.success && !ended.stderr.contains("listening on http"), "{}", ended.stderr);
    assert!(!path.exists());
}

/// With a certificate, everything is TLS.
#[tokio::test]
async fn it_speaks_tls_where_nopar_does() {
    let (upstream, certificate) = (upstream().await, Certificate::new());
    let (_folder, path, nopar) = nopar(&upstream);
    let nopar = nopar
        .host(HOST)
        .env("NOPAR_TLS_CERT", &certificate.cert())
        .env("NOPAR_TLS_KEY", &certificate.key());
    let _nopar = nopar.start().await;
    let stream = UnixStream::connect(&path).await.expect("a connection");
    let stream = certificate.handshake(stream, &[b"h2"]).await.expect("a handshake");
    let client = Http2::over(stream).await;
    assert_eq!(client.get("/a").await.status, 200);
    let plain = said(&path, "GET", "/a", HOSTED).await;
    assert!(plain.starts_with("HTTP/1.1 400 ") && plain.contains("HTTPS"), "{plain}");
}

#[tokio::test]
async fn a_place_that_cannot_be_had_is_named_with_its_setting() {
    let folder = tempfile::tempdir().expect("a directory");
    let file = folder.path().join("precious");
    std::fs::write(&file, "precious").expect("a file");
    for (listen, words) in [
        (format!("unix:{}", file.display()), "something is there that is no socket"),
        (format!("unix:{}/none/s", folder.path().display()), "its directory: "),
        ("192.0.2.1:0".to_owned(), "cannot listen on 192.0.2.1:0"),
        ("no.such.name.invalid:0".to_owned(), "cannot be resolved"),
        ("unix:relative".to_owned(), "\"unix:relative\" is no place to listen on"),
    ] {
        let ended = Binary::start(&[], &[("NOPAR_LISTEN", &listen)]).ended().await;
        let said = ended.stderr;
        assert!(!ended.success && said.contains(words) && said.contains("NOPAR_LISTEN"), "{said}");
    }
    assert_eq!(std::fs::read(&file).expect("it stays"), b"precious");
}
