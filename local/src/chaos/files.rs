//! Files of messages: each is uploaded as a page does it, and at the end of a run it is read by a link, or is gone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};

use super::report_line::ReportLine;

/// The media type of all files.
pub(super) const FILE_TYPE: &str = "application/pdf";
/// Shortest and longest file, in bytes.
const SIZES: std::ops::Range<u64> = 1..50_000;

/// All uploads of a run, by their ids.
#[derive(Default)]
pub(super) struct Files(Mutex<BTreeMap<String, File>>);

/// A file that was uploaded, or is about to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct File {
    pub(super) lease: usize,
    /// Its content, by [`content`].
    pub(super) number: u64,
    pub(super) state: FileState,
}

/// The state of a file, as far as the responses tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileState {
    /// No message with it was accepted. One may have been written.
    Uploaded,
    Sent,
    /// The deletion of its message has no clear response.
    MaybeDeleted,
    Deleted,
}

/// A file at the end of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileFound {
    /// A link to it was followed, and its content is that of the upload.
    Readable,
    /// No link to it is given.
    NoLink,
    /// The content is another, or a link that was given is of no use.
    Wrong,
}

/// The objects of the bucket, and the messages' files by the table.
#[derive(Debug, Default)]
pub(super) struct Stored {
    /// The files of messages that are not deleted.
    pub(super) attached: BTreeSet<String>,
    /// The ids of all objects, each with whether the bucket is going to delete it.
    pub(super) objects: BTreeMap<String, bool>,
}

/// The result for all files.
#[derive(Debug, Default)]
pub(super) struct FilesVerdict {
    pub(super) line: ReportLine,
    /// Files of messages that the bucket is going to delete.
    pub(super) expiring: u64,
    /// How many of the accepted ones went with their messages.
    pub(super) deleted: u64,
    pub(super) examples: Vec<String>,
}

impl Files {
    fn inner(&self) -> MutexGuard<'_, BTreeMap<String, File>> {
        self.0.lock().expect("nothing panics while it holds the files")
    }

    pub(super) fn uploads(&self, id: &str, lease: usize, number: u64) {
        self.inner().insert(id.to_owned(), File { lease, number, state: FileState::Uploaded });
    }

    pub(super) fn set(&self, id: &str, state: FileState) {
        if let Some(file) = self.inner().get_mut(id) {
            file.state = state;
        }
    }

    /// The files that a message has or had, also where no response says so.
    pub(super) fn of_messages(&self, stored: &Stored) -> Vec<(String, File)> {
        let is_of_one = |id: &str, file: &File| file.state != FileState::Uploaded || stored.attached.contains(id);
        let inner = self.inner();
        inner.iter().filter(|(id, file)| is_of_one(id, file)).map(|(id, file)| (id.clone(), file.clone())).collect()
    }
}

/// The bytes of a file: other ones for each number.
pub(super) fn content(number: u64) -> Vec<u8> {
    let length = SIZES.start + number.wrapping_mul(7_919) % (SIZES.end - SIZES.start);
    let text = format!("file {number}\n");
    text.bytes().cycle().take(usize::try_from(length).unwrap_or_default()).collect()
}

/// Judges the files of all messages.
pub(super) fn judge(found: &[(String, File, FileFound)], stored: &Stored) -> FilesVerdict {
    let mut verdict =
        FilesVerdict { line: ReportLine { name: "files", ..ReportLine::default() }, ..Default::default() };
    for (id, file, found) in found {
        let is_gone = match file.state {
            FileState::Sent => false,
            FileState::Deleted => true,
            FileState::Uploaded | FileState::MaybeDeleted => !stored.attached.contains(id),
        };
        let object = stored.objects.get(id);
        let is_right = match is_gone {
            true => *found == FileFound::NoLink && object.is_none(),
            false => *found == FileFound::Readable && object.is_some(),
        };
        let is_accepted = file.state != FileState::Uploaded;
        verdict.line.accepted += u64::from(is_accepted);
        verdict.line.delivered += u64::from(is_accepted && is_right);
        verdict.deleted += u64::from(is_accepted && is_gone);
        verdict.expiring += u64::from(!is_gone && object == Some(&true));
        if !is_right {
            verdict.line.lost += 1;
            let object = object.map_or("no object", |_| "an object");
            verdict.examples.push(format!("file {id} of {file:?}, is {found:?} and has {object}"));
        }
    }
    verdict
}

#[cfg(test)]
mod tests {
    use super::*;

    const READABLE: FileFound = FileFound::Readable;
    const NO_LINK: FileFound = FileFound::NoLink;

    /// The accepted, delivered, lost and expiring files: one file, whose message has it by the table or not, and whose object has the tag or
    /// not, or is gone.
    fn counts(state: FileState, found: FileFound, is_attached: bool, object: Option<bool>) -> [u64; 4] {
        let id = "a".to_owned();
        let stored = Stored {
            attached: is_attached.then(|| id.clone()).into_iter().collect(),
            objects: object.map(|is_tagged| (id.clone(), is_tagged)).into_iter().collect(),
        };
        let FilesVerdict { line, expiring, .. } = judge(&[(id, File { lease: 0, number: 1, state }, found)], &stored);
        [line.accepted, line.delivered, line.lost, expiring]
    }

    #[test]
    fn the_file_of_an_accepted_message_is_readable_and_stays() {
        assert_eq!(counts(FileState::Sent, READABLE, true, Some(false)), [1, 1, 0, 0]);
        assert_eq!(counts(FileState::Sent, READABLE, true, Some(true)), [1, 1, 0, 1]);
        assert_eq!(counts(FileState::Sent, FileFound::Wrong, true, Some(false)), [1, 0, 1, 0]);
        assert_eq!(counts(FileState::Sent, NO_LINK, true, None), [1, 0, 1, 0]);
    }

    #[test]
    fn the_file_of_a_deleted_message_is_gone() {
        assert_eq!(counts(FileState::Deleted, NO_LINK, false, None), [1, 1, 0, 0]);
        assert_eq!(counts(FileState::Deleted, NO_LINK, false, Some(false)), [1, 0, 1, 0]);
        assert_eq!(counts(FileState::Deleted, READABLE, true, Some(false)), [1, 0, 1, 0]);
    }

    #[test]
    fn without_a_clear_response_the_table_says_which_it_is() {
        assert_eq!(counts(FileState::MaybeDeleted, NO_LINK, false, None), [1, 1, 0, 0]);
        assert_eq!(counts(FileState::MaybeDeleted, READABLE, true, Some(false)), [1, 1, 0, 0]);
        assert_eq!(counts(FileState::Uploaded, READABLE, true, Some(false)), [0, 0, 0, 0]);
        assert_eq!(counts(FileState::Uploaded, NO_LINK, true, None), [0, 0, 1, 0]);
    }

    #[test]
    fn an_upload_without_a_message_is_not_judged() {
        let files = Files::default();
        files.uploads("a", 0, 1);
        assert_eq!(files.of_messages(&Stored::default()).len(), 0);
        let attached = Stored { attached: ["a".to_owned()].into(), ..Stored::default() };
        assert_eq!(files.of_messages(&attached).len(), 1);
        files.set("a", FileState::Sent);
        assert_eq!(files.of_messages(&Stored::default()).len(), 1);
    }

    #[test]
    fn each_file_has_other_bytes() {
        let contents: BTreeSet<_> = (0..100).map(content).collect();
        assert_eq!(contents.len(), 100);
        assert!(contents.iter().all(|content| !content.is_empty() && content.len() < 50_000));
    }
}
