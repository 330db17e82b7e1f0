//! Publishing over TLS, by HTTP/1.1 and by HTTP/2: the same as without.
//! Knows nothing of what else is the same over TLS.

use std::sync::Arc;

use bytes::Bytes;
use h2::client::SendRequest;
use http::Request;
use serde_json::Value;

use super::{stored, versions};
use crate::asking::canonical;
use crate::support::client::get;
use crate::support::deadline::within;
use crate::support::http2::Http2;
use crate::support::nopar::TestNopar;
use crate::support::publish::Publish;
use crate::support::tls::{Certificate, HOST, Tunnel};
use crate::support::upstream::{FakeUpstream, made_up, usual_path};

async fn secure(limit: &str) -> (FakeUpstream, Arc<Certificate>, TestNopar) {
    let (upstream, certificate) = (FakeUpstream::start().await, Arc::new(Certificate::new()));
    let nopar = TestNopar::with(&upstream)
        .host(HOST)
        .env("NOPAR_TLS_CERT", &certificate.cert())
        .env("NOPAR_TLS_KEY", &certificate.key())
        .env("NOPAR_MAX_BODY", limit);
    (upstream, certificate, nopar.start().await)
}

/// An HTTP/2 connection for requests with bodies.
async fn http2(nopar: &TestNopar, certificate: &Certificate) -> SendRequest<Bytes> {
    let stream = certificate.connect(nopar.addr(), &[b"h2"]).await;
    let (send, connection) = h2::client::handshake(stream).await.expect("an HTTP/2 connection");
    tokio::spawn(connection);
    send
}

/// PUTs a body; status and body of the answer.
async fn put(client: &SendRequest<Bytes>, path: &str, body: Bytes) -> (u16, Value) {
    let request = Request::put(format!("https://{HOST}{path}"));
    let request = request.header("content-type", "application/json");
    let request = request.header("content-length", body.len()).body(()).expect("a request");
    let asking = async {
        let mut client = client.clone().ready().await.expect("a connection");
        let (answer, mut sending) = client.send_request(request, false).expect("a stream");
        // What is not wanted any more cannot be sent; the answer says why.
        let _ = sending.send_data(body, true);
        let (head, mut incoming) = answer.await.expect("an answer").into_parts();
        let mut body = Vec::new();
        while let Some(piece) = incoming.data().await {
            body.extend_from_slice(&piece.expect("a whole answer"));
        }
        (head.status.as_u16(), serde_json::from_slice(&body).expect("JSON"))
    };
    within(format!("an answer to PUT {path}"), asking).await
}

/// By HTTP/2, several at once on one connection; addresses are those of HTTPS.
#[tokio::test]
async fn packages_are_published_by_http2() {
    let (_upstream, certificate, nopar) = secure("32MiB").await;
    let client = http2(&nopar, &certificate).await;
    let all: Vec<Publish> = [500, 300_000, 3_000_000]
        .into_iter()
        .enumerate()
        .map(|(at, size)| {
            Publish::of("@s/n", &format!("1.0.{at}")).tarball(made_up(size as u64, size))
        })
        .collect();
    let answers = all.iter().map(|publish| {
        let (client, body) = (client.clone(), publish.document().to_string());
        tokio::spawn(async move { put(&client, "/@s%2fn", body.into()).await })
    });
    for answer in answers.collect::<Vec<_>>() {
        let (status, said) = answer.await.expect("an answer");
        assert_eq!(status, 201, "{said}");
    }
    let reader = Http2::open(nopar.addr(), &certificate).await;
    let document = reader.get("/@s%2fn").await.json();
    assert_eq!(versions(&document).len(), 3);
    for (number, publish) in all.iter().enumerate() {
        let version = format!("1.0.{number}");
        let url = &document["versions"][&version]["dist"]["tarball"];
        assert_eq!(url, &canonical(&format!("https://{HOST}"), "@s/n", &version));
        assert!(reader.get(&usual_path("@s/n", &version)).await.body == publish.bytes());
    }
}

/// What is refused is refused as without TLS, and the connection goes on.
#[tokio::test]
async fn refusals_by_http2_say_why() {
    let (_upstream, certificate, nopar) = secure("64KiB").await;
    let client = http2(&nopar, &certificate).await;
    let large = Publish::of("x", "1.0.0").tarball(made_up(1, 300_000)).document().to_string();
    for (body, statuses) in [
        (large, [413, 413]),
        ("{".to_owned(), [400, 422]),
        (Publish::of("y", "1.0.0").document().to_string(), [400, 422]),
    ] {
        let (status, said) = put(&client, "/x", body.into()).await;
        assert!(statuses.contains(&status) && said["error"].is_string(), "{status} {said}");
    }
    let good = Publish::of("y", "1.0.0").document().to_string();
    assert_eq!(put(&client, "/y", good.into()).await.0, 201);
    assert_eq!(stored(nopar.registry_path()), ["y/y-1.0.0.tgz", "y/y.json"]);
}

/// By HTTP/1.1 over TLS.
#[tokio::test]
async fn packages_are_published_by_http1() {
    let (_upstream, certificate, nopar) = secure("32MiB").await;
    let tunnel = Tunnel::start(nopar.addr(), &certificate).await;
    let publish = Publish::of("x", "1.0.0").tarball(made_up(1, 1_000_000));
    publish.succeed(tunnel.addr()).await;
    assert!(get(tunnel.addr(), &usual_path("x", "1.0.0")).await.body == publish.bytes());
}
