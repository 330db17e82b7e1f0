//! NOPAR.
