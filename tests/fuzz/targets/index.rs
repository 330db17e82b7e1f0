//! Any bytes as a packument's index: no panic, and it is the same after it was written and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nopar::npm::{Document, Index, PackageName, TarballName};

fuzz_target!(|input: &[u8]| {
    let Some((choice, text)) = input.split_first() else { return };
    let index = match choice % 2 {
        0 => serde_json::from_slice::<Index>(text).ok(),
        _ => Document::parse(text).ok().map(|document| document.index()),
    };
    let Some(index) = index else { return };
    let written = serde_json::to_vec(&index).expect("an index can be written");
    let read: Index = serde_json::from_slice(&written).expect("an index can be read");
    assert_eq!(read, index);
    let name = PackageName::parse("@s/n").expect("a name");
    for (version, at) in index.versions() {
        assert_eq!(index.by_version(version).map(|found| found.0), Some(version));
        if let Some(digests) = at.digests() {
            assert_eq!(digests.matches(&digests), Some(true));
        }
        // No text at all is no version, and has no canonical file.
        let file = TarballName::parse(&format!("n-{version}.tgz"));
        if let Some(file) = file.ok().filter(|_| !version.is_empty()) {
            assert_eq!(index.by_file(&name, &file).map(|found| found.0), Some(version));
        }
        let last = at.tarball.as_deref().and_then(|url| url.rsplit('/').next());
        if let Some(Ok(file)) = last.map(TarballName::parse) {
            let _ = index.by_file(&name, &file);
        }
    }
    for tag in index.dist_tags().keys() {
        let _ = index.by_tag(tag);
    }
});
