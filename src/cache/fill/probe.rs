//! Whether the cache directory takes files just now.
//! Knows nothing of entries; what it writes is gone at once.

use super::unfinished::Unfinished;
use crate::cache::disk::DiskCache;
use std::io;
use std::os::unix::fs::FileExt;

/// What is written: a block, as a full disk still takes names.
const BLOCK: [u8; 4096] = [0; 4096];

impl DiskCache {
    /// Begins a file as a fill does, and removes it. Blocks.
    ///
    /// # Errors
    /// When the directory takes none; the error names it.
    pub fn probe(&self) -> io::Result<()> {
        let path = self.temporary(self.ids.next());
        let file = Unfinished::create(path.clone(), 0);
        let written = file.and_then(|it| it.file.write_all_at(&BLOCK, 0));
        written.map_err(|error| {
            io::Error::new(error.kind(), format!("{} cannot be written: {error}", path.display()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::counters::Counters;
    use std::fs;
    use std::path::Path;
    use std::sync::Arc;

    /// The unfinished files of all processes.
    fn unfinished(cache: &Path) -> Vec<String> {
        let folders = fs::read_dir(cache.join("tmp")).unwrap().map(|it| it.unwrap().path());
        let files = folders.flat_map(|folder| fs::read_dir(folder).unwrap());
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name != "lock").collect()
    }

    #[test]
    fn a_directory_that_takes_no_file_is_told_by_name() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("cache");
        let counters = Arc::new(Counters::new(1));
        let cache = DiskCache::open(&path, 1 << 20, Clock::system(), counters).unwrap();
        cache.probe().unwrap();
        assert_eq!(unfinished(&path), [""; 0]);
        // It may be deleted at any time, and is made anew.
        fs::remove_dir_all(&path).unwrap();
        cache.probe().unwrap();
        assert_eq!(unfinished(&path), [""; 0]);
        fs::remove_dir_all(&path).unwrap();
        fs::write(&path, "").unwrap();
        let told = cache.probe().unwrap_err().to_string();
        assert!(told.starts_with(path.to_str().unwrap()), "{told}");
        assert!(told.contains(" cannot be written: "), "{told}");
    }
}
