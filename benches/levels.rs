//! Which level of gzip is the cheapest for views: what does each take of the processor, and what is left to be
//! kept and sent?
//!
//! `cargo bench --bench levels`, of made-up packuments; with `NOPAR_BENCH_PACKUMENTS=DIR`, of the packuments
//! (JSON, one per file) in a folder. The table beside `LEVEL` in `src/document/gzip.rs` comes from here.

#![expect(clippy::print_stdout, reason = "the table is what it is for")]

#[path = "made/packument.rs"]
mod packument;

use bytes::Bytes;
use flate2::{Compress, Compression, FlushCompress, Status};
use nopar::allocator;
use nopar::npm::{Document, Form, PackageName};
use std::error::Error;
use std::fs;
use std::time::{Duration, Instant};

/// Bytes of made-up packuments: the tenths of what registries hold.
const SIZES: [usize; 10] =
    [3_000, 7_000, 12_000, 20_000, 32_000, 50_000, 90_000, 160_000, 440_000, 1_500_000];

/// Each level's time is the least of so many rounds.
const ROUNDS: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    allocator::give_back_large_buffers();
    let packuments = packuments()?;
    for (form, called) in [(Form::Abbreviated, "abbreviated"), (Form::Full, "full")] {
        let views = views(&packuments, form)?;
        let bytes: usize = views.iter().map(Vec::len).sum();
        println!("{called}: {} views, {bytes} bytes", views.len());
        println!("level  ns/byte    packed  ratio");
        for level in 1..=9 {
            let (time, packed) =
                (0..ROUNDS).map(|_| pack(&views, level)).min().ok_or("no rounds")?;
            let spent = time.as_nanos() as f64 / bytes as f64;
            println!("{level:5}  {spent:7.2}  {packed:8}  {:5.2}", bytes as f64 / packed as f64);
        }
    }
    Ok(())
}

fn packuments() -> Result<Vec<Bytes>, Box<dyn Error>> {
    let Some(folder) = std::env::var_os("NOPAR_BENCH_PACKUMENTS") else {
        return Ok(SIZES.into_iter().map(|size| packument::packument("bench", size)).collect());
    };
    let files = fs::read_dir(folder)?.map(|file| Ok(Bytes::from(fs::read(file?.path())?)));
    files.collect()
}

fn views(packuments: &[Bytes], form: Form) -> Result<Vec<Vec<u8>>, Box<dyn Error>> {
    let name: PackageName = "bench".parse()?;
    let view = |text: &Bytes| {
        Ok(Document::parse(text)?.template(&name, form).fill("http://nopar.example:5984"))
    };
    packuments.iter().map(view).collect()
}

/// Time and packed length of all views. The compressor is kept, so that its set-up plays no part.
fn pack(views: &[Vec<u8>], level: u32) -> (Duration, usize) {
    let mut packer = Compress::new_gzip(Compression::new(level), 15);
    let mut packed = Vec::with_capacity(8 << 20);
    let (mut spent, mut bytes) = (Duration::ZERO, 0);
    for view in views {
        packed.clear();
        let began = Instant::now();
        packer.reset();
        let done = packer.compress_vec(view, &mut packed, FlushCompress::Finish);
        spent += began.elapsed();
        assert!(matches!(done, Ok(Status::StreamEnd)), "there is room for all of it");
        bytes += packed.len();
    }
    (spent, bytes)
}
