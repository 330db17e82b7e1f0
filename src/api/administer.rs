//! Who may administer: change settings, and refresh and delete packages by their names, which no package manager does.
//! Knows nothing of what is done then, nor of pages: whoever comes, by a page or by the path alone, passes here.
//!
//! Where users have accounts, those whom `NOPAR_ADMINS` names, and with packages whom the rules let. In the open mode
//! nobody is known, so it is who sits at the machine that NOPAR runs on, or everybody if `NOPAR_OPEN_ADMIN` says so.

use super::{Api, Call, Refusal, refusal};
use crate::access::{Caller, Permission};
use crate::npm::PackageName;
use http::StatusCode;
use std::sync::atomic::Ordering;

/// Why somebody may not, in the open mode.
pub const NOT_NEAR: &str = "everybody may read and publish here (NOPAR_AUTH=open), but this is done only from the machine that \
     this registry runs on: there, by http://localhost or a loopback address and no proxy, or set NOPAR_OPEN_ADMIN=yes";

impl Api {
    /// The same, in which everybody may administer, where nobody is known.
    pub fn with_open_admin(self, open_admin: bool) -> Api {
        self.set_open_admin(open_admin);
        self
    }

    /// Has everybody administer from now on, or not, where nobody is known.
    pub fn set_open_admin(&self, open_admin: bool) {
        self.open_admin.store(open_admin, Ordering::Release);
    }

    /// Whether somebody may administer; `is_near` if they are at this very machine.
    pub fn administers(&self, caller: &Caller, is_near: bool) -> bool {
        match self.access.is_open() {
            true => is_near || self.open_admin.load(Ordering::Acquire),
            false => self.access.is_admin(caller),
        }
    }

    /// Lets somebody pass who may do that with a package of this name by hand; no second factor is asked for.
    ///
    /// # Errors
    /// What all others hear: the same whatever there is of that name.
    pub async fn may_administer(
        &self,
        caller: &Caller,
        is_near: bool,
        permission: Permission,
        name: &PackageName,
    ) -> Result<(), Refusal> {
        if !self.access.is_open() {
            return self.caller_may(caller, permission, name).await;
        }
        if self.administers(caller, is_near) {
            return Ok(());
        }
        Err(Refusal::new(StatusCode::FORBIDDEN, NOT_NEAR, refusal::FORBIDDEN))
    }

    /// The same for who calls an endpoint.
    pub(super) async fn administered_by(
        &self,
        call: &Call<'_>,
        permission: Permission,
        name: &PackageName,
    ) -> Result<(), Refusal> {
        self.may_administer(&call.caller, call.is_near, permission, name).await
    }
}
