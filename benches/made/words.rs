//! Words that names and descriptions are made of.
//! Knows nothing of what is made of them.

const WORDS: [&str; 16] = [
    "button", "state", "router", "client", "server", "parser", "theme", "logger", "cache", "queue",
    "form", "table", "chart", "date", "event", "stream",
];

/// One of them; the same for the same number.
pub(crate) fn word(number: usize) -> &'static str {
    WORDS[number % WORDS.len()]
}
