//! The registries NOPAR fetches from: their addresses, their credentials, the way to them.
//! Knows nothing of callers, caches or packuments' contents.

mod address;
mod choice;
mod fetch;
mod guard;
mod health;
mod issuers;
mod open;
mod pace;
mod pause;
mod peer;
mod post;
mod resolve;
mod room;
mod slots;
mod target;
mod tunnel;
mod words;

pub use choice::{Successor, Upstreams};
pub use fetch::Answer;
pub use guard::is_forbidden;
pub use health::Contact;
pub use issuers::Issuers;
pub use open::{Body, FetchError, Opened, Wanted};
pub use pause::retry_after;
pub use target::{BadTarget, Target};

use crate::clock::Clock;
use crate::config;
use crate::counters::Counters;
use crate::npm::encode_segment;
use crate::npm::name::PackageName;
use crate::npm::tarball::TarballName;
use bytes::Bytes;
use health::Health;
use http::Method;
use http::header::{self, HeaderName, HeaderValue};
use pace::Pace;
use pause::Pause;
use peer::Dialer;
use pingora::connectors::http::Connector;
use pingora::http::RequestHeader;
use pingora::upstreams::peer::HttpPeer;
use slots::{Permit, Slots};
use std::sync::Arc;
use std::time::Duration;

/// An upstream cannot be made of this configuration.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    /// A configured text cannot be sent as a header.
    #[error("{0} holds a character that cannot be sent in a header")]
    Header(&'static str),
    /// The upstream's URL has no host.
    #[error(transparent)]
    Target(#[from] BadTarget),
}

/// More addresses of one host than this are not tried for one request.
const MOST_ADDRESSES: usize = 3;

/// What a request says beside where it goes.
#[derive(Clone, Copy)]
struct Message<'a> {
    headers: &'a [(HeaderName, HeaderValue)],
    /// The NOPARs that it passed.
    via: Option<&'a str>,
    /// JSON; with it, it is a POST, and else a GET.
    body: Option<&'a Bytes>,
}

/// One upstream registry.
pub struct Upstream {
    /// Its root; paths of packuments and tarballs start here.
    root: Target,
    root_text: String,
    dialer: Dialer,
    connector: Arc<Connector>,
    slots: Slots,
    pace: Pace,
    pause: Pause,
    user_agent: HeaderValue,
    authorization: Option<HeaderValue>,
    /// What NOPAR signs requests with, so that it knows its own when a loop brings them back.
    via: String,
    fetch_timeout: Duration,
    tarball_timeout: Duration,
    health: Health,
    counters: Arc<Counters>,
    is_asked: bool,
    /// Whether redirects are followed, and not answers themselves.
    follows: bool,
}

impl Upstream {
    /// The upstream of `config`; `pseudonym` names this process in `Via` headers (RFC 9110 §7.6.3).
    /// It has connections of its own: upstreams may differ in what they trust, and in what a proxy was
    /// told of them.
    ///
    /// # Errors
    /// When the configured URL, user agent or token cannot be used.
    fn new(
        config: &config::Upstream,
        pseudonym: &str,
        counters: &Arc<Counters>,
        clock: &Clock,
    ) -> Result<Upstream, SetUpError> {
        let authorization = config.token.as_ref().map(|token| {
            let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose()))
                .map_err(|_| SetUpError::Header("the upstream's token"))?;
            value.set_sensitive(true);
            Ok::<_, SetUpError>(value)
        });
        Ok(Upstream {
            root: Target::parse(&config.url)?,
            root_text: config.url.as_str().trim_end_matches('/').to_owned(),
            connector: Arc::new(Connector::new(Some(peer::connector_options(config)))),
            slots: Slots::new(config.max_connections.get()),
            pace: Pace::new(config.requests_per_second),
            pause: Pause::new(clock.clone()),
            dialer: Dialer::new(config)?,
            user_agent: HeaderValue::try_from(config.user_agent.as_str())
                .map_err(|_| SetUpError::Header("the user agent"))?,
            authorization: authorization.transpose()?,
            via: format!("1.1 {pseudonym}"),
            fetch_timeout: config.fetch_timeout,
            tarball_timeout: config.tarball_timeout,
            health: Health::default(),
            counters: Arc::clone(counters),
            is_asked: config.auto_forward,
            follows: true,
        })
    }

    /// Whether it may be asked at all; else only what is held of its packages is served.
    pub fn is_asked(&self) -> bool {
        self.is_asked
    }

    /// Whether it is shown a token: what it says then is not for everybody.
    pub fn has_token(&self) -> bool {
        self.authorization.is_some()
    }

    /// Its root URL: what tells it from other upstreams.
    pub fn root(&self) -> &str {
        &self.root_text
    }

    /// Where the upstream has a package's packument.
    pub fn packument(&self, name: &PackageName) -> Target {
        self.root.join(&name.encoded())
    }

    /// Where the upstream has a tarball if it keeps to npm's usual paths.
    pub fn tarball(&self, name: &PackageName, file: &TarballName) -> Target {
        self.root.join(&format!("{}/-/{}", name.path(), encode_segment(file.as_str())))
    }

    /// Where the upstream has one of its services: a path, perhaps with a query, without a leading slash.
    pub fn service(&self, path: &str) -> Target {
        self.root.join(path)
    }

    /// Where the upstream has the attestations of a version: as npm's own registry spells it in its packuments.
    pub fn attestations(&self, name: &PackageName, version: &str) -> Target {
        let version = encode_segment(version);
        self.root.join(&format!("-/npm/v1/attestations/{}@{version}", name.encoded()))
    }

    /// The target of a URL that a document of this upstream named.
    ///
    /// # Errors
    /// When it is not an `http` or `https` URL.
    pub fn named(&self, url: &str) -> Result<Target, BadTarget> {
        Target::parse(&url::Url::parse(url)?)
    }

    /// Whether `target` lies on the upstream's own origin: only then do its credentials go along.
    fn is_own(&self, target: &Target) -> bool {
        self.root.same_origin(target)
    }

    /// Whether `target` is a packument or a tarball of it, and none of its services: a registry may want fewer searches,
    /// and serve packages all the same.
    fn is_of_package(&self, target: &Target) -> bool {
        let below = target.path.strip_prefix(self.root.path.trim_end_matches('/'));
        self.is_own(target) && below.is_some_and(|path| !path.starts_with("/-/"))
    }

    /// A connection's description for Pingora: address resolved, options set.
    ///
    /// # Errors
    /// When the host's name cannot be resolved, or `target` is where this upstream may not lead
    /// ([`is_forbidden`]).
    async fn peer(&self, target: &Target) -> pingora::Result<Box<HttpPeer>> {
        self.dialer.peer(target).await
    }

    /// Tells that `peer`, on the way to `target`, could not be connected to: the next try goes to
    /// another of its addresses.
    fn failed(&self, target: &Target, peer: &HttpPeer) {
        self.dialer.failed(target, peer);
    }

    /// How many connections to `target` are worth a try: one per address, a few at the most.
    fn attempts(&self, target: &Target) -> usize {
        self.dialer.addresses(target).clamp(1, MOST_ADDRESSES)
    }

    /// Longest wait for a whole document of it.
    pub fn fetch_timeout(&self) -> Duration {
        self.fetch_timeout
    }

    /// Longest wait for a whole tarball of it.
    pub fn tarball_timeout(&self) -> Duration {
        self.tarball_timeout
    }

    /// Tells that it took too long for somebody.
    pub fn note_slow(&self) {
        self.health.note(false);
    }

    /// When it was spoken to, and how that went.
    pub fn contact(&self) -> Contact {
        self.health.contact()
    }

    /// Whether it could not be reached just now: what is held need not wait for it.
    pub fn is_down(&self) -> bool {
        self.health.is_down()
    }

    /// Waits until one more request may go there; no longer than for a document.
    async fn permit(&self, target: &Target, wanted: Wanted) -> Result<Permit, FetchError> {
        let after = self.fetch_timeout;
        let free = async {
            // In this order: who waits for a place afterwards would be sent together with others.
            let permit = self.slots.permit(wanted).await;
            self.pace.turn().await;
            permit
        };
        let permit = tokio::time::timeout(after, free).await;
        permit.map_err(|_| FetchError::Busy { target: target.to_string(), after })
    }

    /// A request for `target` as NOPAR sends it, its body aside. Nothing of a caller's request is in it but the
    /// NOPARs it passed.
    ///
    /// # Errors
    /// When something of it cannot be sent as HTTP.
    fn request(&self, target: &Target, message: Message<'_>) -> pingora::Result<RequestHeader> {
        let Message { headers, via, body } = message;
        let path = self.dialer.request_target(target);
        let method = if body.is_some() { Method::POST } else { Method::GET };
        let mut request = RequestHeader::build(method, path.as_bytes(), Some(8))?;
        request.insert_header(header::HOST, target.authority())?;
        request.insert_header(header::USER_AGENT, &self.user_agent)?;
        match via {
            Some(passed) => {
                request.insert_header(header::VIA, format!("{passed}, {}", self.via))?
            }
            None => request.insert_header(header::VIA, &self.via)?,
        }
        if let Some(authorization) = self.authorization.as_ref().filter(|_| self.is_own(target)) {
            request.insert_header(header::AUTHORIZATION, authorization)?;
        }
        if let Some(authorization) = self.dialer.proxy_authorization(target) {
            request.insert_header(header::PROXY_AUTHORIZATION, authorization)?;
        }
        for (name, value) in headers {
            request.insert_header(name, value)?;
        }
        if let Some(body) = body {
            request.insert_header(header::CONTENT_TYPE, "application/json")?;
            request.insert_header(header::CONTENT_LENGTH, body.len())?;
        }
        Ok(request)
    }
}
