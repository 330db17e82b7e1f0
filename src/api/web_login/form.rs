//! What somebody has typed into a page.
//! Knows nothing of what is right.

use std::collections::HashMap;
use url::form_urlencoded;

/// A form that was sent. Has no `Debug`: there are passwords in it.
pub(super) enum Form {
    Password { user: String, password: String },
    Code { proof: String, code: String },
    Session { csrf: String },
    Account { user: String, email: String, password: String, again: String },
}

impl Form {
    /// Reads the body of a form (`application/x-www-form-urlencoded`). What is not in it is empty.
    pub(super) fn parse(body: &[u8]) -> Form {
        let mut fields: HashMap<String, String> =
            form_urlencoded::parse(body).into_owned().collect();
        let mut field = |name: &str| fields.remove(name).unwrap_or_default();
        match &*field("form") {
            // Apps show codes in groups.
            "code" => Form::Code { proof: field("proof"), code: field("code").replace(' ', "") },
            "session" => Form::Session { csrf: field("csrf") },
            "account" => Form::Account {
                user: field("user").trim().to_owned(),
                email: field("email"),
                password: field("password"),
                again: field("again"),
            },
            _ => Form::Password {
                user: field("user").trim().to_owned(),
                password: field("password"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_as_browsers_write_it() {
        let form = Form::parse(b"form=password&user=+ann+b%40x&password=+a%26b%3D%C3%BC&more=x");
        assert!(
            matches!(form, Form::Password { user, password } if user == "ann b@x" && password == " a&b=ü")
        );
        let form = Form::parse(b"code=123+456&form=code&proof=p");
        assert!(matches!(form, Form::Code { proof, code } if proof == "p" && code == "123456"));
        let form = Form::parse(b"form=account&user=ann&email=a%40b&password=x&again=y");
        assert!(
            matches!(form, Form::Account { email, password, again, .. } if email == "a@b" && password == "x" && again == "y")
        );
        let form = Form::parse(b"form=session&csrf=abc");
        assert!(matches!(form, Form::Session { csrf } if csrf == "abc"));
        for nothing in [&b""[..], b"&&&=", b"\xff%zz=%", b"[]"] {
            let form = Form::parse(nothing);
            assert!(
                matches!(form, Form::Password { user, password } if user.is_empty() && password.is_empty())
            );
        }
    }
}
