//! What is settled about a request and has to be at hand when its answer goes out, whichever way that is.
//! Knows nothing of what is settled.
//!
//! Pingora gives each request one of each of its modules, and has it see every answer's header.

use async_trait::async_trait;
use pingora::Result;
use pingora::http::ResponseHeader;
use pingora::modules::http::{HttpModule, HttpModuleBuilder, Module, ModuleBuilder};
use pingora_proxy::Session;
use std::any::Any;
use std::marker::PhantomData;

/// Something settled about a request; by default it is not.
pub(super) trait Carried: Default + Send + Sync + 'static {
    /// Writes what follows from it into the header of the answer.
    ///
    /// # Errors
    /// When a value is not fit for a header.
    fn dress(&self, _header: &mut ResponseHeader) -> Result<()> {
        Ok(())
    }
}

/// What a request carries of this kind.
pub(super) fn carried<T: Carried>(session: &Session) -> Option<&T> {
    session.downstream_modules_ctx.get::<Carrier<T>>().map(|carrier| &carrier.0)
}

/// Settles it.
pub(super) fn settle<T: Carried>(session: &mut Session, settled: T) {
    if let Some(carrier) = session.downstream_modules_ctx.get_mut::<Carrier<T>>() {
        carrier.0 = settled;
    }
}

/// Has each request carry something of this kind.
pub(super) fn builder<T: Carried>() -> ModuleBuilder {
    Box::new(Builder::<T>(PhantomData))
}

struct Carrier<T>(T);

struct Builder<T>(PhantomData<fn() -> T>);

impl<T: Carried> HttpModuleBuilder for Builder<T> {
    fn init(&self) -> Module {
        Box::new(Carrier(T::default()))
    }
}

#[async_trait]
impl<T: Carried> HttpModule for Carrier<T> {
    async fn response_header_filter(
        &mut self,
        header: &mut ResponseHeader,
        _end_of_stream: bool,
    ) -> Result<()> {
        self.0.dress(header)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}
