//! What a request asks for: a pure reading of its head.

use http::header::{CONNECTION, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use percent_encoding::percent_decode_str;

use super::policy::Origins;

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// Upgrade to a WebSocket with this key.
    WebSocket { key: HeaderValue },
    /// Answer with an error.
    Refused(Refusal),
    /// Not under the base URL: somebody else's.
    Elsewhere,
}

/// An error response (docs/PROTOCOL.md, HTTP).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) body: &'static str,
    /// Names the WebSocket version that would be accepted.
    pub(super) offers_version: bool,
}

impl Refusal {
    const fn new(status: StatusCode, body: &'static str) -> Self {
        Self {
            status,
            body,
            offers_version: false,
        }
    }
}

/// Reads the head of a request. `base_url` begins and ends with a slash.
pub(super) fn route(parts: &Parts, base_url: &str, origins: &Origins) -> Route {
    let path = percent_decode_str(parts.uri.path()).decode_utf8_lossy();
    let Some(endpoint) = path.strip_prefix(base_url) else {
        return Route::Elsewhere;
    };

    if !origins.admits(&parts.headers) {
        return Route::Refused(Refusal::new(StatusCode::FORBIDDEN, ""));
    }
    if endpoint != "ws" {
        return Route::Refused(Refusal::new(StatusCode::BAD_REQUEST, ""));
    }
    if parts.method != Method::GET {
        return Route::Refused(Refusal::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "Method not allowed\n",
        ));
    }
    match upgrade_key(&parts.headers) {
        Some(key) => Route::WebSocket { key: key.clone() },
        None => Route::Refused(Refusal {
            offers_version: true,
            ..Refusal::new(StatusCode::BAD_REQUEST, "Bad Request\n")
        }),
    }
}

/// Returns the key of a valid WebSocket handshake.
fn upgrade_key(headers: &HeaderMap) -> Option<&HeaderValue> {
    let is_upgrade = has_token(headers, &CONNECTION, "upgrade") && has_token(headers, &UPGRADE, "websocket");
    let is_version = headers
        .get(SEC_WEBSOCKET_VERSION)
        .is_some_and(|version| version == "13");
    let key = headers
        .get(SEC_WEBSOCKET_KEY)
        .filter(|key| !key.as_bytes().trim_ascii().is_empty());
    key.filter(|_| is_upgrade && is_version)
}

/// Returns whether a list header holds a token, in any case.
fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|item| item.trim().eq_ignore_ascii_case(token))
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn upgrade(method: &str, path: &str, headers: &[(&str, &str)]) -> Route {
        let defaults = [
            ("connection", "Upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        let mut request = Request::builder().method(method).uri(path);
        let kept = defaults
            .iter()
            .filter(|(name, _)| headers.iter().all(|(other, _)| other != name));
        for (name, value) in kept.chain(headers).filter(|(_, value)| *value != "-") {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        route(&parts, "/glue/", &Origins::SameHost)
    }

    fn status(route: &Route) -> u16 {
        match route {
            Route::WebSocket { .. } => 101,
            Route::Refused(refusal) => refusal.status.as_u16(),
            Route::Elsewhere => 404,
        }
    }

    #[test]
    fn only_the_exact_endpoint_below_the_base_url_is_served() {
        let cases = [
            ("/glue/ws", 101),
            ("/glue/ws?x=1", 101),
            ("/glue/%77s", 101),
            ("/glue/", 400),
            ("/glue/WS", 400),
            ("/glue/ws/", 400),
            ("/glue/x", 400),
            ("/glue", 404),
            ("/abcd/ws", 404),
            ("/other", 404),
        ];
        for (path, expected) in cases {
            assert_eq!(status(&upgrade("GET", path, &[])), expected, "{path}");
        }
    }

    #[test]
    fn other_methods_are_not_allowed() {
        for method in ["POST", "PUT", "HEAD", "OPTIONS"] {
            assert_eq!(status(&upgrade(method, "/glue/ws", &[])), 405, "{method}");
        }
    }

    #[test]
    fn every_part_of_the_handshake_is_needed() {
        let cases = [
            ("connection", "-", 400),
            ("connection", "keep-alive", 400),
            ("connection", "keep-alive, UPGRADE", 101),
            ("upgrade", "-", 400),
            ("upgrade", "h2c", 400),
            ("upgrade", "h2c, WebSocket", 101),
            ("sec-websocket-version", "8", 400),
            ("sec-websocket-version", "-", 400),
            ("sec-websocket-key", "-", 400),
            ("sec-websocket-key", " ", 400),
            ("origin", "http://evil.example", 403),
        ];
        for (name, value, expected) in cases {
            assert_eq!(
                status(&upgrade("GET", "/glue/ws", &[(name, value)])),
                expected,
                "{name}: {value}"
            );
        }
    }
}
