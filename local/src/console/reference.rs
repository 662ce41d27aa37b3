//! `/reference` and `/reference/events`: docs/openapi.yaml and docs/asyncapi.yaml, drawn by Redoc, which is installed at set-up.

use std::path::{Path, PathBuf};

use axum::Router;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};

use crate::files::page_file::{PageFile, page_file};

/// The pages.
pub(super) const PAGES: [&str; 2] = ["/reference", "/reference/events"];

/// The page's own scripts and data alone. Redoc makes its styles at run time, so inline styles are allowed; inline scripts are not.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src data:; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Pictures that Redoc would load from its maker's server.
const LOGOS: [&str; 2] = ["https://cdn.redoc.ly/redoc/logo-mini-full.svg", "https://cdn.redoc.ly/redoc/logo-mini.svg"];

/// The routes. `packages` is where the Node packages of `cargo local listen` are.
pub(super) fn router<S: Clone + Send + Sync + 'static>(packages: &Path) -> Router<S> {
    let page = |page: PageFile| {
        let headers = [(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, POLICY)];
        get(async move || (headers, page.text()))
    };
    let [operations, events] = PAGES;
    let redoc = packages.join("node_modules/redoc/bundles/redoc.standalone.js");
    Router::new()
        .route(operations, page(page_file!("start/reference.html")))
        .route(events, page(page_file!("start/reference-events.html")))
        .route("/console/redoc.js", get(async move || script(&redoc)))
}

fn script(path: &PathBuf) -> Response {
    // Read once by each page.
    match std::fs::read_to_string(path) {
        Ok(script) => {
            let headers = [(CONTENT_TYPE, "text/javascript; charset=utf-8")];
            (headers, without_logos(script)).into_response()
        }
        Err(_) => (StatusCode::NOT_FOUND, "Redoc is not installed; start the stack with `cargo local`").into_response(),
    }
}

/// The script with an empty picture in place of each logo: the page loads nothing from the network.
fn without_logos(script: String) -> String {
    LOGOS.iter().fold(script, |script, logo| script.replace(logo, "data:,"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_logo_is_loaded_from_elsewhere() {
        let script = "a(`https://cdn.redoc.ly/redoc/logo-mini.svg`,`https://cdn.redoc.ly/redoc/logo-mini-full.svg`)";
        assert_eq!(without_logos(script.to_owned()), "a(`data:,`,`data:,`)");
    }

    #[test]
    fn the_reference_runs_no_inline_script() {
        assert!(POLICY.contains("script-src 'self';") && POLICY.contains("default-src 'none'"));
        for page in [page_file!("start/reference.html"), page_file!("start/reference-events.html")] {
            let page = page.text();
            assert!(page.contains("disable-telemetry=\"true\"") && !page.contains("<style") && !page.contains("http"));
        }
    }
}
