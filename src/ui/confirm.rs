//! Pages that ask once more before a package is refreshed, deleted, or its copy discarded; and do it then.
//! Knows nothing of how any of that is done: the endpoints of the same paths do it.

use super::calls::{Undone, see_other};
use super::sign_in::to_sign_in;
use super::{Ui, Visit, notice};
use crate::access::Permission;
use crate::api::{Body, Refusal};
use crate::hosted::{Authority, Standing};
use crate::npm::PackageName;
use crate::reply::Reply;
use crate::route::Route;
use crate::web::{Confirm, Wrong};
use http::{Method, StatusCode};
use log::error;
use serde_json::Value;

/// What the fields of the form are told from others by.
const FORM: &str = "confirm";

/// What is to be done with a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    /// The copy is confirmed by its upstream, or fetched anew.
    Refresh,
    /// The copy goes.
    Drop,
    /// A package that is published here goes.
    Delete,
}

/// What one has to be allowed for what the path would do, whatever that is.
fn permission(route: &Route) -> Permission {
    match route {
        Route::Refresh { .. } => Permission::Change,
        _ => Permission::Unpublish,
    }
}

impl Deed {
    fn head(self, name: &PackageName) -> String {
        match self {
            Deed::Refresh => format!("Refresh the copy of {name}?"),
            Deed::Drop => format!("Discard the copy of {name}?"),
            Deed::Delete => format!("Delete {name}?"),
        }
    }

    fn text(self) -> &'static str {
        match self {
            Deed::Refresh => {
                "Its upstream is asked now what the package is. What is held stays if that fails."
            }
            Deed::Drop => {
                "What is held of it goes, with its tarballs. Who asks for it next has it fetched from its upstream again, \
                 as long as that has it."
            }
            Deed::Delete => {
                "It is published here, and this is the only copy. All its versions go: whoever depends on them cannot \
                 install them any more, and no version can be published again under the same number. This cannot be \
                 taken back."
            }
        }
    }

    fn button(self) -> &'static str {
        match self {
            Deed::Refresh => "Refresh it",
            Deed::Drop => "Discard it",
            Deed::Delete => "Delete all of it",
        }
    }

    /// Where one is told that it is done.
    fn done(self, name: &PackageName) -> String {
        match self {
            Deed::Refresh => notice::telling(&page_of(name), "refreshed"),
            Deed::Drop => notice::telling("/-/packages/proxied", "dropped"),
            Deed::Delete => notice::telling("/-/packages/local", "deleted"),
        }
    }
}

impl Ui {
    /// The page, or what comes of its form. Who may not is told so before anything is looked up: it is the same of every
    /// name.
    pub(super) async fn confirm(
        &self,
        visit: &Visit<'_>,
        name: &PackageName,
        body: &mut dyn Body,
    ) -> Reply {
        if visit.acts() {
            return self.confirmed(visit, name, body).await;
        }
        match self.may_act(visit, permission(visit.route), name).await {
            Ok(()) => {}
            Err(refusal) if refusal.status == StatusCode::UNAUTHORIZED => {
                return to_sign_in(visit, &visit.route.path());
            }
            Err(refusal) => return refusal.reply(),
        }
        match self.deed(visit, name).await {
            Ok(deed) => self.confirm_page(visit, name, deed, None).await,
            Err(reply) => reply,
        }
    }

    async fn confirmed(&self, visit: &Visit<'_>, name: &PackageName, body: &mut dyn Body) -> Reply {
        let form = match self.form(visit, body).await {
            Ok(form) => form,
            Err(reply) => return reply,
        };
        let code = form.code();
        let call = self.calling(visit, code.as_deref());
        if let Err(refusal) = self.may_act(visit, permission(visit.route), name).await {
            self.api.tell_refused(visit.route, &call, &refusal);
            return refusal.reply();
        }
        let deed = match self.deed(visit, name).await {
            Ok(deed) => deed,
            Err(reply) => return reply,
        };
        if deed == Deed::Delete && form.trimmed("name") != name.as_str() {
            let error =
                format!("this is not {name}: type its name as it stands above; nothing was done");
            let wrong = Refusal::new(StatusCode::BAD_REQUEST, error, "name");
            return self.confirm_page(visit, name, deed, Some(wrong.into())).await;
        }
        match self.have_done(&call, Method::POST, visit.route.clone(), &Value::Null).await {
            Ok(_) => see_other(visit, &deed.done(name)),
            Err(undone) => self.confirm_page(visit, name, deed, Some(undone)).await,
        }
    }

    /// What the path would do with the package, for who may do it.
    ///
    /// # Errors
    /// A page, where there is nothing to do it with.
    async fn deed(&self, visit: &Visit<'_>, name: &PackageName) -> Result<Deed, Reply> {
        let authority = self.hosted.authority(name).await.map_err(|why| {
            error!("{why}");
            let text = "the registry's store could not be read; its log says why";
            Reply::error(StatusCode::INTERNAL_SERVER_ERROR, text, "store_error")
        })?;
        let is_refresh = matches!(visit.route, Route::Refresh { .. });
        match authority {
            Authority::Upstream(_) if is_refresh => Ok(Deed::Refresh),
            // What an older NOPAR left is no copy that could be discarded.
            Authority::Upstream(_) if self.copies.packument(name).await.is_some() => Ok(Deed::Drop),
            Authority::Upstream(_) => Err(self.not_held(visit, name).await),
            Authority::Own(package) if package.standing() == Standing::Published => {
                if !is_refresh {
                    return Ok(Deed::Delete);
                }
                let error = format!("{name} is published here: there is nothing to refresh");
                Err(Reply::error(StatusCode::CONFLICT, &error, "hosted"))
            }
            Authority::Own(_) | Authority::Claimed(_) => Err(self.not_there(visit, name)),
        }
    }

    async fn confirm_page(
        &self,
        visit: &Visit<'_>,
        name: &PackageName,
        deed: Deed,
        undone: Option<Undone>,
    ) -> Reply {
        let wrong = undone.as_ref().map_or_else(Wrong::default, |undone| {
            let field = match undone.reason.as_str() {
                "name" => "name",
                _ if undone.needs_code() => "code",
                _ => "",
            };
            Wrong { form: FORM, field, error: &undone.error }
        });
        let (head, action, cancel) = (deed.head(name), visit.route.path(), page_of(name));
        let page = Confirm {
            frame: self.frame(visit).here("packages"),
            csrf: &self.csrf(visit),
            action: &action,
            cancel: &cancel,
            head: &head,
            text: deed.text(),
            button: deed.button(),
            is_danger: deed != Deed::Refresh,
            typed: (deed == Deed::Delete).then_some(name.as_str()),
            needs_code: deed != Deed::Refresh && self.writes_by_code(visit).await,
            wrong,
        };
        match undone.as_ref() {
            None => page.reply(StatusCode::OK),
            Some(undone) => undone.dress(page.reply(undone.status)),
        }
    }

    /// Whether who looks is asked for a code before they change a package; where nobody can say it, the endpoint does.
    async fn writes_by_code(&self, visit: &Visit<'_>) -> bool {
        let Some(user) = visit.caller.user() else { return false };
        let profile = self.access.profile(user).await;
        profile.is_ok_and(|profile| profile.second_factor == Some(("auth-and-writes", false)))
    }
}

fn page_of(name: &PackageName) -> String {
    format!("/-/package/{}", name.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// It is sent as `Location`, and stands in links.
    #[test]
    fn where_one_is_told_that_it_is_done_is_a_path_whatever_the_name() {
        for (name, path) in [
            ("@acme/ui", "/-/package/@acme/ui?done=refreshed"),
            ("j\u{fc}rgen x", "/-/package/j%C3%BCrgen%20x?done=refreshed"),
        ] {
            assert_eq!(Deed::Refresh.done(&PackageName::parse(name).unwrap()), path);
        }
    }
}
