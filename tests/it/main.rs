//! Integration tests: NOPAR as a whole, against a fake upstream, over real sockets on loopback.

mod support;
