//! Lines for the terminal about pages that CORS refuses: a browser names neither the flag nor the file that needs one.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// The longest origin, in bytes, and the most of them, that the terminal shows.
const MAX_ORIGIN: usize = 200;
const MAX_ORIGINS: usize = 20;

/// The origins of the pages that were refused.
#[derive(Clone, Default)]
pub(super) struct RefusedPages(Arc<Mutex<BTreeSet<String>>>);

impl RefusedPages {
    /// The line about a refused page; `None` if there was one about its origin already, or about many others.
    pub(super) fn line(&self, origin: &str) -> Option<String> {
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if origin.len() > MAX_ORIGIN || shown.len() >= MAX_ORIGINS || !shown.insert(origin.to_owned()) {
            return None;
        }
        Some(if origin == "null" {
            "CORS refuses a page that was opened as a file: serve it at http://localhost, as by `python3 -m http.server`".to_owned()
        } else {
            format!("CORS refuses the pages of {origin}: start with `cargo local --origin {origin}`")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_origin_is_shown_once() {
        let pages = RefusedPages::default();
        let line = "CORS refuses the pages of https://a.example: start with `cargo local --origin https://a.example`";
        assert_eq!(pages.line("https://a.example").as_deref(), Some(line));
        assert_eq!(pages.clone().line("https://a.example"), None);
        assert!(pages.line("null").unwrap().contains("opened as a file"));
    }

    #[test]
    fn no_program_fills_the_terminal() {
        let pages = RefusedPages::default();
        assert_eq!(pages.line(&format!("https://{}", "a".repeat(MAX_ORIGIN))), None);
        let shown = (0..2 * MAX_ORIGINS).filter_map(|n| pages.line(&format!("https://{n}.example"))).count();
        assert_eq!(shown, MAX_ORIGINS);
    }
}
