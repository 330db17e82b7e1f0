//! Which calls leave a line on the trail, and what it says: each that is about credentials or owners, and each change
//! of a package that its caller was not allowed.
//! Knows nothing of how a line looks, nor of how a call is answered.
//!
//! A call leaves one line at most, when it is answered. What its path does not say, endpoints note while they work.

use super::{Api, Call, Refusal};
use crate::access::Denied;
use crate::route::Route;
use crate::trail::{Deed, Line, Outcome};
use http::{Method, StatusCode};
use parking_lot::Mutex;
use std::net::IpAddr;

/// What endpoints know of a call beside its path.
#[derive(Debug, Default)]
pub struct Notes(Mutex<Noted>);

#[derive(Debug, Default)]
struct Noted {
    deed: Option<Deed>,
    who: Option<String>,
    refused: Option<(Outcome, String)>,
    is_done: bool,
    is_silent: bool,
    more: Vec<(String, String)>,
}

impl Notes {
    /// It is this that is done, and not what the path says.
    pub(super) fn deed(&self, deed: Deed) {
        self.0.lock().deed = Some(deed);
    }

    /// It is this one who does it.
    pub(super) fn who(&self, who: impl Into<String>) {
        self.0.lock().who = Some(who.into());
    }

    /// It was refused, or failed, though there is an answer.
    pub(super) fn refused(&self, refusal: &Refusal) {
        self.0.lock().refused = Some((outcome(refusal), refusal.error.clone()));
    }

    /// It is done, whatever becomes of the rest of the call.
    pub(super) fn done(&self) {
        self.0.lock().is_done = true;
    }

    /// There is nothing to tell of.
    pub(super) fn nothing(&self) {
        self.0.lock().is_silent = true;
    }

    /// Something more that is no secret.
    pub(super) fn with(&self, key: impl Into<String>, text: impl Into<String>) {
        self.0.lock().more.push((key.into(), text.into()));
    }
}

/// A call that leaves a line, depending on what comes of it.
pub(super) struct Watched {
    deed: Deed,
    /// What would be done, where the deed does not say it: the path's kind.
    kind: &'static str,
    method: Method,
    package: Option<String>,
    /// Who it is by the path.
    user: Option<String>,
}

impl Watched {
    /// A request of this kind, if it can leave a line.
    pub(super) fn of(method: &Method, route: &Route) -> Option<Watched> {
        let deed = deed(method, route)?;
        let user = match route {
            Route::User { user } => Some(user.clone()),
            _ => None,
        };
        let package = route.name().map(|name| name.as_str().to_owned());
        Some(Watched { deed, kind: route.kind(), method: method.clone(), package, user })
    }

    /// What is done by a page, and by no route of the endpoints.
    pub(super) fn on_page(deed: Deed) -> Watched {
        Watched { deed, kind: "page", method: Method::POST, package: None, user: None }
    }

    /// The same as [`answered`](Watched::answered), of who did not get as far as a refusal.
    pub(super) fn denied(self, call: &Call<'_>, denied: &Denied) {
        let outcome = outcome_of(denied);
        let noted = std::mem::take(&mut *call.notes.0.lock());
        let line = line(self.deed, outcome, noted.who.as_deref(), call.secrets.from);
        line.with("why", denied.to_string()).write();
    }

    /// Writes the line, if this has come of it.
    pub(super) fn answered(self, call: &Call<'_>, refusal: Option<&Refusal>) {
        let noted = std::mem::take(&mut *call.notes.0.lock());
        let deed = noted.deed.unwrap_or(self.deed);
        let (outcome, why) = match (refusal, noted.refused) {
            _ if noted.is_done => (Outcome::Ok, None),
            (Some(refusal), _) => (outcome(refusal), Some(refusal.error.clone())),
            (None, Some((outcome, why))) => (outcome, Some(why)),
            (None, None) => (Outcome::Ok, None),
        };
        // What changes of a package is told by other lines; and what of it is not possible is no matter of who may.
        let is_told = deed != Deed::Write || refusal.is_some_and(Refusal::is_of_permission);
        if noted.is_silent || !is_told {
            return;
        }
        let who = noted.who.or(self.user);
        let who = who.as_deref().or(call.caller.user());
        let mut line = line(deed, outcome, who, call.secrets.from);
        if let Some(package) = &self.package {
            line = line.with("package", package);
        }
        if deed == Deed::Write {
            line = line.with("what", format!("{} {}", self.method, self.kind));
        }
        line = noted.more.iter().fold(line, |line, (key, text)| line.with(key, text));
        match why {
            Some(why) => line.with("why", why).write(),
            None => line.write(),
        }
    }
}

impl Api {
    /// Tells of a password that came with a request and was not let in by. What is right is not told of each time.
    pub(super) fn tell_of_password(
        &self,
        authorization: &[&str],
        from: Option<IpAddr>,
        denied: &Denied,
    ) {
        let [header] = authorization else { return };
        let Some(user) = self.access.claimed(header) else { return };
        let outcome = outcome_of(denied);
        line(Deed::Login, outcome, Some(&user), from).with("why", denied.to_string()).write();
    }
}

impl Refusal {
    /// Whether the caller is known, and may not do it.
    fn is_of_permission(&self) -> bool {
        self.status == StatusCode::FORBIDDEN && self.reason == super::refusal::FORBIDDEN
    }
}

fn line(deed: Deed, outcome: Outcome, who: Option<&str>, from: Option<IpAddr>) -> Line {
    Line::of(deed, outcome, who, from.map(|from| from.to_string()).as_deref())
}

fn outcome_of(denied: &Denied) -> Outcome {
    match denied {
        Denied::Failed { .. } => Outcome::Failed,
        _ => Outcome::Refused,
    }
}

fn outcome(refusal: &Refusal) -> Outcome {
    if refusal.status.is_server_error() { Outcome::Failed } else { Outcome::Refused }
}

/// What a request does that can leave a line. Without one for all that is left: each new route has to be thought of.
fn deed(method: &Method, route: &Route) -> Option<Deed> {
    if let Route::LoginDone { .. } = route {
        return Some(Deed::TokenCreate);
    }
    if matches!(*method, Method::GET | Method::HEAD) {
        return None;
    }
    match route {
        Route::User { .. } | Route::LoginPage { .. } => Some(Deed::Login),
        Route::Token { .. } => Some(Deed::Logout),
        Route::Exchange { .. } => Some(Deed::TokenExchange),
        Route::Profile => Some(Deed::Profile),
        Route::Tokens { .. } => Some(Deed::TokenCreate),
        Route::TokenOf { .. } => Some(Deed::TokenRevoke),
        Route::Owners { .. } | Route::Owner { .. } => Some(Deed::Owners),
        Route::Packument { .. }
        | Route::Revision { .. }
        | Route::Manifest { .. }
        | Route::Tarball { .. }
        | Route::TarballRevision { .. }
        | Route::DistTags { .. }
        | Route::DistTag { .. }
        | Route::Visibility { .. }
        | Route::Collaborators { .. }
        | Route::Attestations { .. }
        | Route::Access { .. }
        | Route::Refresh { .. }
        | Route::Delete { .. }
        | Route::StageOf { .. }
        | Route::Stage { .. }
        | Route::StageTarball { .. }
        | Route::StageApproval { .. }
        | Route::PackagePage { .. }
        | Route::Files { .. }
        | Route::Raw { .. } => Some(Deed::Write),
        Route::Root
        | Route::WebLogin
        | Route::LoginDone { .. }
        | Route::Whoami
        | Route::Session
        | Route::PackagesOf { .. }
        | Route::Stars { .. }
        | Route::StarredBy { .. }
        | Route::Search { .. }
        | Route::Audit(_)
        | Route::Keys
        | Route::Stages { .. }
        | Route::Ping
        | Route::Health
        | Route::Ready
        | Route::Favicon
        | Route::Robots
        // Pages tell of what they do themselves.
        | Route::Packages { .. }
        | Route::Settings
        | Route::Static { .. }
        | Route::SignIn
        | Route::SignOut
        | Route::Account => None,
    }
}
