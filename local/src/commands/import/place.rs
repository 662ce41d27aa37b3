//! How far a file has been sent, in a file beside it: a run that was stopped goes on there.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::chunk::Chunk;
use super::sender::LineEnd;
use crate::files::private_file;

/// How many lines of a kind ended in each way.
pub(super) type Ends = BTreeMap<String, u64>;

#[derive(Serialize, Deserialize)]
pub(super) struct FilePlace {
    /// The file's size, in bytes: of another size, it is another file.
    pub(super) size: u64,
    address: String,
    /// Lines and bytes that have an end.
    pub(super) lines: u64,
    pub(super) offset: u64,
    pub(super) kinds: BTreeMap<String, Ends>,
}

impl FilePlace {
    /// Before the first line.
    pub(super) fn new(size: u64, address: String) -> Self {
        Self { size, address, lines: 0, offset: 0, kinds: BTreeMap::new() }
    }

    /// The place of an earlier run with a file of this size and this address.
    pub(super) fn read(path: &Path, size: u64, address: String) -> Option<Self> {
        let place: Self = serde_json::from_str(&fs::read_to_string(path).ok()?).ok()?;
        (place.size == size && place.address == address).then_some(place)
    }

    pub(super) fn write(&self, path: &Path) -> Result<()> {
        private_file::write(path, &serde_json::to_string(self)?)
    }

    pub(super) fn add(&mut self, chunk: &Chunk, ends: &[LineEnd]) {
        self.lines += chunk.taken;
        self.offset += chunk.bytes;
        for end in ends {
            *self.kinds.entry(end.kind.clone()).or_default().entry(end.result.clone()).or_default() += 1;
        }
    }

    pub(super) fn failed(&self) -> u64 {
        self.kinds.values().filter_map(|ends| ends.get("failed")).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_goes_on_with_the_same_file_and_address_alone() {
        let path = std::env::temp_dir().join(format!("carillon-import-{}.json", std::process::id()));
        let mut place = FilePlace::new(10, "https://a.example".to_owned());
        let end = |result: &str| LineEnd {
            kind: "book".to_owned(),
            result: result.to_owned(),
            reason: String::new(),
            ids: None,
        };
        place.add(&Chunk { lines: Vec::new(), taken: 2, bytes: 7 }, &[end("created"), end("failed")]);
        place.write(&path).unwrap();
        let read = |size, address: &str| FilePlace::read(&path, size, address.to_owned());
        let found = read(10, "https://a.example").unwrap();
        assert_eq!((found.lines, found.offset, found.failed()), (2, 7, 1));
        assert!(read(11, "https://a.example").is_none() && read(10, "https://b.example").is_none());
        fs::remove_file(&path).unwrap();
    }
}
