//! How many instructions do a hot lookup and the ingest of a packument take?
//!
//! Times are noisy, instructions are not: `tests/run instructions` runs this under callgrind, which
//! counts what happens inside `measured_…`, and compares that with `expected.json`. By itself it only does
//! the work: `cargo bench --bench instructions -- hot|ingest`.

#[path = "../made/gzip.rs"]
mod gzip;
#[path = "../made/held.rs"]
mod held;
#[path = "../made/hot.rs"]
mod hot;
#[path = "../made/packument.rs"]
mod packument;

use bytes::Bytes;
use hot::Hot;
use nopar::allocator;
use nopar::base_url::BaseUrl;
use nopar::document::{self, Order};
use nopar::npm::Form;
use std::hint::black_box;
use std::process::ExitCode;
use tokio::runtime::Builder;

/// Packages asked for: several, as hash tables are laid out differently each time.
const PACKAGES: usize = 50;
/// How often each is asked for. `expected.json` speaks of one of `PACKAGES * ROUNDS` requests.
const ROUNDS: usize = 20;
/// Bytes of the packument that is taken in, unpacked.
const INGESTED: usize = 400_000;

fn main() -> ExitCode {
    allocator::give_back_large_buffers();
    let runtime = Builder::new_current_thread().build().expect("a runtime without drivers");
    match std::env::args().nth(1).as_deref() {
        Some("hot") => {
            let mut hot = runtime.block_on(Hot::new(PACKAGES));
            measured_hot(&mut hot);
        }
        Some("ingest") => {
            let name = "bench".parse().expect("it is a name");
            let base = BaseUrl::parse("http://nopar.example:5984").expect("it is a URL");
            let sent = gzip::gzip(&packument::packument("bench", INGESTED));
            // As a fleet has it that installs with one client.
            let forms = Form::Abbreviated.into();
            measured_ingest(&Order { name, base, forms, limit: u64::MAX }, sent);
        }
        // As `cargo bench` runs it, among the others.
        _ => return ExitCode::SUCCESS,
    }
    ExitCode::SUCCESS
}

#[inline(never)]
fn measured_hot(hot: &mut Hot) {
    for _ in 0..ROUNDS {
        for number in 0..PACKAGES {
            black_box(hot.answer(black_box(number)));
        }
    }
}

#[inline(never)]
fn measured_ingest(order: &Order, sent: Bytes) {
    let built = document::build(order, black_box(sent), true);
    black_box(built.expect("it is its packument"));
}
