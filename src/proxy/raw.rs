//! What clients read of a package, for who follows a link on its page: where not everybody may read it, the registry's own
//! URLs know nobody by a session.
//! Knows nothing of pages, nor of where what is sent comes from: it is what clients get.

use super::Door;
use super::carried::{self, Carried};
use super::ctx::{CacheState, Ctx};
use super::failure::Failure;
use super::own::Own;
use super::receive::{Decision, encoding};
use super::tarball::Wanted;
use crate::access::Caller;
use crate::base_url::BaseUrl;
use crate::npm::{Form, PackageName};
use crate::route::Raw;
use crate::view::{Ask, Want};
use http::{Version, header};
use pingora::Result;
use pingora::http::ResponseHeader;
use pingora::modules::http::ModuleBuilder;
use pingora_proxy::Session;
use std::sync::Arc;

/// How such an answer goes out; as any other, by default.
#[derive(Default)]
enum Dress {
    #[default]
    Usual,
    /// A browser shows it, and nobody keeps it.
    Shown,
    /// The same of what a browser saves, and never shows.
    Saved,
}

impl Carried for Dress {
    fn dress(&self, header: &mut ResponseHeader) -> Result<()> {
        if matches!(self, Dress::Usual) {
            return Ok(());
        }
        header.insert_header(header::CACHE_CONTROL, "no-store")?;
        if matches!(self, Dress::Saved) && header.status.is_success() {
            header.insert_header(header::CONTENT_DISPOSITION, "attachment")?;
        }
        Ok(())
    }
}

/// What each request carries of this.
pub(super) fn module() -> ModuleBuilder {
    carried::builder::<Dress>()
}

impl Door {
    /// Answers with that, if `caller` may read the package.
    pub(super) async fn raw(
        self: &Arc<Self>,
        session: &mut Session,
        ctx: &mut Ctx,
        name: &PackageName,
        what: &Raw,
        base: &BaseUrl,
        caller: Caller,
    ) -> Decision {
        let dress = if matches!(what, Raw::Tarball(_)) { Dress::Saved } else { Dress::Shown };
        carried::settle(session, dress);
        // And so for no page of another site, whosever the package is.
        ctx.is_private = true;
        let absent = || match what {
            Raw::Tarball(file) => Failure::no_tarball(file.as_str()),
            Raw::Document | Raw::Manifest(_) => Failure::no_package(),
        };
        match self.api.may_read(caller, name).await {
            Ok(()) => {}
            Err(refusal) if refusal.is_absence() => return absent().into(),
            Err(refusal) => return Decision::Reply(refusal.reply(), CacheState::None),
        }
        // What is not held has no page that leads here, and no page has it fetched.
        if let Own::Elsewhere | Own::Copied(_) = self.whose(name, absent()).await
            && self.cache.get(&self.packument_key(name)).await.is_none()
        {
            return absent().into();
        }
        let (name, request) = (name.clone(), session.req_header());
        let want = match what {
            Raw::Document => Want::Packument(Form::Full),
            Raw::Manifest(version) => Want::Manifest(version.clone()),
            Raw::Tarball(file) => {
                let (key, file) = (self.tarball_key(&name, file), file.clone());
                let (base, behalf) = (base.clone(), ctx.behalf.clone());
                let needs_length = request.version < Version::HTTP_11;
                let wanted = Wanted { key, name, file, base, behalf, needs_length };
                return self.package_tarball(session, ctx, wanted, false).await;
            }
        };
        let ask = Ask { name, want, encoding: encoding(request), base: base.clone() };
        self.package_view(ctx, ask, false).await
    }
}
