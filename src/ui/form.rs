//! What somebody has typed into a page.
//! Knows nothing of what is right.

use std::collections::HashMap;
use url::form_urlencoded;

/// A form that was sent (`application/x-www-form-urlencoded`). Has no `Debug`: there may be passwords in it.
pub(super) struct Form(HashMap<String, String>);

impl Form {
    /// Reads the body of a form, which is short.
    pub(super) fn parse(body: &[u8]) -> Form {
        Form(form_urlencoded::parse(body).into_owned().collect())
    }

    /// What a field holds; nothing if there is none.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// What a field holds, if the form has it.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The same without spaces around it.
    pub(super) fn trimmed(&self, name: &str) -> &str {
        self.get(name).trim()
    }

    /// A one-time password, if there is one: apps show them in groups.
    pub(super) fn code(&self) -> Option<String> {
        let code = self.get("code").replace(' ', "");
        (!code.is_empty()).then_some(code)
    }

    /// Whether a box is ticked.
    pub(super) fn has(&self, name: &str) -> bool {
        !self.get(name).is_empty()
    }

    /// The entries of a list, each in a line of its own or between commas or spaces.
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        let entries = self.get(name).split(|c: char| c == ',' || c.is_whitespace());
        entries.filter(|entry| !entry.is_empty()).map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_as_browsers_write_it() {
        let form = Form::parse(
            b"user=+ann+&password=+a%26b%3D%C3%BC&code=123+456&all=%40a%2F*%2C+b%0D%0Ac&box=on",
        );
        assert_eq!((form.trimmed("user"), form.get("password")), ("ann", " a&b=\u{fc}"));
        assert_eq!(form.code().as_deref(), Some("123456"));
        assert_eq!(form.list("all"), ["@a/*", "b", "c"]);
        assert!(form.has("box") && !form.has("other"));
        for nothing in [&b""[..], b"&&&=", b"\xff%zz=%", b"[]"] {
            let form = Form::parse(nothing);
            assert!(form.get("user").is_empty() && form.code().is_none());
            assert!(form.list("all").is_empty());
        }
    }
}
