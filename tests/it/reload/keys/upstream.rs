//! What of the default upstream holds at once.
//! Knows nothing of the upstreams of certain packages.

use tokio::net::TcpListener;

use super::{Scene, unknown};
use crate::support::client::Request;
use crate::support::proxy::FakeProxy;
use crate::support::upstream::FakeUpstream;
use crate::way_upstream::tls_front::TlsFront;

/// Longer than any test.
const HOUR: &str = "1h";
const SOON: &str = "100ms";

pub(super) async fn follow(key: &str) {
    match key {
        "upstream.url" => {
            let scene = Scene::with(&[]).await;
            let two = FakeUpstream::start().await;
            two.package("b").version("1.0.0", |version| version);
            assert_eq!((scene.status("/a").await, scene.status("/b").await), (200, 404));
            scene.set(key, &two.url()).await;
            assert_eq!((scene.status("/a").await, scene.status("/b").await), (404, 200));
        }
        "upstream.auto_forward" => {
            let scene = Scene::with(&[]).await;
            scene.set(key, "no").await;
            assert_eq!((scene.status("/a").await, scene.upstream.count_all()), (404, 0));
        }
        "upstream.ignore_cert" | "upstream.ca_file" => by_tls(key).await,
        "upstream.proxy_url" | "upstream.no_proxy" => by_proxy(key).await,
        "upstream.allow_hosts" => led_inside(key).await,
        "upstream.user_agent" => assert_eq!(sent(key, "ours/1", "user-agent").await, "ours/1"),
        "upstream.token" => {
            assert_eq!(sent(key, "secret", "authorization").await, "Bearer secret");
        }
        "upstream.token_file" => {
            let folder = tempfile::tempdir().expect("a directory");
            let place = folder.path().join("token");
            std::fs::write(&place, "one").expect("a file");
            let place = place.to_str().expect("a path in UTF-8");
            assert_eq!(sent(key, place, "authorization").await, "Bearer one");
        }
        "upstream.connect_timeout" => {
            // Who connects is let in, and never hears anything of TLS.
            let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let url = format!("https://{}", silent.local_addr().expect("an address"));
            let scene = Scene::with(&[("upstream.url", &url), (key, HOUR)]).await;
            scene.set(key, SOON).await;
            assert_eq!(scene.status("/a").await, 504);
        }
        "upstream.read_timeout" | "upstream.fetch_timeout" => {
            let times = [("upstream.read_timeout", HOUR), ("upstream.fetch_timeout", HOUR)];
            let scene = Scene::with(&times).await;
            let _hold = scene.upstream.hold("/a");
            scene.set(key, SOON).await;
            assert_eq!(scene.status("/a").await, 504);
        }
        "upstream.tarball_timeout" => {
            let scene = Scene::with(&[("upstream.read_timeout", HOUR), (key, HOUR)]).await;
            scene.upstream.package("a").version("1.0.0", |version| version.tarball_size(500_000));
            let _hold = scene.upstream.hold_body("/a/-/a-1.0.0.tgz", 100_000);
            scene.set(key, "1s").await;
            assert!(!scene.nopar.get("/a/-/a-1.0.0.tgz").await.complete);
        }
        "upstream.requests_per_second" => {
            let scene = Scene::with(&[]).await;
            scene.upstream.package("b").version("1.0.0", |version| version);
            scene.set(key, "1").await;
            let since = std::time::Instant::now();
            assert_eq!((scene.status("/a").await, scene.status("/b").await), (200, 200));
            assert!(since.elapsed() >= std::time::Duration::from_secs(1));
        }
        "upstream.max_connections" => {
            let scene = Scene::with(&[(key, "1")]).await;
            scene.upstream.package("b").version("1.0.0", |version| version);
            scene.set(key, "2").await;
            let hold = scene.upstream.hold("*");
            let asking = ["/a", "/b"].map(|path| tokio::spawn(scene.nopar.get(path)));
            hold.arrived(2).await;
            hold.release();
            for answer in asking {
                answer.await.expect("an answer").expect(200);
            }
        }
        _ => unknown(key),
    }
}

/// What a header of the upstream's next request is when this setting is this.
async fn sent(key: &str, value: &str, header: &str) -> String {
    let scene = Scene::with(&[]).await;
    scene.nopar.get("/a").await.expect(200);
    scene.set(key, value).await;
    scene.nopar.get("/b").await.expect(404);
    let requests = scene.upstream.requests();
    assert_ne!(requests[0].header(header), Some(value));
    requests[1].header(header).unwrap_or_default().to_owned()
}

async fn by_tls(key: &str) {
    let behind = FakeUpstream::start().await;
    behind.package("a").version("1.0.0", |version| version);
    let front = TlsFront::start(behind.addr(), &["127.0.0.1"]).await;
    let url = format!("https://127.0.0.1:{}", front.port());
    let scene = Scene::with(&[("upstream.url", &url)]).await;
    assert_eq!(scene.status("/a").await, 502);
    let (trusted, any) = (front.ca_file(), "yes".to_owned());
    scene.set(key, if key == "upstream.ca_file" { &trusted } else { &any }).await;
    // What is remembered of the failure is of the way before.
    assert_eq!(scene.status("/a").await, 200);
}

async fn by_proxy(key: &str) {
    let proxy = FakeProxy::start().await;
    if key == "upstream.proxy_url" {
        let scene = Scene::with(&[]).await;
        scene.nopar.get("/a").await.expect(200);
        assert_eq!(proxy.count_all(), 0);
        scene.set(key, &proxy.url()).await;
        scene.nopar.get("/b").await.expect(404);
        assert_eq!(proxy.count_all(), 1);
    } else {
        let scene = Scene::with(&[("upstream.proxy_url", &proxy.url())]).await;
        scene.nopar.get("/a").await.expect(200);
        assert_eq!(proxy.count_all(), 1);
        scene.set(key, "127.0.0.1").await;
        scene.nopar.get("/b").await.expect(404);
        assert_eq!(proxy.count_all(), 1);
    }
}

/// An upstream that is public, as far as can be told, has a tarball on this machine.
async fn led_inside(key: &str) {
    let (proxy, inside) = (FakeProxy::start().await, FakeUpstream::start().await);
    inside.file("/secret", "a secret");
    let proxied = [
        ("upstream.url", "http://registry.example"),
        ("upstream.proxy_url", &proxy.url()),
        ("upstream.no_proxy", "127.0.0.1"),
    ];
    let scene = Scene::with(&proxied).await;
    proxy.place("registry.example:80", scene.upstream.addr());
    let url = format!("{}/secret", inside.url());
    let package = scene.upstream.package("a");
    package.version("1.0.0", |version| version.tarball("a secret").tarball_url(&url));
    scene.nopar.get("/a").await.expect(200);
    let tarball = || Request::get(scene.nopar.addr(), "/a/-/a-1.0.0.tgz").send();
    tarball().await.expect(502);
    scene.set(key, "127.0.0.1").await;
    assert_eq!(tarball().await.expect(200).body, b"a secret");
}
