//! The files of the stack's own pages. They are part of this program; with `CARILLON_LIVE_PAGES=1` they are read for each request, so that a
//! change of a script needs no build.

use std::borrow::Cow;

/// A file below `local/`.
#[derive(Clone, Copy)]
pub(crate) struct PageFile {
    text: &'static str,
    path: &'static str,
}

impl PageFile {
    /// Of [`page_file!`](crate::files::page_file::page_file).
    pub(crate) const fn new(text: &'static str, path: &'static str) -> Self {
        Self { text, path }
    }

    pub(crate) fn text(&self) -> Cow<'static, str> {
        let is_live = std::env::var_os("CARILLON_LIVE_PAGES").is_some_and(|value| value == "1");
        match is_live.then(|| std::fs::read_to_string(self.path)) {
            Some(Ok(text)) => Cow::Owned(text),
            _ => Cow::Borrowed(self.text),
        }
    }
}

/// The file at this path below `local/`.
macro_rules! page_file {
    ($($path:expr),+) => {
        $crate::files::page_file::PageFile::new(
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/", $($path),+)),
            concat!(env!("CARGO_MANIFEST_DIR"), "/", $($path),+),
        )
    };
}

pub(crate) use page_file;
