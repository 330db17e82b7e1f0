//! A set of a packument's forms.
//! Knows nothing of what it is a set for.

use crate::npm::Form;

/// Some of the forms, or none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forms {
    full: bool,
    abbreviated: bool,
}

impl Forms {
    /// Every form.
    pub const ALL: Forms = Forms { full: true, abbreviated: true };

    /// These and those.
    pub fn with(self, more: Forms) -> Forms {
        Forms { full: self.full || more.full, abbreviated: self.abbreviated || more.abbreviated }
    }

    /// Whether `form` is one of them.
    pub fn has(self, form: Form) -> bool {
        match form {
            Form::Full => self.full,
            Form::Abbreviated => self.abbreviated,
        }
    }
}

impl From<Form> for Forms {
    fn from(form: Form) -> Forms {
        match form {
            Form::Full => Forms { full: true, ..Forms::default() },
            Form::Abbreviated => Forms { abbreviated: true, ..Forms::default() },
        }
    }
}

impl FromIterator<Form> for Forms {
    fn from_iter<T: IntoIterator<Item = Form>>(forms: T) -> Forms {
        forms.into_iter().fold(Forms::default(), |all, form| all.with(form.into()))
    }
}
