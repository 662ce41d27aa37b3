//! A token in a cookie.
//!
//! A browser adds a cookie to every request to its site, whichever page sends it (CSRF). So the page has to be one of the app's own, which
//! two headers say that no page can set:
//!
//! | request | `Origin` | `Sec-Fetch-Site` |
//! |---|---|---|
//! | changes something, or opens a WebSocket | one of the app's own | |
//! | reads, with `Origin` | one of the app's own | |
//! | reads, without `Origin`: a browser leaves it out for the page's own origin | | `same-origin` or `same-site` |

use http::header::{COOKIE, ORIGIN};
use http::{HeaderMap, HeaderValue};

use crate::api_error::ApiError;
use crate::settings::TokenCookie;

const SEC_FETCH_SITE: &str = "sec-fetch-site";

/// Whether a request may change something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    Reads,
    /// Or it opens a connection.
    Changes,
}

/// The token in the request's cookie, if there is one.
///
/// # Errors
/// 403 for a request that may be another page's.
pub(super) fn token_in<'a>(
    cookie: &TokenCookie,
    headers: &'a HeaderMap,
    effect: Effect,
) -> Result<Option<&'a str>, ApiError> {
    let Some(token) = value(headers, &cookie.name)? else { return Ok(None) };
    if is_of_own_page(cookie, headers, effect) {
        return Ok(Some(token));
    }
    Err(ApiError::Forbidden(format!(
        "The cookie {} counts only on requests of pages in AllowedOrigins, by the browser's headers Origin and Sec-Fetch-Site: call from such a page, \
         or send the token as Authorization: Bearer <token>",
        cookie.name
    )))
}

/// The value of the cookies of this name. Two that differ are refused: a page of another subdomain can set one that a browser sends first.
fn value<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, ApiError> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|header| header.to_str().ok());
    let pairs = cookies.flat_map(|header| header.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut values = pairs.filter(|(own, _)| *own == name).map(|(_, value)| value.trim_matches('"'));
    let first = values.next();
    if values.any(|other| Some(other) != first) {
        return Err(ApiError::Forbidden(format!(
            "There are cookies {name} with different values: delete those that another page or an older version of yours has set"
        )));
    }
    Ok(first.filter(|value| !value.is_empty()))
}

fn is_of_own_page(cookie: &TokenCookie, headers: &HeaderMap, effect: Effect) -> bool {
    match headers.get(ORIGIN) {
        Some(origin) => cookie.origins.iter().any(|own| origin == own.as_str()),
        None => effect == Effect::Reads && headers.get(SEC_FETCH_SITE).is_some_and(is_own_site),
    }
}

fn is_own_site(site: &HeaderValue) -> bool {
    site == "same-origin" || site == "same-site"
}
