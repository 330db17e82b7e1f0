//! What may be done about a package by a button of its page.
//! Knows nothing of how it is done: each button leads to a page that asks once more, and decides who may.

use super::Held;
use crate::npm::PackageName;
use crate::ui::{Ui, Visit};
use crate::web::Deed;

impl Ui {
    /// The buttons for who looks: none for who will not be let anyway.
    pub(super) fn deeds(&self, visit: &Visit<'_>, name: &PackageName, held: &Held) -> Vec<Deed> {
        if !self.is_offered(visit) {
            return Vec::new();
        }
        let to = |what: &str| format!("/-/package/{}/{what}", name.path());
        match held {
            Held::Own(_) => vec![Deed { words: "Delete", path: to("delete"), is_danger: true }],
            Held::Copy(_) => vec![
                Deed { words: "Refresh", path: to("refresh"), is_danger: false },
                Deed { words: "Discard the copy", path: to("delete"), is_danger: true },
            ],
        }
    }

    /// The path at which a package of which nothing is held can be asked for, for who may do that.
    pub(super) fn fetched_at(&self, visit: &Visit<'_>, name: &PackageName) -> Option<String> {
        self.is_offered(visit).then(|| format!("/-/package/{}/refresh", name.path()))
    }

    /// In the open mode nobody is known, so it is who sits at this machine.
    fn is_offered(&self, visit: &Visit<'_>) -> bool {
        if self.api.is_open() { visit.is_near } else { visit.caller.user().is_some() }
    }
}
