//! Requests by the hundred, each line of them chosen from a few, always the same ones.
//! Knows nothing of what is answered.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::asking::{ABBREVIATED, INSTALL, JSON};
use crate::support::client::Request;

/// The host by which NOPAR is usually asked.
pub(super) const HOST: &str = "npm.test";

/// Some header lines; `{etag}` stands for the ETag of the thing asked for.
type Lines = &'static [(&'static str, &'static str)];

/// What is asked for: that which is ready, several times as often as that which is not.
const TARGETS: &[&str] = &[
    "/small",
    "/small",
    "/@s%2fn",
    "/@s/n",
    "/%73mall",
    "/small/latest",
    "/@s%2fn/1.0.0",
    "/small/9.9.9",
    "/-/package/@s%2fn/dist-tags",
    "/small/-/small-1.0.0.tgz",
    "/small/-/small-1.0.0.tgz",
    "/@s%2fn/-/n-1.1.0.tgz",
    "/large/-/large-1.0.0.tgz",
    "/large/-/large-1.0.0.tgz",
    "/small?write=true",
    "/small?x=y",
    "/small?\"",
    "/small?<",
    "/small/-/small-1.0.0.tgz?>",
    "/small/-/small-1.0.0.tgz?x=y",
    "/none",
    "/none/-/none-1.0.0.tgz",
    "/small/-/small-9.9.9.tgz",
    "/-/ping",
    "/",
    "/-/nothing",
    "/small/",
    "//small",
    "/small%2",
    "/a/../small",
    "/sm\u{e4}ll",
    "/prefix/small",
    "/prefix/@s%2fn",
    "/prefix/large/-/large-1.0.0.tgz",
    "http://npm.test/small",
];

const HOSTS: &[Lines] = &[
    &[("Host", HOST)],
    &[("Host", "other.test:8080")],
    &[("Host", "NPM.test:80")],
    &[("Host", "a b")],
    &[("Host", "")],
    &[("Host", "u@npm.test")],
    &[("Host", "b\u{fc}cher.test")],
    &[("Host", HOST), ("Host", "other.test")],
    &[],
];

const ACCEPTS: &[Lines] = &[
    &[],
    &[("Accept", INSTALL)],
    &[("Accept", ABBREVIATED)],
    &[("Accept", JSON)],
    &[("accept", "*/*")],
    &[("Accept", "\u{e9}, application/vnd.npm.install-v1+json")],
    &[("Accept", JSON), ("Accept", INSTALL)],
];

const ENCODINGS: &[Lines] = &[
    &[],
    &[("Accept-Encoding", "gzip")],
    &[("Accept-Encoding", "gzip, deflate, br")],
    &[("Accept-Encoding", "identity")],
    &[("Accept-Encoding", "gzip;q=0, identity")],
    &[("Accept-Encoding", "identity"), ("Accept-Encoding", "gzip")],
];

const CONDITIONS: &[Lines] = &[
    &[],
    &[("If-None-Match", "{etag}")],
    &[("If-None-Match", "{etag}")],
    &[("If-None-Match", "W/{etag}")],
    &[("If-None-Match", "\"x\"")],
    &[("If-None-Match", "W/\"x\"")],
    &[("If-None-Match", "\"x\", {etag}")],
    &[("If-None-Match", "{etag},")],
    &[("If-None-Match", "  {etag}\t")],
    &[("If-None-Match", "*")],
    &[("If-None-Match", "\"*\"")],
    &[("If-None-Match", "")],
    &[("If-None-Match", "\"\"")],
    &[("If-None-Match", "\"")],
    &[("If-None-Match", "x")],
    &[("If-None-Match", "\"\u{e9}\"")],
    &[("If-None-Match", "\"x\""), ("If-None-Match", "{etag}")],
    &[("If-None-Match", "\"x\""), ("If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT")],
    &[("If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT")],
    &[("If-Modified-Since", "Thu, 01 Jan 1970 00:00:00 GMT")],
    &[("If-Match", "\"x\"")],
];

const OTHERS: &[Lines] = &[
    &[],
    &[("Connection", "keep-alive")],
    &[("Connection", "Keep-Alive"), ("User-Agent", "npm/11.0.0"), ("npm-command", "install")],
    &[("Connection", "close")],
    &[("Cache-Control", "no-cache")],
    &[("Cache-Control", "max-age=0")],
    &[("Pragma", "no-cache")],
    &[("Range", "bytes=0-9")],
    &[("Range", "bytes=900000-")],
    &[("Range", "bytes=-5")],
    &[("Range", "bytes=0-9"), ("If-Range", "{etag}")],
    &[("Authorization", "Bearer secret")],
    &[("Expect", "100-continue")],
    &[("Via", "1.1 other")],
    &[("Content-Length", "0")],
    &[("Origin", "https://pages.example")],
];

/// What proxies say, or whoever wants to be taken for one.
const FORWARDED: &[Lines] = &[
    &[],
    &[("X-Forwarded-Host", "front.test"), ("X-Forwarded-Proto", "https")],
    &[("X-Forwarded-Proto", "https")],
    &[("X-Forwarded-Proto", "HTTPS, http"), ("X-Forwarded-For", "10.0.0.1")],
    &[("X-Forwarded-Proto", "ftp")],
    &[("X-Forwarded-Proto", "")],
    &[("x-forwarded-host", "Front.test:443"), ("x-forwarded-proto", "https")],
    &[("X-Forwarded-Host", "front.test"), ("X-Forwarded-Port", "8443")],
    &[("X-Forwarded-Host", "front.test:8080, other.test"), ("X-Forwarded-Port", "8443, 1")],
    &[("X-Forwarded-Port", "+8443")],
    &[("X-Forwarded-Port", "0")],
    &[("X-Forwarded-Prefix", "/prefix")],
    &[("X-Forwarded-Prefix", "/prefix/"), ("X-Forwarded-Host", "front.test")],
    &[("X-Forwarded-Prefix", "/../prefix")],
    &[("X-Forwarded-Host", "a b")],
    &[("X-Forwarded-Host", "\u{e9}")],
    &[("X-Forwarded-Host", "front.test"), ("X-Forwarded-Host", "other.test")],
    &[("X-Forwarded-For", "10.0.0.1"), ("X-Forwarded-Server", "front.test")],
    &[("Forwarded", "for=10.0.0.1;host=front.test;proto=https")],
    &[("Forwarded", "host=\"front.test:8443\", host=other.test"), ("X-Forwarded-For", "10.0.0.1")],
    &[("Forwarded", "proto=https"), ("X-Forwarded-Proto", "http")],
    &[("Forwarded", "proto=https"), ("Forwarded", "proto=http")],
    &[("Forwarded", "for=10.0.0.1")],
    &[("Forwarded", "")],
];

/// From where it is asked: the second is a proxy's address.
pub(super) const PEERS: [IpAddr; 2] =
    [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2))];

/// A request that was made up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Made {
    method: &'static str,
    target: &'static str,
    is_http10: bool,
    lines: [Lines; 6],
    peer: IpAddr,
}

impl Made {
    /// So many of them.
    pub(super) fn all(count: usize) -> Vec<Made> {
        let mut dice = Dice(1);
        (0..count).map(|_| Made::roll(&mut dice)).collect()
    }

    /// So many of them, to nearly all of which a proxy, or somebody else, added something.
    pub(super) fn all_forwarded(count: usize) -> Vec<Made> {
        let mut dice = Dice(2);
        let forwarded = |mut made: Made| {
            made.lines[5] = dice.choose(FORWARDED);
            made
        };
        Made::all(count).into_iter().map(forwarded).collect()
    }

    /// Two of three choices are the first, usual one: else hardly any request would be plain.
    fn roll(dice: &mut Dice) -> Made {
        let tables = [HOSTS, ACCEPTS, ENCODINGS, CONDITIONS, OTHERS, FORWARDED];
        let mut lines = tables.map(|table| match dice.below(3) {
            0 | 1 => table[0],
            _ => dice.choose(table),
        });
        let is_http10 = dice.below(16) == 0;
        if is_http10 && lines[0].iter().all(|(_, host)| host.is_empty()) {
            // The base URL would be the address, which no two share.
            lines[0] = HOSTS[0];
        }
        let method = dice.choose(&["GET", "GET", "GET", "HEAD"]);
        Made { method, target: dice.choose(TARGETS), is_http10, lines, peer: dice.choose(&PEERS) }
    }

    /// Whether it names the ETag of what it asks for.
    pub(super) fn needs_etag(&self) -> bool {
        self.lines.iter().flat_map(|lines| *lines).any(|(_, value)| value.contains("{etag}"))
    }

    /// The same, asked of anybody who comes, if it is to be had at all.
    pub(super) fn unconditional(&self) -> Made {
        let [host, accept, encoding, _, _, forwarded] = self.lines;
        Made { method: "GET", lines: [host, accept, encoding, &[], &[], forwarded], ..*self }
    }

    /// It, for who has a copy with this ETag.
    pub(super) fn to(&self, addr: SocketAddr, etag: &str) -> Request {
        let request = Request::new(addr, self.method, self.target).without_host().from(self.peer);
        let request = if self.is_http10 { request.http10() } else { request };
        let lines = self.lines.iter().flat_map(|lines| *lines);
        lines.fold(request, |request, (name, value)| {
            request.header(name, value.replace("{etag}", etag))
        })
    }
}

/// SplitMix64: dice that always fall the same way.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % sides as u64) as usize
    }

    fn choose<T: Copy>(&mut self, among: &[T]) -> T {
        among[self.below(among.len())]
    }
}
