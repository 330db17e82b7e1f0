//! What the integration tests stand on: a fake upstream, a fake proxy, a raw client, a NOPAR of one's own.
//! Knows nothing of what any single test asserts.
#![allow(dead_code, reason = "a tool box: which tools are in use changes with the tests")]

pub(crate) mod binary;
pub(crate) mod client;
pub(crate) mod deadline;
pub(crate) mod disk;
pub(crate) mod documented;
pub(crate) mod gate;
pub(crate) mod headers;
pub(crate) mod http2;
pub(crate) mod issuer;
pub(crate) mod kept;
pub(crate) mod load;
pub(crate) mod manager;
pub(crate) mod nopar;
pub(crate) mod proxy;
pub(crate) mod publish;
pub(crate) mod running;
pub(crate) mod said;
pub(crate) mod seed;
mod server;
pub(crate) mod tls;
pub(crate) mod upstream;
mod wire;
