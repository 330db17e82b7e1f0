//! Integration tests: NOPAR as a whole, against a fake upstream, over real sockets on loopback.

mod asking;
mod base_url;
mod conditional;
mod copies;
mod counters;
mod crash;
mod cross_site;
mod crowd;
mod failures;
mod freshness;
mod hostile;
mod hot;
mod hygiene;
mod memory;
mod names;
mod packument;
mod publish;
mod signatures;
mod stage;
mod start;
mod stop;
mod support;
mod tarball;
mod tidy;
mod tls;
mod way_upstream;
