//! Whether a caller may do what they ask for: what they are to a package is looked up where a rule asks for it.
//! Knows nothing of rules, nor of what is done then.

use super::{Api, Call, Refusal};
use crate::access::{Caller, Permission, Standing};
use crate::hosted::Authority;
use crate::npm::PackageName;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

impl Api {
    /// Lets a caller pass who may do that with a package of this name, and has shown a second factor where one is needed.
    ///
    /// # Errors
    /// For all others; who may not read hears what they would hear if there were no such package.
    pub(super) async fn allow(
        &self,
        call: &Call<'_>,
        permission: Permission,
        name: &PackageName,
    ) -> Result<(), Refusal> {
        self.may(call, permission, name).await?;
        if permission == Permission::Read {
            return Ok(());
        }
        let verify = async || Ok(self.access.check_write(&call.caller, &call.secrets).await?);
        call.verified.get_or_init(verify).await.clone()
    }

    /// The same without a second factor, for who asks what may be done.
    pub(super) async fn may(
        &self,
        call: &Call<'_>,
        permission: Permission,
        name: &PackageName,
    ) -> Result<(), Refusal> {
        self.caller_may(&call.caller, permission, name).await
    }

    /// Whether somebody may read a package of this name.
    ///
    /// # Errors
    /// When they may not: what they hear, as of a package that is not there if it is hidden from them.
    pub async fn may_read(&self, caller: Caller, name: &PackageName) -> Result<(), Refusal> {
        self.caller_may(&caller, Permission::Read, name).await
    }

    /// Who shows this value of `Authorization`, coming `from` there, if that is known to be somebody who may read a package
    /// of this name. Waits for nothing; `None` says nothing about it.
    pub fn known_reader(
        &self,
        authorization: &str,
        from: Option<IpAddr>,
        name: &PackageName,
        now: SystemTime,
    ) -> Option<Arc<Caller>> {
        let caller = self.access.known(authorization, from, now);
        // Who may read it whatever they are to it.
        caller.filter(|caller| self.may_list(caller, name))
    }

    pub(super) async fn caller_may(
        &self,
        caller: &Caller,
        permission: Permission,
        name: &PackageName,
    ) -> Result<(), Refusal> {
        let standing = self.standing(caller, permission, name).await?;
        Ok(self.access.allow(caller, permission, name, standing)?)
    }

    /// Whether a caller may read a package of this name, where nobody looks whether they maintain it: in lists and
    /// questions of many names. What is for maintainers only, is left out of those.
    pub fn may_list(&self, caller: &Caller, name: &PackageName) -> bool {
        self.access.allow(caller, Permission::Read, name, Standing::Stranger).is_ok()
    }

    /// What the caller is to the package, if that matters: it does not to who may not read it whatever they are, so that
    /// nothing is looked up that they might learn of.
    async fn standing(
        &self,
        caller: &Caller,
        permission: Permission,
        name: &PackageName,
    ) -> Result<Standing, Refusal> {
        if !self.access.asks_standing(caller, permission, name) {
            return Ok(Standing::Nothing);
        }
        Ok(match self.hosted.authority(name).await? {
            // Also of one that was taken back: nobody else goes on under its name.
            Authority::Own(package) if package.is_owned() => {
                let is_theirs = caller.user().is_some_and(|user| package.is_owned_by(user));
                if is_theirs { Standing::Maintainer } else { Standing::Stranger }
            }
            _ => Standing::Nothing,
        })
    }
}
