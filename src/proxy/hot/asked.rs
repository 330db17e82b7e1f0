//! What requests ask for, remembered by their text: what is asked a thousand times a second is parsed
//! once.
//! Knows nothing of what is held, nor of who is trusted: what others say of a request does not get here.
//! A pure function of the request, the settings, and which names are NOPAR's own: what was read before one of
//! those changed is read again.

use crate::base_url::BaseUrl;
use crate::cache::Key;
use crate::connection::{Forwarded, Plain};
use crate::counters::Kind;
use crate::negotiate;
use crate::npm::PackageName;
use crate::proxy::{Door, figures};
use crate::route::Route;
use crate::view::{Ask, Want, What};
use http::Method;
use quick_cache::sync::Cache;
use quick_cache::{Equivalent, Weighter};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// What a request asks for.
#[derive(Debug)]
pub(super) struct Asked {
    /// What it is counted as.
    pub(super) kind: Kind,
    /// The entry it is about.
    pub(super) key: Key,
    pub(super) thing: Thing,
    /// When this was read, by the count of names that are NOPAR's own.
    pub(super) epoch: u64,
    /// Whose it is.
    pub(super) name: PackageName,
    /// Whether everybody may read it; else it matters who asks, which is not told by the text.
    pub(super) is_public: bool,
    /// When the store was last asked whether the name became NOPAR's own by way of another process, in seconds.
    pub(super) looked: AtomicU64,
}

/// What of the entry.
#[derive(Debug)]
pub(super) enum Thing {
    /// A view of a packument.
    View(What),
    /// A view or a tarball of a package that is NOPAR's own.
    Own(What),
    /// A tarball.
    Tarball {
        /// The entry of its packument.
        packument: Key,
    },
}

/// The requests that were read.
pub(super) struct Remembered {
    requests: Cache<Owned, Arc<Asked>, Length>,
}

/// Bytes of requests' texts and what was read of them, roughly.
const MOST_BYTES: u64 = 8 << 20;
/// What one takes beside its text: keys, names and links.
const ROW: u64 = 512;
/// A longer text is not remembered.
const LONGEST: usize = 2048;

/// All of a request that decides what it asks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Owned {
    is_tls: bool,
    target: Box<str>,
    host: Box<str>,
    accept: Option<Box<str>>,
    accept_encoding: Option<Box<str>>,
    forwarded: Option<Box<[Option<Box<str>>]>>,
}

/// The same, as it lies in the request.
#[derive(Hash)]
pub(super) struct Text<'a> {
    is_tls: bool,
    target: &'a str,
    host: &'a str,
    accept: Option<&'a str>,
    accept_encoding: Option<&'a str>,
    /// What proxies say, if it counts.
    forwarded: Option<&'a [Option<&'a str>]>,
}

impl Equivalent<Owned> for Text<'_> {
    fn equivalent(&self, text: &Owned) -> bool {
        *self.target == *text.target
            && *self.host == *text.host
            && self.accept == text.accept.as_deref()
            && self.accept_encoding == text.accept_encoding.as_deref()
            && self.is_tls == text.is_tls
            && match (self.forwarded, &text.forwarded) {
                (None, None) => true,
                (Some(said), Some(known)) => {
                    said.iter().copied().eq(known.iter().map(Option::as_deref))
                }
                _ => false,
            }
    }
}

impl<'a> Text<'a> {
    pub(super) fn of(
        request: &Plain<'a>,
        is_tls: bool,
        forwarded: Option<&'a Forwarded<'a>>,
    ) -> Text<'a> {
        Text {
            is_tls,
            target: request.target,
            host: request.host,
            accept: request.accept,
            accept_encoding: request.accept_encoding,
            forwarded: forwarded.map(Forwarded::lines),
        }
    }

    fn len(&self) -> usize {
        let said = self.forwarded.unwrap_or_default().iter().copied();
        let others = [self.accept, self.accept_encoding].into_iter().chain(said).flatten();
        self.target.len() + self.host.len() + others.map(str::len).sum::<usize>()
    }

    fn to_owned(&self) -> Owned {
        Owned {
            is_tls: self.is_tls,
            target: self.target.into(),
            host: self.host.into(),
            accept: self.accept.map(Into::into),
            accept_encoding: self.accept_encoding.map(Into::into),
            forwarded: self
                .forwarded
                .map(|said| said.iter().map(|line| line.map(Into::into)).collect()),
        }
    }
}

#[derive(Clone)]
struct Length;

impl Weighter<Owned, Arc<Asked>> for Length {
    fn weight(&self, text: &Owned, _asked: &Arc<Asked>) -> u64 {
        let said = text.forwarded.iter().flatten();
        let others = [&text.accept, &text.accept_encoding].into_iter().chain(said).flatten();
        let len = text.target.len() + text.host.len() + others.map(|it| it.len()).sum::<usize>();
        // The key and its parts hold the target once or twice more.
        ROW + 3 * len as u64
    }
}

impl Default for Remembered {
    fn default() -> Remembered {
        let items = usize::try_from(MOST_BYTES / (2 * ROW)).unwrap_or(usize::MAX);
        Remembered { requests: Cache::with_weighter(items, MOST_BYTES, Length) }
    }
}

impl Remembered {
    /// What a request with this text asks for, if it was asked before.
    pub(super) fn get(&self, text: &Text<'_>) -> Option<Arc<Asked>> {
        self.requests.get(text)
    }

    /// Keeps what a request with this text asks for, unless it is unusually long.
    pub(super) fn remember(&self, text: &Text<'_>, asked: &Arc<Asked>) {
        if text.len() <= LONGEST {
            self.requests.insert(text.to_owned(), Arc::clone(asked));
        }
    }
}

impl Asked {
    /// Reads a request. `None` for what never has a ready answer.
    pub(super) fn read(
        door: &Door,
        request: &Plain<'_>,
        is_tls: bool,
        forwarded: Option<&Forwarded<'_>>,
    ) -> Option<Asked> {
        // First: what changes while all the rest is read makes it another one.
        let epoch = door.hosted.epoch();
        let said = |name: &str| forwarded.and_then(|said| said.line(name));
        let base = match &door.current.get().base_url {
            Some(configured) => configured.clone(),
            None => BaseUrl::of_lines(is_tls, request.host, said).ok()?,
        };
        let method = if request.is_head { Method::HEAD } else { Method::GET };
        let target = request.target.as_bytes();
        let parsed = Route::parse(&method, target, base.path_prefix()).ok()?;
        if parsed.write {
            return None;
        }
        let is_public = door.api.is_public(parsed.route.name()?);
        let kind = figures::kind_of(&method, &parsed.route);
        let (name, want) = match parsed.route {
            Route::Packument { name } => (name, Want::Packument(negotiate::form(request.accept))),
            Route::Manifest { name, selector } => (name, Want::Manifest(selector)),
            Route::DistTags { name } => (name, Want::DistTags),
            Route::Tarball { name, file } => {
                let packument = door.packument_key(&name);
                let key = door.tarball_key(&name, &file);
                let thing = match door.hosted.is_known(&name) {
                    true => Thing::Own(What::File(file)),
                    false => Thing::Tarball { packument },
                };
                let looked = AtomicU64::default();
                return Some(Asked { kind, key, thing, epoch, name, is_public, looked });
            }
            _ => return None,
        };
        let encoding = negotiate::encoding(request.accept_encoding);
        let key = door.packument_key(&name);
        let is_own = door.hosted.is_known(&name);
        let ask = Ask { name, want, encoding, base };
        let what = ask.what();
        let thing = if is_own { Thing::Own(what) } else { Thing::View(what) };
        let (name, looked) = (ask.name, AtomicU64::default());
        Some(Asked { kind, key, thing, epoch, name, is_public, looked })
    }
}
