//! What a request for a packument that is fresh and in memory makes NOPAR compute, and nothing else.
//! Knows nothing of connections: the head of the request was read, the answer is not yet written.

use super::held::{Held, UPSTREAM};
use super::packument::packument;
use http::header::{ACCEPT, ACCEPT_ENCODING, HOST};
use http::{HeaderMap, HeaderValue, Method};
use nopar::base_url::BaseUrl;
use nopar::cache::Key;
use nopar::counters::Counters;
use nopar::document;
use nopar::negotiate;
use nopar::npm::{Form, PackageName};
use nopar::route::Route;
use nopar::view::{Ask, Memory, View, Views, Want};
use std::sync::Arc;

/// Bytes of each packument.
const SIZE: usize = 8 * 1024;

/// Packages that are held, their views in memory, and the headers by which npm asks for them.
pub(crate) struct Hot {
    held: Held,
    views: Views,
    /// The paths of the packages.
    pub(crate) targets: Vec<String>,
    headers: HeaderMap,
}

impl Hot {
    /// With `packages` packages. Each was asked for once.
    pub(crate) async fn new(packages: usize) -> Hot {
        let held = Held::new();
        let views =
            Views::new(held.cache, Arc::new(Memory::new(64 << 20, Arc::new(Counters::new(1)))));
        let targets = (0..packages).map(|n| format!("/@scope%2fpackage-{n}")).collect();
        let hot = Hot { held, views, targets, headers: headers() };
        let base = hot.base();
        for target in &hot.targets {
            let Route::Packument { name } = route(target, &base) else { continue };
            let sent = packument(name.as_str(), SIZE);
            let body = document::build(&name, sent, false, &base, u64::MAX);
            let body = body.expect("it is its packument");
            hot.held.put(&Key::packument(UPSTREAM, &name), &body).await;
            hot.view(target).await;
        }
        hot
    }

    /// From a request's target and headers to the view.
    pub(crate) async fn view(&self, target: &str) -> Arc<View> {
        let base = self.base();
        let Route::Packument { name } = route(target, &base) else {
            panic!("{target} is no packument's path");
        };
        self.lookup(self.ask(name, base)).await
    }

    /// The second half of that: from what is asked to the view.
    pub(crate) async fn lookup(&self, ask: Ask) -> Arc<View> {
        let entry = self.held.entry(&Key::packument(UPSTREAM, &ask.name)).await;
        self.views.view(&entry, &ask).await.expect("it has a view")
    }

    /// The base URL by which a request with these headers came.
    pub(crate) fn base(&self) -> BaseUrl {
        let base = BaseUrl::of_request(None, false, false, &self.headers, None, None);
        base.expect("it has a host")
    }

    /// What a request with these headers asks for.
    pub(crate) fn ask(&self, name: PackageName, base: BaseUrl) -> Ask {
        let text = |name| self.headers.get(name).and_then(|value| value.to_str().ok());
        let form: Form = negotiate::form(text(ACCEPT));
        let encoding = negotiate::encoding(text(ACCEPT_ENCODING));
        Ask { name, want: Want::Packument(form), encoding, base }
    }
}

/// What a target of these asks for.
pub(crate) fn route(target: &str, base: &BaseUrl) -> Route {
    let parsed = Route::parse(&Method::GET, target.as_bytes(), base.path_prefix());
    parsed.expect("it is a path").route
}

fn headers() -> HeaderMap {
    let accept = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*";
    let pairs = [(HOST, "nopar.example:5984"), (ACCEPT_ENCODING, "gzip"), (ACCEPT, accept)];
    pairs.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value))).collect()
}
