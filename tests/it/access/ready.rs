//! Ready answers to who may read what not everybody may: as fast as others, and right.
//! Knows nothing of how it is known who asks.

use std::path::Path;

use super::*;
use crate::support::headers::Headers;
use crate::support::said::Said;
use crate::support::upstream::{made_up, usual_path};

/// One that is sent in one piece, and one in several.
const SIZES: [(&str, usize); 2] = [("@acme/small", 10_000), ("@acme/large", 700_000)];

/// Two that differ in whether answers are ready; what is hosted is the same in both.
struct Pair {
    upstream: FakeUpstream,
    ready: TestNopar,
    usual: TestNopar,
}

impl Pair {
    async fn start(settings: &[(&str, &str)]) -> Pair {
        let upstream = FakeUpstream::start().await;
        upstream.package("restricted").version("1.0.0", |version| version.tarball_size(700_000));
        let with = |hot| {
            // The same base URL: it is in what is compared.
            let mut settings = settings.to_vec();
            settings.extend([("NOPAR_HOT_PATH", hot), ("NOPAR_BASE_URL", "http://npm.test")]);
            let upstream = &upstream;
            async move { with_users_before(upstream, RULES, &settings).await }
        };
        let (ready, mut usual) = (with("yes").await, with("no").await);
        let ann = login(ready.addr(), "ann").await;
        for (name, size) in SIZES {
            let publish = Publish::of(name, "1.0.0").tarball(made_up(7, size));
            of(publish.to(ready.addr()), Some(&ann)).send().await.expect(201);
        }
        // Signatures are another each time: who has the same packages has the same key.
        copy(ready.registry_path(), usual.registry_path());
        usual.restart().await;
        Pair { upstream, ready, usual }
    }

    /// What both say, which is the same, to who has this already: the status, the ETag, and whether it was ready.
    async fn ask(
        &self,
        path: &str,
        who: &[Option<String>; 2],
        held: Option<&str>,
    ) -> (u16, Option<String>, bool) {
        let asked = |nopar: &TestNopar, who: &Option<String>| {
            let request = of(Request::get(nopar.addr(), path), who.as_deref());
            match held {
                Some(etag) => request.header("If-None-Match", etag),
                None => request,
            }
        };
        let ready = asked(&self.ready, &who[0]).send().await;
        let usual = asked(&self.usual, &who[1]).send().await;
        let (etag, is_ready) = (ready.header("etag").map(str::to_owned), is_ready(&ready.headers));
        let (ready, usual) = (Said::from(&ready), Said::from(&usual));
        assert!(
            ready == usual,
            "{path} {held:?}: {:?}
{:?}",
            ready.headers,
            usual.headers
        );
        if ready.status < 400 {
            let line = ready.headers.iter().find(|(name, _)| name == "cache-control");
            let control = line.map(|(_, value)| value.as_str()).unwrap_or_default();
            assert!(control.starts_with("private") && !control.contains("public"), "{control}");
        }
        (ready.status, etag, is_ready)
    }
}

/// A directory with all that is in it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("entries") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        match entry.file_type().expect("a type").is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).expect("copied")),
        }
    }
}

/// Whether a packument was ready: Pingora's way writes the age before the state.
fn is_ready(headers: &Headers) -> bool {
    let names: Vec<_> = headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    names.windows(2).any(|two| two == ["x-cache", "age"])
}

fn paths() -> Vec<String> {
    let of_name = |name: &str| {
        let encoded = name.replace('/', "%2f");
        [format!("/{encoded}"), format!("/{encoded}/latest"), usual_path(name, "1.0.0")]
    };
    ["@acme/small", "@acme/large", "restricted"].into_iter().flat_map(of_name).collect()
}

/// What is ready is for who may have it, and says so; whoever else asks right after them hears nothing of it.
#[tokio::test]
async fn both_ways_say_the_same_to_readers_and_to_others() {
    let pair = Pair::start(&[]).await;
    let [ready, usual] = [pair.ready.addr(), pair.usual.addr()];
    let tokens =
        async |user: &str| [Some(login(ready, user).await), Some(login(usual, user).await)];
    let passwords = [(); 2].map(|()| Some(basic("ann", &password("ann"))));
    let readers = [tokens("ann").await, tokens("root").await, passwords];
    let made_up = [(); 2].map(|()| Some("Bearer npm_made_up".to_owned()));
    let others = [[None, None], tokens("bob").await, made_up];
    let mut count = 0;
    for round in 0..4 {
        for path in paths() {
            let mut held = None;
            for who in &readers {
                let (status, etag, is_ready) = pair.ask(&path, who, None).await;
                assert_eq!(status, 200, "{path} in round {round}");
                let (status, _, is_ready_too) = pair.ask(&path, who, etag.as_deref()).await;
                assert_eq!(status, 304, "{path} in round {round}");
                count += u32::from(is_ready) + u32::from(is_ready_too);
                held = etag;
            }
            for who in &others {
                let (status, ..) = pair.ask(&path, who, held.as_deref()).await;
                assert!(matches!(status, 401 | 404), "{path} in round {round}: {status}");
            }
        }
    }
    assert!(count >= 24, "only {count} answers were ready");
    assert!(pair.upstream.requests().iter().all(|seen| !seen.path.contains("acme")));
}

/// What is known of a token is what holds for the one who shows it, and not for long.
#[tokio::test]
async fn a_token_that_has_ended_has_no_ready_answers() {
    let (upstream, nopar) = with_users(RULES).await;
    upstream.package("restricted").version("1.0.0", |version| version);
    let addr = nopar.addr();
    let (mine, other) = (login(addr, "ann").await, login(addr, "ann").await);
    let ready = |token: String| async move {
        for _ in 0..4 {
            if is_ready(&ask(addr, "/restricted", Some(&token)).await.expect(200).headers) {
                return true;
            }
        }
        false
    };
    assert!(ready(mine.clone()).await && ready(other.clone()).await);
    let path = format!("/-/user/token/{}", mine.trim_start_matches("Bearer "));
    of(Request::new(addr, "DELETE", &path), Some(&mine)).send().await.expect(200);
    let gone = ask(addr, "/restricted", Some(&mine)).await.status;
    assert!(matches!(gone, 401 | 404), "{gone}");
    assert!(ready(other.clone()).await);
    // As another process ends it.
    let tokens = nopar.registry_path().join(".nopar/tokens");
    for token in fs::read_dir(tokens).expect("tokens") {
        fs::remove_file(token.expect("a token").path()).expect("removed");
    }
    nopar.advance(std::time::Duration::from_secs(3));
    let gone = ask(addr, "/restricted", Some(&other)).await.status;
    assert!(matches!(gone, 401 | 404), "{gone}");
}

/// Who is behind a proxy is not the proxy.
#[tokio::test]
async fn a_token_for_some_addresses_has_ready_answers_there_only() {
    let upstream = FakeUpstream::start().await;
    upstream.package("restricted").version("1.0.0", |version| version);
    let proxies = [("NOPAR_TRUSTED_PROXIES", "127.0.0.1")];
    let nopar = with_users_before(&upstream, RULES, &proxies).await;
    let addr = nopar.addr();
    let ann = login(addr, "ann").await;
    let wish = json!({"password": password("ann"), "cidr_whitelist": ["192.0.2.0/24"]});
    let made = of(send(addr, "POST", "/-/npm/v1/tokens", &wish), Some(&ann)).send().await;
    let token = format!("Bearer {}", made.json()["token"].as_str().expect("a token"));
    let from = |address: &'static str| {
        let request = of(Request::get(addr, "/restricted"), Some(&token));
        request.header("X-Forwarded-For", address)
    };
    for _ in 0..4 {
        from("192.0.2.7").send().await.expect(200);
        let elsewhere = from("198.51.100.7").send().await.status;
        assert!(matches!(elsewhere, 401 | 404), "{elsewhere}");
        let direct = ask(addr, "/restricted", Some(&token)).await.status;
        assert!(matches!(direct, 401 | 404), "{direct}");
    }
}
