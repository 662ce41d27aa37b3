//! As many lines of the file as a request takes.

use std::io::{BufRead, Result};

/// Most lines of a request, and most bytes of its body.
const MAX_LINES: usize = 100;
const MAX_BYTES: usize = 64 * 1024;

/// Some lines that follow each other.
pub(super) struct Chunk {
    /// Those that are not blank, each with its number in the file, from 1.
    pub(super) lines: Vec<(u64, String)>,
    /// How many lines and bytes of the file they take, with blank ones.
    pub(super) taken: u64,
    pub(super) bytes: u64,
}

impl Chunk {
    /// The body of the request.
    pub(super) fn body(&self) -> String {
        self.lines.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join("\n")
    }
}

/// Reads a file chunk by chunk.
pub(super) struct Chunks<R> {
    reader: R,
    /// A line that did not fit into the chunk before.
    next: Vec<u8>,
}

impl<R: BufRead> Chunks<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, next: Vec::new() }
    }

    /// The next lines; `None` at the end. A line that is longer than a request comes alone. `before` lines were read already.
    pub(super) fn next(&mut self, before: u64) -> Result<Option<Chunk>> {
        let mut chunk = Chunk { lines: Vec::new(), taken: 0, bytes: 0 };
        let mut size = 0;
        while chunk.lines.len() < MAX_LINES {
            if self.next.is_empty() && self.reader.read_until(b'\n', &mut self.next)? == 0 {
                break;
            }
            let text = self.next.trim_ascii();
            if size > 0 && size + text.len() > MAX_BYTES {
                break;
            }
            let text = String::from_utf8_lossy(text).into_owned();
            chunk.taken += 1;
            chunk.bytes += self.next.len() as u64;
            self.next.clear();
            if !text.is_empty() {
                size += text.len() + 1;
                chunk.lines.push((before + chunk.taken, text));
            }
        }
        Ok((chunk.taken > 0).then_some(chunk))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunks(text: &str) -> Vec<Chunk> {
        let (mut chunks, mut found, mut before) = (Chunks::new(text.as_bytes()), Vec::new(), 0);
        while let Some(chunk) = chunks.next(before).unwrap() {
            before += chunk.taken;
            found.push(chunk);
        }
        found
    }

    #[test]
    fn a_file_is_divided_into_requests_of_100_lines_with_the_files_numbers() {
        let text = "\n".to_owned() + &"{}\r\n".repeat(250);
        let found = chunks(&text);
        assert_eq!(found.iter().map(|chunk| chunk.lines.len()).collect::<Vec<_>>(), [100, 100, 50]);
        assert_eq!((found[0].lines[0].0, found[2].lines[49].0), (2, 251));
        assert_eq!(found.iter().map(|chunk| chunk.bytes).sum::<u64>(), text.len() as u64);
        assert_eq!(found[2].body(), vec!["{}"; 50].join("\n"));
    }

    #[test]
    fn a_request_has_at_most_64_kilobytes_unless_one_line_has_more() {
        let line = |bytes: usize| "x".repeat(bytes) + "\n";
        let found = chunks(&[line(40_000), line(40_000), line(70_000), line(10)].concat());
        assert_eq!(found.iter().map(|chunk| chunk.lines.len()).collect::<Vec<_>>(), [1, 1, 1, 1]);
        let full = chunks(&line(655).repeat(100));
        assert!(full.iter().all(|chunk| chunk.body().len() <= MAX_BYTES), "{}", full.len());
    }
}
