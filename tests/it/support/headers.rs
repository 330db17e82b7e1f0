//! Header lines in the order and spelling they came in, doubles included.
//! Knows nothing of what any header means.

use std::fmt;

/// Header lines of one message. Names compare without case.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Headers(Vec<(String, String)>);

impl Headers {
    /// The lines httparse found; bytes that are not UTF-8 are replaced.
    pub(crate) fn parsed(lines: &[httparse::Header<'_>]) -> Self {
        let own = |line: &httparse::Header<'_>| {
            let value = String::from_utf8_lossy(line.value).into_owned();
            (line.name.to_owned(), value)
        };
        Self(lines.iter().map(own).collect())
    }

    /// The first value of `name`.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let mut lines = self.iter();
        lines.find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Every value of `name`, in order.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Whether a line of this name is there.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Whether a comma-separated header of this name lists `token`, parameters aside.
    pub(crate) fn lists(&self, name: &str, token: &str) -> bool {
        self.all(name).flat_map(|value| value.split(',')).any(|part| {
            let mut pieces = part.split(';').map(str::trim);
            let named = pieces.next().is_some_and(|t| t.eq_ignore_ascii_case(token));
            // q=0 and q=0.0 refuse; anything else accepts.
            let refused = pieces
                .filter_map(|p| p.strip_prefix("q="))
                .any(|q| q.trim().parse::<f32>().is_ok_and(|q| q == 0.0));
            named && !refused
        })
    }

    /// Adds a line, keeping others of the same name.
    pub(crate) fn push(&mut self, name: &str, value: &str) {
        self.0.push((name.to_owned(), value.to_owned()));
    }

    /// Replaces all lines of this name by one.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.remove(name);
        self.push(name, value);
    }

    /// Removes all lines of this name.
    pub(crate) fn remove(&mut self, name: &str) {
        self.0.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
    }

    /// All lines in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(n, v)| (n.as_str(), v.as_str()))
    }

    /// Appends the lines as they go over the wire, without the empty line after them.
    pub(crate) fn write_to(&self, out: &mut Vec<u8>) {
        for (name, value) in self.iter() {
            out.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}
