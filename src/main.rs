//! The `nopar` binary: command line in, exit code out.

use nopar::cli::Cli;
use nopar::{allocator, command};
use std::process::ExitCode;

fn main() -> ExitCode {
    allocator::give_back_large_buffers();
    command::run(Cli::parse_args())
}
