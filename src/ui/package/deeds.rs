//! What may be done about a package by a button of its page.
//! Knows nothing of how it is done: each button leads to a page that asks once more.

use super::Held;
use crate::access::Permission;
use crate::npm::PackageName;
use crate::ui::{Ui, Visit};
use crate::web::Deed;

impl Ui {
    /// The buttons for who looks: none for who will not be let anyway.
    pub(super) async fn deeds(
        &self,
        visit: &Visit<'_>,
        name: &PackageName,
        held: &Held,
    ) -> Vec<Deed> {
        let to = |what: &str| format!("/-/package/{}/{what}", name.path());
        let mut deeds = Vec::new();
        if !held.is_local() && self.is_offered(visit, Permission::Change, name).await {
            deeds.push(Deed { words: "Refresh", path: to("refresh"), is_danger: false });
        }
        if self.is_offered(visit, Permission::Unpublish, name).await {
            let words = if held.is_local() { "Delete" } else { "Discard the copy" };
            deeds.push(Deed { words, path: to("delete"), is_danger: true });
        }
        deeds
    }

    /// The path at which a package of which nothing is held can be asked for, for who may do that.
    pub(super) async fn fetched_at(&self, visit: &Visit<'_>, name: &PackageName) -> Option<String> {
        let is_offered = self.is_offered(visit, Permission::Change, name).await;
        is_offered.then(|| format!("/-/package/{}/refresh", name.path()))
    }

    async fn is_offered(
        &self,
        visit: &Visit<'_>,
        permission: Permission,
        name: &PackageName,
    ) -> bool {
        self.may_act(visit, permission, name).await.is_ok()
    }
}
