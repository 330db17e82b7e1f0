//! Several upstreams in one NOPAR: each package comes from its own, and from no other.
//! Knows nothing of how the file is read.

use super::tls_front::TlsFront;
use crate::asking::{INSTALL, LONG};
use crate::support::nopar::{TestNopar, TestNoparBuilder};
use crate::support::proxy::FakeProxy;
use crate::support::upstream::{FakeUpstream, Fault};

const ALL: &str = "Bearer token-of-all";
const ACME: &str = "Bearer token-of-acme";

/// Two upstreams that both claim to have every package, with different contents.
async fn two() -> (FakeUpstream, FakeUpstream) {
    let (all, acme) = (FakeUpstream::start().await, FakeUpstream::start().await);
    for (upstream, size) in [(&all, 1000), (&acme, 2000)] {
        for name in ["lodash", "acme-cli", "left-pad", "@acme/ui", "@acme/open", "@other/x"] {
            upstream.package(name).version("1.0.0", |v| v.tarball_size(size));
        }
    }
    (all, acme)
}

fn table(packages: &str, upstream: &FakeUpstream, more: &str) -> String {
    let packages =
        if packages.is_empty() { String::new() } else { format!("packages = {packages}\n") };
    format!("[[upstream]]\n{packages}url = \"{}\"\n{more}\n", upstream.url())
}

/// A NOPAR that knows its upstreams from this file alone.
fn with(file: &str) -> TestNoparBuilder {
    TestNopar::forwarding_to("").without_env("NOPAR_FORWARDER_URL").host("npm.test").file(file)
}

fn usual(all: &FakeUpstream, acme: &FakeUpstream) -> String {
    table("[\"@acme/*\", \"acme-*\", \"left-pad\"]", acme, "token = \"token-of-acme\"")
        + &table("[\"*\", \"@acme/open\"]", all, "token = \"token-of-all\"")
}

/// `/@acme%2fui`, `/@acme/ui/-/ui-1.0.0.tgz`
fn paths(name: &str) -> (String, String) {
    let base = name.rsplit('/').next().unwrap_or(name);
    (format!("/{}", name.replace('/', "%2f")), format!("/{name}/-/{base}-1.0.0.tgz"))
}

/// Packuments in both forms, manifests, dist-tags and tarballs come from the upstream whose pattern is
/// the most specific, which sees its own token; the other one sees nothing of it.
#[tokio::test]
async fn each_name_has_its_own_upstream_and_token() {
    for (name, is_acme) in [
        ("lodash", false),
        ("@acme/ui", true),
        ("acme-cli", true),
        ("left-pad", true),
        ("@acme/open", false),
        ("@other/x", false),
    ] {
        let (all, acme) = two().await;
        let (own, other, token) = if is_acme { (&acme, &all, ACME) } else { (&all, &acme, ALL) };
        let (packument, tarball) = paths(name);
        let others = [
            format!("/-/package{packument}/dist-tags"),
            format!("{packument}/1.0.0"),
            format!("{packument}/latest"),
            packument.clone(),
            tarball,
        ];
        // Each alone, on a cold cache, and then again.
        for path in &others {
            let nopar = with(&usual(&all, &acme)).start().await;
            for _ in 0..2 {
                let answer = nopar.request(path).header("Authorization", "Bearer caller");
                let answer = answer.header("Accept", INSTALL).send().await.expect(200);
                if path.ends_with(".tgz") {
                    assert_eq!(answer.body, own.tarball(name, "1.0.0"), "{name}");
                    assert_ne!(answer.body, other.tarball(name, "1.0.0"), "{name}");
                }
            }
            nopar.get(&packument).await.expect(200);
        }
        assert_eq!(other.count_all(), 0, "{name}: {:?}", other.requests());
        assert_eq!(own.count_all(), others.len() + 1, "{name}: {:?}", own.requests());
        for seen in own.requests() {
            assert_eq!(seen.header("authorization"), Some(token), "{name}: {}", seen.path);
        }
    }
}

/// A token never goes to another origin, be it another upstream's own: documents and redirects lead
/// there without any.
#[tokio::test]
async fn a_token_never_goes_to_another_upstream() {
    let (all, acme) = two().await;
    let far = format!("{}/lodash/-/lodash-1.0.0.tgz", all.url());
    acme.package("@acme/far").version("1.0.0", |v| v.tarball_url(&far));
    acme.package("@acme/moved").version("1.0.0", |v| v);
    let nopar = with(&usual(&all, &acme)).start().await;
    let (_, tarball) = paths("@acme/far");
    assert_eq!(nopar.get(&tarball).await.expect(200).body, all.tarball("lodash", "1.0.0"));
    let (packument, tarball) = paths("@acme/moved");
    acme.next(&tarball, Fault::redirect(&far));
    assert_eq!(nopar.get(&tarball).await.expect(200).body, all.tarball("lodash", "1.0.0"));
    all.document("@acme/moved", serde_json::to_vec(&acme.packument("@acme/moved")).expect("JSON"));
    acme.next(&packument, Fault::redirect(&format!("{}/@acme%2fmoved", all.url())));
    nopar.get(&packument).await.expect(200);
    assert_eq!(all.count_all(), 3);
    for seen in all.requests() {
        assert_eq!(seen.header("authorization"), None, "{}", seen.path);
    }
}

/// Copies belong to the upstream they came from: a package that moves to another one is fetched anew,
/// and the old copies serve again when it moves back.
#[tokio::test]
async fn copies_belong_to_their_upstream() {
    let (all, acme) = two().await;
    let mut nopar = with(&usual(&all, &acme)).start().await;
    let (packument, tarball) = paths("@acme/ui");
    let file = nopar.home().join("nopar.toml");
    let mut before = Vec::new();
    for (text, own) in [
        (usual(&all, &acme), &acme),
        (table("", &all, ""), &all),
        (usual(&all, &acme), &acme),
        (table("", &all, ""), &all),
    ] {
        std::fs::write(&file, text).expect("writing the configuration");
        nopar.restart().await;
        let dist = &nopar.get(&packument).await.expect(200).json()["versions"]["1.0.0"]["dist"];
        assert_eq!(
            dist["integrity"],
            own.packument("@acme/ui")["versions"]["1.0.0"]["dist"]["integrity"]
        );
        assert_eq!(nopar.get(&tarball).await.expect(200).body, own.tarball("@acme/ui", "1.0.0"));
        before.push((all.count_all(), acme.count_all()));
    }
    assert_eq!(before, [(0, 2), (2, 2), (2, 2), (2, 2)]);
}

/// One that is down, or does not answer, is nothing to the packages of the other.
#[tokio::test]
async fn one_that_is_down_does_not_affect_the_other() {
    let (all, acme) = two().await;
    let nopar = with(&usual(&all, &acme)).start().await;
    let (held, held_tarball) = paths("@acme/ui");
    nopar.get(&held).await.expect(200);
    nopar.get(&held_tarball).await.expect(200);
    let silent = acme.hold("*");
    let (cold, cold_tarball) = paths("acme-cli");
    let waiting = [nopar.get(&cold), nopar.get(&cold_tarball)].map(tokio::spawn);
    silent.arrived(2).await;
    let (other, other_tarball) = paths("lodash");
    nopar.get(&other).await.expect(200);
    nopar.get(&other_tarball).await.expect(200);
    silent.release();
    for answer in waiting {
        answer.await.expect("it does not panic").expect(200);
    }

    acme.stop().await;
    nopar.advance(LONG);
    nopar.get(&other).await.expect(200);
    assert_eq!(nopar.get(&held).await.expect(200).header("x-cache"), Some("stale"));
    nopar.get(&held_tarball).await.expect(200);
    for path in [paths("left-pad").0, paths("left-pad").1] {
        let answer = nopar.get(&path).await.expect(502);
        assert_eq!(answer.json()["reason"], "upstream_unreachable");
    }
    assert_eq!(all.count("/left-pad*"), 0, "no other upstream is asked instead");
}

/// One may be left alone while the others are asked.
#[tokio::test]
async fn one_without_auto_forward_is_left_alone() {
    let (all, acme) = two().await;
    let file = table("[\"@acme/*\"]", &acme, "auto_forward = false") + &table("", &all, "");
    let nopar = with(&file).start().await;
    for path in [paths("@acme/ui").0, paths("@acme/ui").1] {
        nopar.get(&path).await.expect(404);
    }
    nopar.get("/lodash").await.expect(200);
    assert_eq!((all.count_all(), acme.count_all()), (1, 0));
}

/// Names that no pattern matches go to the upstream of the environment.
#[tokio::test]
async fn the_rest_goes_to_the_upstream_of_the_environment() {
    let (all, acme) = two().await;
    let file = table("[\"@acme/*\"]", &acme, "");
    let nopar = TestNopar::with(&all).env("NOPAR_FORWARDER_TOKEN", "token-of-all").file(&file);
    let nopar = nopar.start().await;
    for name in ["lodash", "@acme/ui"] {
        nopar.get(&paths(name).0).await.expect(200);
    }
    let shown = |upstream: &FakeUpstream| {
        let seen = &upstream.requests()[0];
        (seen.path.clone(), seen.header("authorization").map(str::to_owned))
    };
    assert_eq!(shown(&all), ("/lodash".to_owned(), Some(ALL.to_owned())));
    assert_eq!(shown(&acme), ("/@acme%2fui".to_owned(), None));
    assert_eq!((all.count_all(), acme.count_all()), (1, 1));
}

/// Each is reached its own way: through its proxy, or directly.
#[tokio::test]
async fn each_has_its_own_proxy() {
    let (all, acme) = two().await;
    let proxy = FakeProxy::start().await;
    let via = format!("proxy_url = \"{}\"", proxy.url());
    let file = table("[\"@acme/*\"]", &acme, &via) + &table("", &all, "");
    let nopar = with(&file).start().await;
    for name in ["lodash", "@acme/ui"] {
        nopar.get(&paths(name).1).await.expect(200);
    }
    let seen: Vec<String> = proxy.requests().into_iter().map(|seen| seen.path).collect();
    assert_eq!(seen, [format!("{}/@acme/ui/-/ui-1.0.0.tgz", acme.url())]);
}

/// Each trusts its own authorities, for packuments and tarballs, also when two are at one address: no
/// connection of one is used for the other.
#[tokio::test]
async fn each_trusts_its_own_authorities() {
    let (all, acme) = two().await;
    let fronts = [
        TlsFront::start(all.addr(), &["127.0.0.1"]).await,
        TlsFront::start(acme.addr(), &["127.0.0.1"]).await,
    ];
    let table = |packages: &str, front: &TlsFront, ca: Option<&TlsFront>| {
        let ca = ca.map(|ca| format!("ca_file = \"{}\"\n", ca.ca_file())).unwrap_or_default();
        let url = format!("https://127.0.0.1:{}", front.port());
        format!("[[upstream]]\npackages = [\"{packages}\"]\nurl = \"{url}\"\n{ca}")
    };
    let [one, two] = &fronts;
    for (of_all, of_acme, of_other) in [
        (Some(one), Some(two), Some(one)),
        (Some(one), Some(two), None),
        (None, Some(two), Some(one)),
        (Some(two), Some(two), None),
        (Some(one), None, None),
    ] {
        let file = table("*", one, of_all)
            + &table("@acme/*", two, of_acme)
            + &table("@other/*", one, of_other);
        let nopar = with(&file).start().await;
        let is = |ca: Option<&TlsFront>, front: &TlsFront| {
            ca.is_some_and(|ca| ca.port() == front.port())
        };
        for (name, trusted) in [
            ("lodash", is(of_all, one)),
            ("@acme/ui", is(of_acme, two)),
            ("@other/x", is(of_other, one)),
        ] {
            let status = if trusted { 200 } else { 502 };
            for path in [paths(name).1, paths(name).0] {
                let answer = nopar.get(&path).await;
                assert_eq!(answer.status, status, "{path}: {file}");
            }
        }
    }
}

/// An upstream that is NOPAR itself is refused, whichever it is.
#[tokio::test]
async fn none_of_them_may_be_nopar_itself() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    let file =
        format!("[[upstream]]\npackages = [\"@acme/*\"]\nurl = \"http://localhost:{port}/\"\n");
    let nopar = with(&file).env("NOPAR_PORT", &port.to_string());
    let Err(told) = nopar.try_start().await else { panic!("it starts") };
    assert!(told.contains("@acme/*") && told.contains("itself"), "{told}");
}
