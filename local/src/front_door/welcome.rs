//! The page at `/`, and redirects from a page's address with a slash at its end to the page. All other requests get
//! the response that AWS would give.

use axum::response::{IntoResponse as _, Redirect, Response};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use http::{Method, Request};

use crate::files::page_file::page_file;
use crate::net::guard::Sender;

/// The pages of the front door.
const PAGES: [&str; 7] = [
    "/console",
    "/reference",
    "/reference/events",
    "/examples",
    "/examples/guest-chat",
    "/examples/guest-chat/staff",
    "/examples/lease-chat",
];

/// The page's own files alone, and this stack.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

/// The response to such a request, and none to any other, or to one that a page of another origin sent.
pub(super) fn response<B>(request: &Request<B>) -> Option<Response> {
    let (address, path) = (request.uri(), request.uri().path());
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    if !is_read || Sender::of(request.headers()) == Sender::OtherPage {
        return None;
    }
    if path == "/" || path == "/examples" {
        let headers = [
            (CONTENT_TYPE, "text/html; charset=utf-8"),
            (CACHE_CONTROL, "no-store"),
            (CONTENT_SECURITY_POLICY, POLICY),
            (REFERRER_POLICY, "no-referrer"),
        ];
        return Some((headers, page_file!("start/index.html").text()).into_response());
    }
    let page = path.strip_suffix('/').filter(|page| PAGES.contains(page))?;
    let query = address.query().map(|query| format!("?{query}")).unwrap_or_default();
    // A browser keeps a permanent one for as long as it likes, also for the next program at this port.
    Some(Redirect::temporary(&format!("{page}{query}")).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::StatusCode;
    use http::header::LOCATION;

    fn asked(method: &Method, address: &str) -> Option<Response> {
        let request = Request::builder().method(method).uri(address).header("host", "localhost:3000");
        response(&request.body(()).unwrap())
    }

    #[test]
    fn a_page_of_another_origin_gets_what_the_api_says() {
        let request = Request::get("/").header("host", "localhost:3000").header("origin", "https://evil.example");
        assert!(response(&request.body(()).unwrap()).is_none());
    }

    #[test]
    fn a_slash_at_the_end_of_a_page_leads_to_it() {
        for (address, page) in [
            ("/console/", "/console"),
            ("/examples/", "/examples"),
            ("/examples/guest-chat/", "/examples/guest-chat"),
            ("/examples/lease-chat/?as=notary", "/examples/lease-chat?as=notary"),
        ] {
            let response = asked(&Method::GET, address).unwrap();
            assert_eq!(
                (response.status(), response.headers()[LOCATION].to_str().unwrap()),
                (StatusCode::TEMPORARY_REDIRECT, page)
            );
        }
    }

    #[test]
    fn the_address_alone_shows_a_page_with_links_to_every_page() {
        for method in [Method::GET, Method::HEAD] {
            assert_eq!(asked(&method, "/").unwrap().status(), StatusCode::OK);
        }
        let text = page_file!("start/index.html").text();
        for page in PAGES.iter().filter(|page| **page != "/examples") {
            assert!(text.contains(&format!("href=\"{page}")), "{page}");
        }
    }

    #[test]
    fn routes_of_the_api_stay_what_they_are() {
        for (method, address) in [
            (Method::POST, "/"),
            (Method::OPTIONS, "/"),
            (Method::POST, "/console/"),
            (Method::GET, "/parties/"),
            (Method::GET, "/health"),
            (Method::GET, "/examples/other/"),
        ] {
            assert!(asked(&method, address).is_none(), "{method} {address}");
        }
    }
}
