//! What was not done because a limit was reached.
//! Knows nothing of numbers, nor of the limits.

use serde::Serialize;

/// Which limit that was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Limited {
    /// A connection of an address that had as many as it may.
    Connections,
    /// A request from an address that asks too often.
    Address,
    /// A request with a token that is shown too often.
    Token,
    /// A request to an upstream that wants fewer: it was not sent.
    Upstream,
    /// A fill of the cache: it was not kept, as its file system has too little room left.
    Disk,
}

impl Limited {
    /// All of them, in the order of their numbers.
    pub const ALL: [Limited; 5] =
        [Limited::Connections, Limited::Address, Limited::Token, Limited::Upstream, Limited::Disk];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Limited::Connections => "connections",
            Limited::Address => "address",
            Limited::Token => "token",
            Limited::Upstream => "upstream",
            Limited::Disk => "disk",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_number_and_its_word() {
        for (number, limited) in Limited::ALL.into_iter().enumerate() {
            assert_eq!(limited as usize, number);
            let word = serde_json::to_string(&limited).unwrap();
            assert_eq!(word, format!("\"{}\"", limited.as_str()));
        }
    }
}
