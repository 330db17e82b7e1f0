//! What a request for a packument that is fresh and in memory makes NOPAR compute: from the bytes of its head
//! to the head and body of the answer, as the hot path does it.
//! Knows nothing of sockets: the bytes were read, and the answer is not written.

use super::held::{Held, UPSTREAM};
use super::packument::packument;
use bytes::Bytes;
use nopar::base_url::BaseUrl;
use nopar::cache::Key;
use nopar::clock::Clock;
use nopar::config::{Config, Sources};
use nopar::connection::{Body, Caller, End, Plain, Read, Ready};
use nopar::counters::Counters;
use nopar::document::{self, Order};
use nopar::inflight::InFlight;
use nopar::negotiate::Encoding;
use nopar::npm::{Form, PackageName};
use nopar::proxy::{self, Door, Kept, Proxy};
use nopar::store::MemoryStore;
use nopar::upstream::Upstreams;
use nopar::view::{Ask, Want};
use std::sync::Arc;
use std::time::Duration;

/// Bytes of each packument.
const SIZE: usize = 8 * 1024;

/// The host by which NOPAR is asked.
const HOST: &str = "nopar.example:5984";

/// Packages that are held, their views in memory, and the requests by which npm asks for them.
pub(crate) struct Hot {
    _held: Held,
    ready: proxy::Hot,
    /// The heads of requests for the packages, one of each.
    pub(crate) requests: Vec<Vec<u8>>,
    /// The heads of answers, one after the other in the same place.
    head: Vec<u8>,
}

impl Hot {
    /// With `packages` packages. Each was asked for once.
    pub(crate) async fn new(packages: usize) -> Hot {
        let held = Held::new();
        let (door, upstream) = door(&held);
        let base = BaseUrl::parse(&format!("http://{HOST}")).expect("it is a URL");
        let mut requests = Vec::new();
        for number in 0..packages {
            let name: PackageName =
                format!("@scope/package-{number}").parse().expect("it is a name");
            hold(&held, &door, &Key::packument(&upstream, &name), name, &base).await;
            requests.push(request(&format!("/@scope%2fpackage-{number}")));
        }
        let ready = Proxy::new(door).hot();
        let mut hot = Hot { _held: held, ready, requests, head: Vec::new() };
        for number in 0..packages {
            hot.answer(number);
        }
        hot
    }

    /// From the bytes of request `number` to the end of its answer: the bytes of its body.
    pub(crate) fn answer(&mut self, number: usize) -> Bytes {
        let plain = plain(&self.requests[number]);
        let caller = Caller { address: None, is_tls: false };
        self.head.clear();
        let answer = self.ready.answer(&plain, &caller, &mut self.head).expect("it is ready");
        let Body::Bytes(body) = answer.body else { panic!("a packument is sent from memory") };
        let end = End { bytes: body.len(), duration: Duration::from_micros(10), error: None };
        self.ready.finished(&plain, &caller, answer.sent, end);
        body.bytes()
    }
}

/// What the bytes of a head say.
pub(crate) fn plain(request: &[u8]) -> Plain<'_> {
    match Plain::read(request) {
        Read::Plain(plain, _) => plain,
        other => panic!("{other:?} is no plain request"),
    }
}

/// A door to what is held, and by which name keys call its upstream. Lines of access are measured elsewhere
/// (`access_log`).
fn door(held: &Held) -> (Door, String) {
    let env =
        [("NOPAR_FORWARDER_URL", UPSTREAM), ("NOPAR_ACCESS_LOG", "no"), ("NOPAR_SENDFILE", "no")];
    let env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let config = Config::load(&Sources { env, ignore_saved: true, ..Sources::default() })
        .expect("it is a configuration");
    let (pseudonym, counters) = ("bench".to_owned(), Arc::new(Counters::new(1)));
    let (clock, in_flight) = (Clock::system(), InFlight::default());
    let upstreams = Upstreams::new(&config, &pseudonym, &counters, &clock);
    let upstreams = upstreams.expect("it can be asked");
    let root = upstreams.of(&"any".parse().expect("it is a name")).root().to_owned();
    let kept = Kept { cache: held.cache, store: Arc::new(MemoryStore::new()) };
    let door = Door::new(&config, kept, upstreams, clock, in_flight, counters, pseudonym);
    (door.expect("the system has randomness"), root)
}

/// Takes a packument in, and puts the view that npm asks for into memory.
async fn hold(held: &Held, door: &Door, key: &Key, name: PackageName, base: &BaseUrl) {
    let sent = packument(name.as_str(), SIZE);
    let form = Form::Abbreviated;
    let (base_of_views, forms) = (base.clone(), form.into());
    let order = Order { name: name.clone(), base: base_of_views, forms, limit: u64::MAX };
    let built = document::build(&order, sent, false).expect("it is its packument");
    held.put(key, &built.body).await;
    let want = Want::Packument(form);
    let ask = Ask { name, want, encoding: Encoding::Gzip, base: base.clone() };
    let entry = held.entry(key).await;
    door.views().view(&entry, &ask).await.expect("it has a view");
}

/// A request as npm sends it.
fn request(target: &str) -> Vec<u8> {
    let accept = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*";
    let head = format!(
        "GET {target} HTTP/1.1\r\nConnection: keep-alive\r\n\
         User-Agent: npm/11.6.2 node/v24.11.1 linux x64 workspaces/false ci/github-actions\r\n\
         pacote-version: 21.0.0\r\npacote-req-type: packument\r\npacote-pkg-id: registry:a\r\n\
         Accept: {accept}\r\nnpm-auth-type: web\r\nnpm-command: ci\r\nAccept-Encoding: gzip,deflate\r\n\
         Host: {HOST}\r\n\r\n"
    );
    head.into_bytes()
}
