//! The page's files: its own, which are part of this program, and those of Node packages, installed at set-up.

use std::path::{Path, PathBuf};

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::CONTENT_TYPE;

use crate::files::page_file::page_file;

const HTML: &str = "text/html; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SVG: &str = "image/svg+xml";

macro_rules! own {
    ($directory:literal: $($kind:ident $name:literal)*) => {
        [$(($kind, concat!("/console/", $name), page_file!($directory, "/", $name))),*]
    };
}

/// The routes of the files. `packages` is where the Node packages of `cargo local listen` are.
pub(super) fn router<S: Clone + Send + Sync + 'static>(packages: &Path) -> Router<S> {
    let own = own! { "console":
        CSS "console.css" CSS "controls.css" CSS "panels.css" CSS "act.css" CSS "send.css"
        SVG "icon.svg"
        JAVASCRIPT "main.js" JAVASCRIPT "theme.js" JAVASCRIPT "dom.js" JAVASCRIPT "format.js" JAVASCRIPT "server.js"
        JAVASCRIPT "events.js" JAVASCRIPT "address.js" JAVASCRIPT "story.js" JAVASCRIPT "as-test.js"
        JAVASCRIPT "send.js" JAVASCRIPT "events-contract.js" JAVASCRIPT "fields.js" JAVASCRIPT "schema.js"
        JAVASCRIPT "delivery.js" JAVASCRIPT "letters.js" JAVASCRIPT "switches.js"
        JAVASCRIPT "act.js" JAVASCRIPT "identity.js" JAVASCRIPT "contract.js" JAVASCRIPT "operations.js"
        JAVASCRIPT "channels.js" JAVASCRIPT "sockets.js"
        JAVASCRIPT "occupancy.js"
        JAVASCRIPT "inbox.js"
        JAVASCRIPT "pictures.js"
    };
    // Of the page at `/`, and of the reference.
    let start = own! { "start": CSS "start.css" JAVASCRIPT "start.js" CSS "reference.css" JAVASCRIPT "reference.js" };
    let page = page_file!("console/index.html");
    let mut router = Router::new().route("/console", get(async move || file(HTML, page.text())));
    for (kind, path, own) in own.into_iter().chain(start) {
        router = router.route(path, get(async move || file(kind, own.text())));
    }
    for (kind, path, installed) in [
        (JAVASCRIPT, "/console/pusher.js", "pusher-js/dist/web/pusher-with-encryption.min.js"),
        (JAVASCRIPT, "/console/uplot.js", "uplot/dist/uPlot.esm.js"),
        (CSS, "/console/uplot.css", "uplot/dist/uPlot.min.css"),
    ] {
        let installed = packages.join("node_modules").join(installed);
        router = router.route(path, get(async move || of_package(kind, &installed)));
    }
    router
}

fn file(kind: &'static str, content: impl IntoResponse) -> Response {
    ([(CONTENT_TYPE, kind)], content).into_response()
}

fn of_package(kind: &'static str, path: &PathBuf) -> Response {
    // Small, and read once by each page.
    match std::fs::read(path) {
        Ok(content) => file(kind, content),
        Err(_) => (StatusCode::NOT_FOUND, "It is not installed; start the stack with `cargo local`").into_response(),
    }
}
