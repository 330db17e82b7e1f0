//! A request's head in its plainest form: a GET or HEAD of HTTP/1.1 that keeps the connection and asks
//! for nothing special.
//! Knows nothing of what is asked for. In doubt a head is not plain: then Pingora reads it.

use httparse::{Header, Request, Status};
use memchr::memchr;
use std::fmt;
use std::mem::MaybeUninit;

/// Lines that are looked at: real clients send 5 to 15.
const MOST_LINES: usize = 48;

/// A plain request, still in the bytes it came in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Plain<'a> {
    /// All of it, as it came, for what is looked for seldom.
    pub head: &'a [u8],
    /// Whether it is a HEAD.
    pub is_head: bool,
    /// Path and query as received; begins with a slash.
    pub target: &'a str,
    /// Its one Host header.
    pub host: &'a str,
    /// Its Accept header.
    pub accept: Option<&'a str>,
    /// Its Accept-Encoding header.
    pub accept_encoding: Option<&'a str>,
    /// Its If-None-Match header.
    pub if_none_match: Option<&'a str>,
    /// Its Authorization header: a secret.
    pub authorization: Option<Authorization<'a>>,
    /// What proxies say of where it came from.
    pub forwarded: Option<Forwarded<'a>>,
    /// What they say of who sent it.
    pub forwarded_for: Option<&'a str>,
}

/// What proxies say of a request: one line at most of each of their headers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Forwarded<'a>([Option<&'a str>; FORWARDED.len()]);

/// The header by which proxies say who sent a request.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The headers by which proxies say by which URL it came.
const FORWARDED: [&str; 5] = [
    "forwarded",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-proto",
];

impl<'a> Forwarded<'a> {
    /// The line with this name.
    pub fn line(&self, name: &str) -> Option<&'a str> {
        let at = FORWARDED.iter().position(|known| known.eq_ignore_ascii_case(name))?;
        self.0[at]
    }

    /// All lines, always in the same order.
    pub fn lines(&self) -> &[Option<&'a str>] {
        &self.0
    }
}

/// What bytes are, as the beginning of a request.
#[expect(clippy::large_enum_variant, reason = "it is taken apart at once, and nobody keeps it")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read<'a> {
    /// The head is not whole yet.
    Partial,
    /// Something that must be looked at more closely.
    Other,
    /// A plain request, and the length of its head.
    Plain(Plain<'a>, usize),
}

impl<'a> Plain<'a> {
    /// Reads the head at the beginning of `bytes`.
    pub fn read(bytes: &'a [u8]) -> Read<'a> {
        let mut lines = [MaybeUninit::<Header<'_>>::uninit(); MOST_LINES];
        let mut request = Request::new(&mut []);
        match request.parse_with_uninit_headers(bytes, &mut lines) {
            Ok(Status::Partial) => Read::Partial,
            Ok(Status::Complete(len)) => match Plain::of(&request) {
                Some(plain) => Read::Plain(Plain { head: &bytes[..len], ..plain }, len),
                None => Read::Other,
            },
            // Malformed, or with more lines than usual: Pingora has the last word.
            Err(_) => Read::Other,
        }
    }

    /// What a header line with this name says, if there is one of them. Looked for each time: whoever wants to know it often
    /// has it taken with the others.
    pub fn line(&self, name: &str) -> Option<&'a [u8]> {
        let (mut rest, mut found) = (self.head, None);
        while let Some(end) = memchr(b'\n', rest) {
            let (line, behind) = (&rest[..end], &rest[end + 1..]);
            rest = behind;
            if line.get(name.len()) == Some(&b':')
                && line[..name.len()].eq_ignore_ascii_case(name.as_bytes())
                && found.replace(line[name.len() + 1..].trim_ascii()).is_some()
            {
                return None;
            }
        }
        found
    }

    fn of(request: &Request<'_, 'a>) -> Option<Plain<'a>> {
        let is_head = match request.method? {
            "GET" => false,
            "HEAD" => true,
            _ => return None,
        };
        let target = request.path.filter(|target| is_target(target))?;
        if request.version != Some(1) {
            return None;
        }
        let mut plain = Plain { is_head, target, ..Plain::default() };
        let mut host = None;
        for line in request.headers.iter() {
            plain.take(line, &mut host)?;
        }
        plain.host = host?;
        Some(plain)
    }

    /// Takes one header line; `None` when it makes the request one that is not plain.
    fn take(&mut self, line: &Header<'a>, host: &mut Option<&'a str>) -> Option<()> {
        let name = line.name.as_bytes();
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        // By length and first letter: a head has ten lines, and most of them say nothing here.
        match (name.len(), name.first()? | 0x20) {
            // Credentials in it make it one that Pingora refuses.
            (4, b'h') if is("host") && !line.value.contains(&b'@') => once(host, line),
            (4, b'h') if is("host") => None,
            (6, b'a') if is("accept") => once(&mut self.accept, line),
            (15, b'a') if is("accept-encoding") => once(&mut self.accept_encoding, line),
            (15, b'x') if is(FORWARDED_FOR) => once(&mut self.forwarded_for, line),
            (13, b'i') if is("if-none-match") => once(&mut self.if_none_match, line),
            (13, b'a') if is("authorization") => self.take_authorization(line),
            (10, b'c') if is("connection") => {
                line.value.eq_ignore_ascii_case(b"keep-alive").then_some(())
            }
            (9, b'f') | (16..=18, b'x') => match FORWARDED.iter().position(|known| is(known)) {
                Some(at) => once(&mut self.forwarded.get_or_insert_default().0[at], line),
                None => Some(()),
            },
            (len, _) => (!special(len).iter().any(|special| is(special))).then_some(()),
        }
    }

    fn take_authorization(&mut self, line: &Header<'a>) -> Option<()> {
        let mut shown = self.authorization.map(|Authorization(shown)| shown);
        once(&mut shown, line)?;
        self.authorization = shown.map(Authorization);
        Some(())
    }
}

/// Credentials as they came: nothing prints them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Authorization<'a>(pub &'a str);

impl fmt::Debug for Authorization<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authorization(…)")
    }
}

/// Whether a target is one that Pingora takes as well: a path, and no byte that belongs in no URL.
fn is_target(target: &str) -> bool {
    let allowed = |byte: u8| matches!(byte, b'!' | b'#'..=b';' | b'=' | b'?'..=b'~');
    target.starts_with('/') && target.bytes().all(allowed)
}

/// Headers with which a request is not plain, of those whose names are so long: bodies, parts of bodies, other
/// conditions, other protocols, those who want no cached copy, and pages of other sites. Each header of a request is
/// looked for, so it is compared with few.
fn special(len: usize) -> &'static [&'static str] {
    match len {
        2 => &["te"],
        3 => &["via"],
        5 => &["range"],
        6 => &["expect", "origin"],
        7 => &["upgrade"],
        8 => &["if-match", "if-range"],
        13 => &["cache-control"],
        14 => &["content-length", "http2-settings"],
        17 => &["if-modified-since", "transfer-encoding"],
        19 => &["if-unmodified-since"],
        _ => &[],
    }
}

/// Takes a line that may be there once, in the characters that Pingora takes for text.
fn once<'a>(place: &mut Option<&'a str>, line: &Header<'a>) -> Option<()> {
    let is_text = line.value.iter().all(|byte| matches!(byte, b'\t' | b' '..=b'~'));
    let text = std::str::from_utf8(line.value).ok().filter(|_| is_text)?;
    place.replace(text).is_none().then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(head: &str) -> Read<'_> {
        Plain::read(head.as_bytes())
    }

    #[test]
    fn what_clients_send_is_plain() {
        let head = "GET /@types%2fnode HTTP/1.1\r\nhost: npm.example:5984\r\nConnection: keep-alive\r\n\
            user-agent: npm/11.0.0\r\nnpm-command: install\r\nauthorization: Bearer npm_a\r\naccept: application/json\r\n\
            Accept-Encoding: gzip,deflate\r\nif-none-match: \"a\"\r\nx-forwarded-proto: https\r\n\
            X-Forwarded-For: 192.0.2.7, 10.0.0.1\r\n\r\n";
        let next = "GET /next";
        let plain = Plain {
            head: head.as_bytes(),
            is_head: false,
            target: "/@types%2fnode",
            host: "npm.example:5984",
            accept: Some("application/json"),
            accept_encoding: Some("gzip,deflate"),
            if_none_match: Some("\"a\""),
            authorization: Some(Authorization("Bearer npm_a")),
            forwarded: Some(Forwarded([None, None, None, None, Some("https")])),
            forwarded_for: Some("192.0.2.7, 10.0.0.1"),
        };
        let text = format!("{head}{next}");
        assert_eq!(read(&text), Read::Plain(plain, head.len()));
        for end in 0..head.len() {
            assert_eq!(read(&head[..end]), Read::Partial, "{end}");
        }
    }

    #[test]
    fn what_is_not_plain_is_for_pingora() {
        let check = |first: &str, line: &str| {
            let head = format!("{first}\r\nhost: a\r\n{line}\r\n");
            assert_eq!(read(&head), Read::Other, "{head:?}");
        };
        let get = "GET / HTTP/1.1";
        let mut count = 0;
        for len in 0..100 {
            for special in special(len) {
                assert_eq!(special.len(), len, "{special} is never looked for");
                check(get, &format!("{}: x\r\n", special.to_ascii_uppercase()));
                count += 1;
            }
        }
        assert_eq!(count, 14);
        check(get, "connection: close\r\n");
        check(get, "connection: keep-alive, upgrade\r\n");
        check(get, "Host: b\r\n");
        check(get, "accept: a\r\naccept: b\r\n");
        check(get, "accept: \u{e9}\r\n");
        check(get, "authorization: Bearer a\r\nAuthorization: Bearer b\r\n");
        check(get, "authorization: Bearer \u{e9}\r\n");
        check(get, "forwarded: proto=http\r\nForwarded: proto=https\r\n");
        check(get, "x-forwarded-host: \u{e9}\r\n");
        check(get, "x-forwarded-for: a\r\nX-Forwarded-For: b\r\n");
        check(get, "if-none-match: \"\u{e9}\"\r\n");
        check(get, "accept: a\r\nno colon\r\n");
        check(get, &"a: b\r\n".repeat(MOST_LINES));
        check("GET / HTTP/1.0", "");
        check("PUT / HTTP/1.1", "");
        check("get / HTTP/1.1", "");
        check("GET http://a/ HTTP/1.1", "");
        check("OPTIONS * HTTP/1.1", "");
        assert_eq!(read("GET / HTTP/1.1\r\naccept: a\r\n\r\n"), Read::Other, "no host");
        assert_eq!(Plain::read(b"GET / HTTP/1.1\r\nhost: \xff\r\n\r\n"), Read::Other);
        assert_eq!(Plain::read(&[0x16, 3, 1, 0]), Read::Other, "a ClientHello");
        assert_eq!(read("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), Read::Other);
    }

    #[test]
    fn what_proxies_say_is_found_by_its_name() {
        let head = "GET / HTTP/1.1\r\nhost: a\r\nX-Forwarded-Host: b\r\nx-forwarded-for: c\r\n\
            x-forwarded-server: d\r\nFORWARDED:\r\n\r\n";
        let Read::Plain(plain, _) = read(head) else { panic!("it is plain") };
        let said = plain.forwarded.expect("something is said");
        assert_eq!(said.line("X-Forwarded-Host"), Some("b"));
        assert_eq!(said.line("Forwarded"), Some(""));
        assert_eq!((said.line("X-Forwarded-For"), plain.forwarded_for), (None, Some("c")));
        assert_eq!(said.lines().iter().flatten().count(), 2);
    }

    #[test]
    fn any_line_can_be_looked_for() {
        let head = "GET /a:b HTTP/1.1\r\nhost: a\r\nUser-Agent:  npm/11 \u{e9}\t\r\nx-two: 1\r\nX-Two: 2\r\n\
            x-none:\r\n\r\nx-next: 1\r\n";
        let Read::Plain(plain, _) = read(head) else { panic!("it is plain") };
        assert_eq!(plain.line("user-agent"), Some("npm/11 \u{e9}".as_bytes()));
        assert_eq!(plain.line("x-none"), Some(&b""[..]));
        for none in ["x-two", "x-next", "user", "agent", "x-nothing"] {
            assert_eq!(plain.line(none), None, "{none}");
        }
    }

    #[test]
    fn the_least_that_is_plain() {
        let head = b"GET /a HTTP/1.1\r\nhost: a\r\n\r\n";
        assert!(matches!(Plain::read(head), Read::Plain(plain, 28) if plain.host == "a"));
        let head = b"HEAD /a?b=c HTTP/1.1\r\nHOST:a\r\n\r\n";
        assert!(matches!(Plain::read(head), Read::Plain(plain, _) if plain.is_head));
    }
}
