//! What looks like a token of a registry: `npm_` and many letters or digits behind it, as npm's own and NOPAR's are.
//! Knows nothing of which of them are good for anything.

use std::borrow::Cow;

/// How tokens begin.
const BEGIN: &str = "npm_";
/// How many letters or digits follow at least; npm's have 36, NOPAR's 43. No name of a package goes on so.
const LEAST: usize = 20;
/// What stands for those that are left out.
const REDACTED: &str = "npm_[redacted]";

/// Whether there is anything in a text that looks like a token.
pub fn holds_token(text: &str) -> bool {
    next(text, 0).is_some()
}

/// A text without what looks like a token in it.
pub fn without_tokens(text: &str) -> Cow<'_, str> {
    let (mut out, mut from) = (String::new(), 0);
    while let Some((at, end)) = next(text, from) {
        out.push_str(&text[from..at]);
        out.push_str(REDACTED);
        from = end;
    }
    if from == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[from..]);
    Cow::Owned(out)
}

/// Where the next one begins and ends.
fn next(text: &str, from: usize) -> Option<(usize, usize)> {
    for (at, _) in text[from..].match_indices(BEGIN) {
        let begin = from + at + BEGIN.len();
        let rest = text[begin..].bytes();
        let len = rest.take_while(u8::is_ascii_alphanumeric).count();
        if len >= LEAST {
            return Some((from + at, begin + len));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_found_wherever_they_stand() {
        let token = "npm_0123456789abcdefABCD";
        for (text, shown) in [
            (token.to_owned(), "npm_[redacted]"),
            (format!("é npm_x-{token}.tgz {token}EF"), "é npm_x-npm_[redacted].tgz npm_[redacted]"),
            (format!("npm_npm_{}", &token[4..]), "npm_npm_[redacted]"),
        ] {
            assert!(holds_token(&text), "{text}");
            assert_eq!(without_tokens(&text), shown);
        }
    }

    #[test]
    fn names_are_none() {
        for text in
            ["", "npm_", "npm_lazy", "npm_0123456789abcdefABC", "npm-0123456789abcdefABCDEF"]
        {
            assert!(!holds_token(text), "{text}");
            assert!(matches!(without_tokens(text), Cow::Borrowed(shown) if shown == text));
        }
    }
}
