//! Where an upstream may not lead: documents and redirects to addresses that are not public.
//! Knows nothing of upstreams on such addresses, which may lead anywhere: all other tests do.
//!
//! All fakes are on loopback, so the upstream is a name that only the fake proxy knows.

use crate::support::binary::Binary;
use crate::support::client::{Request, Response};
use crate::support::nopar::{TestNopar, TestNoparBuilder};
use crate::support::proxy::FakeProxy;
use crate::support::upstream::{FakeUpstream, Fault};

const ROOT: &str = "http://registry.example";
const REASON: &str = "upstream_forbidden_address";

/// An upstream that is public as far as can be told, the proxy on the way to it, and a server that
/// only this machine should reach, with a file `/secret`.
struct World {
    upstream: FakeUpstream,
    proxy: FakeProxy,
    inside: FakeUpstream,
}

impl World {
    async fn new() -> Self {
        let (upstream, proxy) = (FakeUpstream::start().await, FakeProxy::start().await);
        proxy.place("registry.example:80", upstream.addr());
        let inside = FakeUpstream::start().await;
        inside.file("/secret", "a secret");
        Self { upstream, proxy, inside }
    }

    fn nopar(&self) -> TestNoparBuilder {
        TestNopar::forwarding_to(ROOT).via(&self.proxy)
    }

    /// URLs of `/secret`, and of what clouds keep where each machine finds it.
    fn secrets(&self) -> Vec<String> {
        let port = self.inside.addr().port();
        let hosts = ["127.0.0.1", "127.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0"];
        let mut urls: Vec<_> =
            hosts.iter().map(|host| format!("http://{host}:{port}/secret")).collect();
        urls.push("http://169.254.169.254/latest/meta-data/".to_owned());
        urls.push("https://10.0.0.1/secret".to_owned());
        urls
    }

    /// A package whose tarball is said to be there.
    fn package(&self, name: &str, url: &str) {
        self.upstream.package(name).version("1.0.0", |v| v.tarball_url(url));
    }
}

#[track_caller]
fn forbidden(answer: Response, what: &str) {
    assert_eq!(answer.status, 502, "{what}: {}", answer.text());
    assert_eq!(answer.json()["reason"], REASON, "{what}");
    assert!(!answer.text().contains("127.0.0.1"), "{what}: {}", answer.text());
}

/// A tarball URL in a packument does not lead inside, asked after its packument or alone.
#[tokio::test]
async fn a_packument_does_not_lead_inside() {
    for no_proxy in ["", "127.0.0.1, localhost, ::1"] {
        let world = World::new().await;
        let nopar = world.nopar().env("NO_PROXY", no_proxy).start().await;
        for (number, url) in world.secrets().iter().enumerate() {
            let name = format!("p{number}");
            world.package(&name, url);
            let path = format!("/{name}/-/{name}-1.0.0.tgz");
            forbidden(nopar.get(&path).await, url);
            nopar.get(&format!("/{name}")).await.expect(200);
            forbidden(nopar.get(&path).await, url);
        }
        assert_eq!(world.inside.count_all(), 0);
        for seen in world.proxy.requests() {
            assert!(seen.path.starts_with(ROOT), "the proxy was asked for {}", seen.path);
        }
    }
}

/// Nor does a redirect, of a packument or of a tarball.
#[tokio::test]
async fn a_redirect_does_not_lead_inside() {
    for no_proxy in ["", "127.0.0.1, localhost, ::1"] {
        let world = World::new().await;
        world.upstream.package("a").version("1.0.0", |v| v);
        let nopar = world.nopar().env("NO_PROXY", no_proxy).start().await;
        for url in world.secrets() {
            for path in ["/a", "/a/-/a-1.0.0.tgz"] {
                world.upstream.next(path, Fault::redirect(&url));
                forbidden(nopar.get(path).await, &url);
                nopar.forget_failures();
            }
        }
        assert_eq!(world.inside.count_all(), 0);
        nopar.get("/a/-/a-1.0.0.tgz").await.expect(200);
        nopar.get("/a").await.expect(200);
    }
}

/// A held packument stays when its upstream begins to lead inside.
#[tokio::test]
async fn a_held_packument_stays() {
    let world = World::new().await;
    world.upstream.package("a").version("1.0.0", |v| v);
    let nopar = world.nopar().start().await;
    nopar.get("/a").await.expect(200);
    nopar.advance(crate::asking::LONG);
    world.upstream.always("/a", Fault::redirect(&world.secrets()[0]));
    let answer = nopar.get("/a").await.expect(200);
    assert_eq!(answer.header("x-cache"), Some("stale"));
    assert_eq!(world.inside.count_all(), 0);
}

/// What NOPAR_ALLOW_HOSTS lists may be led to: by name, address or range, and only at its port.
#[tokio::test]
async fn listed_hosts_may_be_led_to() {
    let world = World::new().await;
    let port = world.inside.addr().port();
    for (list, host, served) in [
        ("127.0.0.1".to_owned(), "127.0.0.1", true),
        ("127.0.0.0/8".to_owned(), "127.0.0.1", true),
        (format!("localhost:{port}"), "localhost", true),
        ("localhost:1".to_owned(), "localhost", false),
        ("other.example".to_owned(), "localhost", false),
    ] {
        world.package("a", &format!("http://{host}:{port}/secret"));
        let nopar = world.nopar().env("NO_PROXY", "localhost, 127.0.0.1");
        let nopar = nopar.env("NOPAR_ALLOW_HOSTS", &list).start().await;
        let answer = nopar.get("/a/-/a-1.0.0.tgz").await;
        match served {
            true => assert_eq!(answer.expect(200).body, b"a secret", "{list}"),
            false => forbidden(answer, &list),
        }
    }
}

/// An upstream that is inside itself leads to its neighbours; another one of the same NOPAR does not.
#[tokio::test]
async fn each_upstream_is_judged_by_its_own_address() {
    let world = World::new().await;
    let secret = format!("{}/secret", world.inside.url());
    let company = FakeUpstream::start().await;
    company.package("@acme/ui").version("1.0.0", |v| v.tarball_url(&secret));
    world.package("a", &secret);
    let file = format!("[[upstream]]\npackages = [\"@acme/*\"]\nurl = \"{}\"\n", company.url());
    let nopar = world.nopar().file(&file).start().await;
    forbidden(nopar.get("/a/-/a-1.0.0.tgz").await, "a");
    let tarball = nopar.get("/@acme/ui/-/ui-1.0.0.tgz").await.expect(200);
    assert_eq!(tarball.body, b"a secret");
    assert_eq!(world.inside.count_all(), 1);
}

/// The log says which host it was and what can be done; the client learns no address.
#[tokio::test]
async fn the_log_names_the_host() {
    let world = World::new().await;
    world.upstream.package("b").version("1.0.0", |v| v);
    let secret = format!("{}/secret", world.inside.url());
    world.package("a", &secret);
    world.upstream.next("/b", Fault::redirect(&secret));
    let proxy = world.proxy.url();
    let (binary, addr) = Binary::serving(ROOT, &[("NOPAR_PROXY_URL", &proxy)]).await;
    forbidden(Request::get(addr, "/a/-/a-1.0.0.tgz").send().await, "a");
    let host = world.inside.addr().to_string();
    let told = format!("{host} is at an address that is not public");
    let line = binary.says(&told).await;
    assert!(line.contains("WARN") && line.contains("NOPAR_ALLOW_HOSTS"), "{line}");
    forbidden(Request::get(addr, "/b").send().await, "b");
    let line = binary.says(&format!("b: {secret}")).await;
    assert!(line.contains("WARN") && line.contains(&told), "{line}");
}
