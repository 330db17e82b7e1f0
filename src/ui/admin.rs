//! Whether who looks at a page may administer: what the endpoints say, of who comes by a page.
//! Knows nothing of who that is (`api`), nor of what is done then.

use super::{Ui, Visit};
use crate::access::Permission;
use crate::api::Refusal;
use crate::npm::PackageName;

impl Ui {
    /// Whether who looks may administer.
    pub(super) fn may_administer(&self, visit: &Visit<'_>) -> bool {
        self.api.administers(&visit.caller, visit.is_near)
    }

    /// Lets who looks pass if they may do that with a package of this name by a button.
    ///
    /// # Errors
    /// What they hear.
    pub(super) async fn may_act(
        &self,
        visit: &Visit<'_>,
        permission: Permission,
        name: &PackageName,
    ) -> Result<(), Refusal> {
        self.api.may_administer(&visit.caller, visit.is_near, permission, name).await
    }
}
