//! Who may administer this registry by its pages: change settings, refresh and delete packages.
//! Knows nothing of what is done then.
//!
//! Where users have accounts, those whom `NOPAR_ADMINS` names, and with packages whom the rules let. In the open mode
//! nobody is known, so it is who sits at the machine that NOPAR runs on, or everybody if `NOPAR_OPEN_ADMIN` says so.

use super::{Ui, Visit};
use crate::access::Permission;
use crate::api::Refusal;
use crate::npm::PackageName;
use http::StatusCode;

/// Why somebody may not, in the open mode.
pub(super) const NOT_NEAR: &str = "everybody may read and publish here (NOPAR_AUTH=open), but this is done by pages only from the \
                        machine that this registry runs on: by a browser there and no proxy, or set NOPAR_OPEN_ADMIN=yes";

impl Ui {
    /// Whether who looks may administer.
    pub(super) fn may_administer(&self, visit: &Visit<'_>) -> bool {
        match self.access.is_open() {
            true => visit.is_near || self.open_admin,
            false => self.access.is_admin(&visit.caller),
        }
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
        if !self.access.is_open() {
            return self.api.may_do(&visit.caller, permission, name).await;
        }
        if self.may_administer(visit) {
            return Ok(());
        }
        Err(Refusal::new(StatusCode::FORBIDDEN, NOT_NEAR, "forbidden"))
    }
}
