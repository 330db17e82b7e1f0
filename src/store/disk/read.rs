//! Bytes out of a tarball's file.
//! Knows nothing of where the file is.

use super::blocking;
use crate::store::{Content, StoreError};
use async_trait::async_trait;
use bytes::Bytes;
use rustix::io::{ReadWriteFlags, preadv2};
use std::fs::File;
use std::io::{self, IoSliceMut};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// A file, kept open: what it holds stays readable when its name goes.
pub(super) struct FileContent {
    file: Arc<File>,
    shown: String,
}

impl FileContent {
    /// The content of an open file; `shown` is its name in errors.
    pub(super) fn new(file: File, shown: String) -> FileContent {
        FileContent { file: Arc::new(file), shown }
    }
}

#[async_trait]
impl Content for FileContent {
    async fn read(&self, offset: u64, len: u64) -> Result<Bytes, StoreError> {
        let failed =
            |shown: &str, error| StoreError::io(format!("{shown} could not be read"), error);
        let len = usize::try_from(len)
            .map_err(|_| failed(&self.shown, io::Error::from(io::ErrorKind::OutOfMemory)))?;
        let mut bytes = vec![0; len];
        let there = now(&self.file, offset, &mut bytes);
        if there < len {
            let (file, shown) = (Arc::clone(&self.file), self.shown.clone());
            bytes = blocking(move || {
                let rest = file.read_exact_at(&mut bytes[there..], offset + there as u64);
                rest.map(|()| bytes).map_err(|error| failed(&shown, error))
            })
            .await?;
        }
        Ok(Bytes::from(bytes))
    }
}

/// Fills `buffer` with what is in the page cache; says how far that goes. Does not block: a file system
/// that cannot say what is there (`RWF_NOWAIT`, preadv2(2)) has nothing.
fn now(file: &File, at: u64, buffer: &mut [u8]) -> usize {
    let mut done = 0;
    while done < buffer.len() {
        let mut rest = [IoSliceMut::new(&mut buffer[done..])];
        match preadv2(file, &mut rest, at + done as u64, ReadWriteFlags::NOWAIT) {
            Ok(0) | Err(_) => break,
            Ok(read) => done += read,
        }
    }
    done
}
