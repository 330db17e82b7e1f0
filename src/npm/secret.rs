//! What looks like a token: `npm_` and letters or digits behind it, as those of npm's own registry and of NOPAR are, or a
//! JWT, as those of CI systems are.
//! Knows nothing of which of them are good for anything.

use std::borrow::Cow;

/// The ways in which tokens look.
const FORMS: [Form; 2] = [
    // npm's have 36, NOPAR's 43.
    Form { begin: "npm_", is_part: |byte| byte.is_ascii_alphanumeric() },
    // The header of a JWT is an object in base64url (RFC 7515 §3.1): `{"` is what it begins with.
    Form { begin: "eyJ", is_part: |byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) },
];
/// How many such bytes follow at least. No name of a package goes on so.
const LEAST: usize = 16;
/// What stands for what follows.
const REDACTED: &str = "[redacted]";

/// How tokens begin, and what they are made of.
struct Form {
    begin: &'static str,
    is_part: fn(u8) -> bool,
}

/// Whether there is anything in a text that looks like a token.
pub fn holds_token(text: &str) -> bool {
    next(text, 0).is_some()
}

/// A text without what looks like a token in it, but for how it begins.
pub fn without_tokens(text: &str) -> Cow<'_, str> {
    let (mut out, mut from) = (String::new(), 0);
    while let Some((begun, end)) = next(text, from) {
        out.push_str(&text[from..begun]);
        out.push_str(REDACTED);
        from = end;
    }
    if from == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[from..]);
    Cow::Owned(out)
}

/// Where what is to be left out of the next one begins and ends. Looks once at each byte, and at a few again.
fn next(text: &str, from: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    (from..bytes.len()).find_map(|at| {
        let form = FORMS.iter().find(|form| bytes[at..].starts_with(form.begin.as_bytes()))?;
        let begun = at + form.begin.len();
        let len = bytes[begun..].iter().take_while(|byte| (form.is_part)(**byte)).count();
        (len >= LEAST).then_some((begun, begun + len))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_found_wherever_they_stand() {
        let token = "npm_0123456789abcDEF";
        for (text, shown) in [
            (token.to_owned(), "npm_[redacted]"),
            (format!("é npm_x-{token}.tgz {token}EF"), "é npm_x-npm_[redacted].tgz npm_[redacted]"),
            (format!("npm_npm_{}", &token[4..]), "npm_npm_[redacted]"),
            ("a eyJhbGciOiJSUzI1NiJ9.e-_0.x é".to_owned(), "a eyJ[redacted] é"),
            (format!("eyJ/{token}/eyJhbGciOiJSUzI1NiJ9"), "eyJ/npm_[redacted]/eyJ[redacted]"),
        ] {
            assert!(holds_token(&text), "{text}");
            assert_eq!(without_tokens(&text), shown);
        }
    }

    #[test]
    fn names_are_none() {
        for text in [
            "",
            "npm_",
            "npm_lazy",
            "npm_0123456789abcde",
            "npm-0123456789abcdefABCDEF",
            "npm_a-0123456789abcdef",
            "eyJ",
            "eyJ-0123456789.abc",
            "keyjar-0123456789abcdef",
        ] {
            assert!(!holds_token(text), "{text}");
            assert!(matches!(without_tokens(text), Cow::Borrowed(shown) if shown == text));
        }
    }
}
