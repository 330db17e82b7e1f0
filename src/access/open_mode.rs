//! The open mode: everybody may log in under any name, and may do everything, also without a name.
//! Knows nothing of tokens. Another mode answers the same two questions.

use super::user::User;
use super::{Caller, Permission};
use crate::npm::PackageName;

/// Whether that is the user's password: any is.
pub(super) fn is_password(_user: &User, _password: &str) -> bool {
    true
}

/// Whether the caller may do that with the package: always.
pub(super) fn allows(_caller: &Caller, _permission: Permission, _name: &PackageName) -> bool {
    true
}
