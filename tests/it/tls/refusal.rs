//! Certificates and keys that cannot be used, and callers who speak no TLS.
//! Knows nothing of requests.

use std::fs;
use std::path::Path;

use super::{nopar, started, upstream};
use crate::support::binary::Binary;
use crate::support::client::{Connection, Request};
use crate::support::nopar::TestNopar;
use crate::support::tls::Certificate;

/// As openssl writes them: a label, or a line, says that they are encrypted.
const ENCRYPTED: [&str; 2] = [
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n-----END EC PRIVATE KEY-----\n",
];

/// What NOPAR says to these two files; neither is set where there is none.
async fn said(cert: Option<&str>, key: Option<&str>) -> String {
    let upstream = upstream().await;
    let mut builder = TestNopar::with(&upstream);
    for (name, value) in [("NOPAR_TLS_CERT", cert), ("NOPAR_TLS_KEY", key)] {
        builder = value.into_iter().fold(builder, |builder, value| builder.env(name, value));
    }
    builder.try_start().await.err().expect("a refusal")
}

fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, text).expect("a file");
    path.to_str().expect("a path in UTF-8").to_owned()
}

/// Each names its setting, its file, and what is wrong.
#[tokio::test]
async fn files_that_cannot_be_used() {
    let (one, other) = (Certificate::new(), Certificate::new());
    let (cert, key) = (one.cert(), one.key());
    let of = |name: &str, text: &str| file(one.folder(), name, text);
    let damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let no_key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let broken = "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n";
    let directory = one.folder().to_str().expect("UTF-8").to_owned();
    let missing = format!("{directory}/missing.pem");
    let of_cert = |path: String, what: &'static str| (path, key.clone(), true, what);
    let of_key = |path: String, what: &'static str| (cert.clone(), path, false, what);
    let rows = [
        of_cert(missing.clone(), "cannot be read"),
        of_cert(directory.clone(), "cannot be read"),
        of_cert(of("empty.pem", ""), "holds no certificate"),
        of_cert(key.clone(), "holds no certificate"),
        of_cert(of("broken.pem", broken), "is not PEM"),
        of_cert(of("damaged.pem", damaged), "holds a certificate that cannot be used"),
        of_key(missing, "cannot be read"),
        of_key(directory, "cannot be read"),
        of_key(of("empty.key", ""), "holds no private key"),
        of_key(cert.clone(), "holds no private key"),
        of_key(of("no.key", no_key), "holds a key that cannot be used"),
        of_key(of("pkcs8.key", ENCRYPTED[0]), "holds an encrypted key"),
        of_key(of("legacy.key", ENCRYPTED[1]), "holds an encrypted key"),
        of_key(other.key(), "does not belong to the certificate in"),
    ];
    for (cert, key, is_cert, what) in rows {
        let (setting, path) =
            if is_cert { ("NOPAR_TLS_CERT", &cert) } else { ("NOPAR_TLS_KEY", &key) };
        let said = said(Some(&cert), Some(&key)).await;
        assert!(said.contains(&format!("{setting}: {path}")), "{said}");
        assert!(said.contains(what), "{what}: {said}");
    }
}

/// One without the other is a mistake that names both.
#[tokio::test]
async fn one_without_the_other() {
    let certificate = Certificate::new();
    let alone = said(Some(&certificate.cert()), None).await;
    assert!(alone.contains("NOPAR_TLS_CERT: NOPAR_TLS_KEY is not set"), "{alone}");
    let alone = said(None, Some(&certificate.key())).await;
    assert!(alone.contains("NOPAR_TLS_KEY: NOPAR_TLS_CERT is not set"), "{alone}");
}

/// Relative paths start at NOPAR_HOME, and both may be in one file; the log says https.
#[tokio::test]
async fn both_in_one_file() {
    let certificate = Certificate::new();
    let both =
        [certificate.cert(), certificate.key()].map(|path| fs::read_to_string(path).unwrap());
    file(certificate.folder(), "both.pem", &both.concat());
    let home = certificate.folder().to_str().expect("UTF-8");
    let env = [
        ("NOPAR_HOSTNAME", "127.0.0.1"),
        ("NOPAR_PORT", "0"),
        ("NOPAR_HOME", home),
        ("NOPAR_TLS_CERT", "both.pem"),
        ("NOPAR_TLS_KEY", "both.pem"),
    ];
    let binary = Binary::start(&[], &env);
    let line = binary.says("listening on https://127.0.0.1:").await;
    let (_, addr) = line.split_once("https://").expect("it was looked for");
    let addr = addr.trim_end_matches('/').parse().expect("an address");
    let client = super::http2(addr, &certificate).await;
    assert_eq!(client.get("/-/ping").await.status, 200);
    binary.signal("TERM");
    assert!(binary.ended().await.success);
}

/// Plain HTTP gets a sentence, and a line in the log; whoever speaks TLS is served as before.
#[tokio::test]
async fn plain_http_is_told() {
    let (_upstream, certificate, nopar) = started().await;
    for request in [Request::get(nopar.addr(), "/a"), Request::new(nopar.addr(), "HEAD", "/")] {
        let answer = request.send().await.expect(400);
        assert_eq!(answer.header("connection"), Some("close"));
    }
    let answer = Request::get(nopar.addr(), "/a").send().await;
    assert_eq!(answer.json()["reason"], "http_to_tls");
    let client = super::http2(nopar.addr(), &certificate).await;
    assert_eq!(client.get("/-/ping").await.status, 200);
}

/// Neither HTTP nor TLS: an alert, at most, and a close.
#[tokio::test]
async fn what_is_neither_is_closed() {
    let (_upstream, _certificate, nopar) = started().await;
    let mut connection = Connection::open(nopar.addr()).await.expect("a connection");
    connection.send_bytes(b"\x00\x01\x02\x03\x04\x05\x06\x07\r\n\r\n").await.expect("sent");
    assert!(connection.receive().await.is_err());
}

/// A client that does not believe in the certificate hangs up, and is not heard of again.
#[tokio::test]
async fn a_stranger_hangs_up() {
    let (upstream, certificate) = (upstream().await, Certificate::new());
    let nopar = nopar(&upstream, &certificate).start().await;
    let stranger = Certificate::new();
    let addr = nopar.addr();
    let connecting = tokio::spawn(async move { stranger.connect(addr, &[b"h2"]).await });
    assert!(connecting.await.is_err(), "it believed");
    let client = super::http2(nopar.addr(), &certificate).await;
    assert_eq!(client.get("/-/ping").await.status, 200);
}
