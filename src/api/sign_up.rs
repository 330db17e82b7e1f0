//! Accounts that people make for themselves.
//! Knows nothing of passwords, nor of who may.

use super::{Api, Call, Refusal};
use crate::access::{Denied, Proved};
use crate::trail::Deed;

impl Api {
    /// A new account for whoever calls. Who is named as owner of a package has left it, or will come: nobody else gets
    /// that name by asking for it.
    pub(super) async fn make_account(
        &self,
        call: &Call<'_>,
        name: &str,
        email: &str,
        password: String,
    ) -> Result<Proved, Refusal> {
        call.notes.deed(Deed::UserAdd);
        call.notes.who(name);
        let newcomer = self.access.begin_sign_up(name, email, password, call.secrets.from)?;
        let packages = self.hosted.packages().await?;
        if packages.iter().any(|package| package.is_owned_by(name)) {
            return Err(Denied::reserved().into());
        }
        let proved = self.access.sign_up(newcomer).await?;
        // Also if the login that comes with it fails.
        call.notes.done();
        Ok(proved)
    }
}
