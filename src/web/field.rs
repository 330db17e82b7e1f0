//! A field of a form: its label, what it holds, and what is wrong with that.
//! Knows nothing of what the form is for.

use askama::Template;

/// A field of one line.
#[derive(Clone, Debug, Template)]
#[template(path = "field.html")]
pub(crate) struct Field<'a> {
    id: String,
    name: &'a str,
    label: &'a str,
    kind: &'a str,
    value: &'a str,
    autocomplete: &'a str,
    hint: &'a str,
    error: Option<&'a str>,
    is_required: bool,
}

impl<'a> Field<'a> {
    /// A field for text, of a form of this name.
    pub(crate) fn new(form: &str, name: &'a str, label: &'a str) -> Field<'a> {
        Field {
            id: format!("{form}-{name}"),
            name,
            label,
            kind: "text",
            value: "",
            autocomplete: "off",
            hint: "",
            error: None,
            is_required: false,
        }
    }

    /// One for a password; what was typed into it is never shown again.
    pub(crate) fn password(self, autocomplete: &'a str) -> Field<'a> {
        Field { kind: "password", autocomplete, is_required: true, ..self }
    }

    /// One for a one-time password.
    pub(crate) fn code(self) -> Field<'a> {
        let hint = "of your authenticator app, or one of those on paper";
        Field { autocomplete: "one-time-code", is_required: true, hint, ..self }
    }

    /// The same, of HTML's kind.
    pub(crate) fn kind(self, kind: &'a str) -> Field<'a> {
        Field { kind, ..self }
    }

    /// The same, holding this.
    pub(crate) fn value(self, value: &'a str) -> Field<'a> {
        Field { value, ..self }
    }

    /// The same, which browsers fill in as this.
    pub(crate) fn autocomplete(self, autocomplete: &'a str) -> Field<'a> {
        Field { autocomplete, ..self }
    }

    /// The same, with what helps to fill it in.
    pub(crate) fn hint(self, hint: &'a str) -> Field<'a> {
        Field { hint, ..self }
    }

    /// The same, which must not be empty.
    pub(crate) fn required(self) -> Field<'a> {
        Field { is_required: true, ..self }
    }

    /// The same, with what is wrong with what it held.
    pub(crate) fn error(self, error: Option<&'a str>) -> Field<'a> {
        Field { error, ..self }
    }
}

/// What is wrong with a form that was sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wrong<'a> {
    /// The form's name.
    pub form: &'a str,
    /// The field's; nothing where it is of the form as a whole.
    pub field: &'a str,
    /// The sentence.
    pub error: &'a str,
}

impl<'a> Wrong<'a> {
    /// What is wrong with this field, if it is this one.
    pub(crate) fn at(&self, form: &str, field: &str) -> Option<&'a str> {
        let is_it = !self.error.is_empty() && (self.form, self.field) == (form, field);
        is_it.then_some(self.error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_text_and_an_error_belongs_to_its_field() {
        let evil = "\"><script>alert(1)</script>";
        let wrong = Wrong { form: "profile", field: "email", error: evil };
        let field = Field::new("profile", "email", "E-mail").value(evil);
        let html = field.error(wrong.at("profile", "email")).to_string();
        assert!(!html.contains("<script") && html.contains("&#60;script"), "{html}");
        assert!(
            html.contains(
                "autofocus aria-invalid=\"true\" aria-describedby=\"profile-email-wrong\""
            )
        );
        assert!(html.contains("id=\"profile-email-wrong\""));
        for (form, name) in [("profile", "fullname"), ("token", "email"), ("profile", "")] {
            assert!(wrong.at(form, name).is_none());
        }
        assert!(Wrong::default().at("", "").is_none());
    }
}
