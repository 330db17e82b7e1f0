//! Whom the dialer connects to, and whom not, with addresses that nobody had to look up.

use super::*;
use crate::config::{Config, Sources};
use crate::upstream::guard::is_forbidden;

/// A dialer of an upstream at this URL, with these settings.
fn dialer(url: &str, settings: &[(&str, &str)]) -> Dialer {
    let set = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let mut sources = Sources { env: settings.iter().map(set).collect(), ..Sources::default() };
    sources.env.insert("NOPAR_FORWARDER_URL".to_owned(), url.to_owned());
    Dialer::new(&Config::load(&sources).unwrap().upstream).unwrap()
}

fn target(url: &str) -> Target {
    Target::parse(&url::Url::parse(url).unwrap()).unwrap()
}

/// Where the dialer would connect to; `None` when it refuses.
async fn led(dialer: &Dialer, url: &str) -> Option<SocketAddr> {
    match dialer.peer(&target(url)).await {
        Ok(peer) => peer.address().as_inet().copied(),
        Err(error) if is_forbidden(&error) => None,
        Err(error) => panic!("{url}: {error}"),
    }
}

/// Every kind of address that is not public, as URLs may spell it.
const PRIVATE: [&str; 13] = [
    "http://127.0.0.1/x",
    "http://127.1:8080/x",
    "http://0x7f000001/x",
    "http://2130706433/x",
    "http://0/x",
    "http://10.0.0.1/x",
    "https://192.168.0.1/x",
    "http://100.64.0.1/x",
    "http://169.254.169.254/latest/meta-data/",
    "http://[::1]/x",
    "http://[::ffff:169.254.169.254]/x",
    "https://[fd00:ec2::254]/x",
    "http://[fe80::1]/x",
];

#[tokio::test]
async fn a_public_upstream_does_not_lead_to_private_addresses() {
    for root in ["https://192.0.2.1/", "http://[2001:db8::1]/npm"] {
        let dialer = dialer(root, &[]);
        for url in PRIVATE {
            assert_eq!(led(&dialer, url).await, None, "{root} {url}");
        }
        for url in ["http://203.0.113.7/x", "https://[2001:db8::2]:8443/x", root] {
            assert!(led(&dialer, url).await.is_some(), "{root} {url}");
        }
    }
}

#[tokio::test]
async fn a_private_upstream_leads_anywhere() {
    for root in ["http://127.0.0.1:4873/", "https://10.1.2.3/npm/", "http://[fd00::1]/"] {
        let dialer = dialer(root, &[]);
        for url in PRIVATE {
            assert!(led(&dialer, url).await.is_some(), "{root} {url}");
        }
    }
}

#[tokio::test]
async fn names_are_judged_by_the_address_that_is_connected_to() {
    let private = SocketAddr::from(([10, 0, 0, 9], 80));
    let public = SocketAddr::from(([192, 0, 2, 9], 80));
    for (root_at, file_at, expected) in [
        (public, private, None),
        (public, public, Some(public)),
        (private, private, Some(private)),
        (private, public, Some(public)),
    ] {
        let dialer = dialer("http://registry.example/", &[]);
        dialer.resolver.learn("registry.example", 80, vec![root_at]);
        dialer.resolver.learn("files.example", 80, vec![file_at]);
        assert_eq!(led(&dialer, "http://files.example/x").await, expected, "{root_at} {file_at}");
        // Its own origin it may reach wherever that is.
        assert_eq!(led(&dialer, "http://registry.example/x").await, Some(root_at));
    }
}

#[tokio::test]
async fn another_port_of_the_upstreams_host_is_another_origin() {
    let dialer = dialer("http://registry.example/", &[]);
    dialer.resolver.learn("registry.example", 80, vec![SocketAddr::from(([192, 0, 2, 1], 80))]);
    dialer.resolver.learn("registry.example", 22, vec![SocketAddr::from(([127, 0, 0, 1], 22))]);
    assert_eq!(led(&dialer, "http://registry.example:22/").await, None);
}

#[tokio::test]
async fn a_name_with_addresses_of_both_kinds_leads_to_the_public_one_only() {
    let dialer = dialer("https://192.0.2.1/", &[]);
    let public = SocketAddr::from(([192, 0, 2, 9], 80));
    let private = SocketAddr::from(([127, 0, 0, 1], 80));
    dialer.resolver.learn("files.example", 80, vec![public, private]);
    let file = target("http://files.example/x");
    let peer = dialer.peer(&file).await.unwrap();
    assert_eq!(peer.address().as_inet(), Some(&public));
    dialer.failed(&file, &peer);
    assert_eq!(led(&dialer, "http://files.example/x").await, None);
}

#[tokio::test]
async fn listed_hosts_may_be_led_to() {
    let private = SocketAddr::from(([10, 0, 0, 9], 80));
    for (list, url, expected) in [
        ("files.example", "http://files.example/x", true),
        ("example", "http://files.example/x", true),
        ("10.0.0.0/8", "http://files.example/x", true),
        ("files.example:8080", "http://files.example/x", false),
        ("other.example, 10.1.0.0/16", "http://files.example/x", false),
        ("10.0.0.9", "http://10.0.0.9/x", true),
        ("10.0.0.9", "http://10.0.0.10/x", false),
        ("::1", "http://[::1]/x", true),
        ("*", "http://169.254.169.254/x", true),
    ] {
        let dialer = dialer("https://192.0.2.1/", &[("NOPAR_ALLOW_HOSTS", list)]);
        dialer.resolver.learn("files.example", 80, vec![private]);
        assert_eq!(led(&dialer, url).await.is_some(), expected, "{list}: {url}");
    }
}

/// A proxy resolves names itself: only what a host says by its spelling can be judged.
#[tokio::test]
async fn behind_a_proxy_spellings_are_judged() {
    // On a private address, as they are: that is nobody's to judge.
    let proxy = ("NOPAR_PROXY_URL", "http://10.9.9.9:3128");
    let dialer_at = |root| dialer(root, &[proxy]);
    for root in ["https://registry.example/", "http://192.0.2.1/"] {
        for url in PRIVATE {
            assert_eq!(led(&dialer_at(root), url).await, None, "{root} {url}");
        }
        for url in ["http://localhost/x", "https://LOCALHOST./x", "http://a.localhost/x"] {
            assert_eq!(led(&dialer_at(root), url).await, None, "{root} {url}");
        }
        for url in
            ["http://files.example/x", "https://files.example/x", "http://203.0.113.1/", root]
        {
            assert!(led(&dialer_at(root), url).await.is_some(), "{root} {url}");
        }
    }
    assert!(led(&dialer_at("http://10.1.1.1/"), "http://10.2.2.2/x").await.is_some());
}

#[tokio::test]
async fn a_refusal_names_host_and_setting_but_no_address() {
    let dialer = dialer("https://192.0.2.1/", &[]);
    dialer.resolver.learn("files.example", 8080, vec![SocketAddr::from(([10, 0, 0, 9], 8080))]);
    let error = dialer.peer(&target("http://files.example:8080/x")).await.unwrap_err();
    let told = error.to_string();
    assert!(told.contains("files.example:8080") && told.contains("NOPAR_ALLOW_HOSTS"), "{told}");
    assert!(!told.contains("10.0.0.9"), "{told}");
}
