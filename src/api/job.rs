//! What is not for jobs: a job of a CI system publishes or reads what it is trusted with, and is nobody beside that.
//! Knows nothing of how jobs are known.

use super::{Call, Refusal};
use crate::access::Denied;

impl Call<'_> {
    /// Lets pass who is no job; `deed` is what this is about, as a verb and what it is done to.
    ///
    /// # Errors
    /// To a job, with what would help.
    pub(super) fn check_no_job(&self, deed: &str) -> Result<(), Refusal> {
        if !self.caller.limits().is_grant() {
            return Ok(());
        }
        let job = self.caller.user().unwrap_or_default();
        Err(Denied::Forbidden(format!(
            "{job} is a job, which may publish or read packages only: log in as a user (npm login) to {deed}"
        ))
        .into())
    }
}
