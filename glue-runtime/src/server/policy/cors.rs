//! Which pages may read an answer: the headers of cross-origin resource sharing.

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode};

use super::Verdict;

/// Headers of an answer that browsers ask for. The default adds none: that of a request which isn't for us.
///
/// There is no switch: a page that may open sockets may read the answers. Credentials are not allowed for, as no endpoint
/// looks at them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::server) struct Cors {
    /// Whether the answer depends on the origin, so that caches must not give it to another.
    is_ours: bool,
    /// The page's origin, if it may read the answer and is not our own host.
    origin: Option<HeaderValue>,
    is_preflight: bool,
}

impl Cors {
    /// Returns the headers for answers to a request below the base URL.
    pub(in crate::server) fn new(verdict: Verdict, is_preflight: bool) -> Self {
        Self {
            is_ours: true,
            is_preflight: is_preflight && verdict != Verdict::Refused,
            origin: match verdict {
                Verdict::Foreign(origin) => Some(origin),
                Verdict::Own | Verdict::Refused => None,
            },
        }
    }

    /// Adds the headers to an answer.
    pub(in crate::server) fn apply<B>(&self, response: &mut Response<B>) {
        let is_upgrade = response.status() == StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        if self.is_ours {
            headers.append(VARY, HeaderValue::from_static("Origin"));
        }
        if let Some(origin) = self.origin.as_ref().filter(|_| !is_upgrade) {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        }
        if self.is_preflight {
            headers.insert(
                ACCESS_CONTROL_ALLOW_METHODS,
                HeaderValue::from_static("GET, POST"),
            );
            headers.insert(
                ACCESS_CONTROL_ALLOW_HEADERS,
                HeaderValue::from_static("content-type"),
            );
            // Seconds. Long enough that polls don't ask each time, short enough that a changed option is soon seen.
            headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        }
    }
}

/// Returns whether a browser asks on a page's behalf if it may send a request.
pub(in crate::server) fn is_preflight(parts: &Parts) -> bool {
    parts.method == Method::OPTIONS
        && parts.headers.contains_key(ORIGIN)
        && parts.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    const FOREIGN: &str = "https://app.example";

    fn headers(verdict: Verdict, is_preflight: bool, status: StatusCode) -> Vec<(String, String)> {
        let mut response = Response::new(());
        *response.status_mut() = status;
        Cors::new(verdict, is_preflight).apply(&mut response);
        let headers = response.headers().iter();
        headers
            .map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap().to_owned()))
            .collect()
    }

    /// [H-7]
    #[test]
    fn only_admitted_pages_of_other_hosts_are_named() {
        let foreign = || Verdict::Foreign(HeaderValue::from_static(FOREIGN));
        let named = [("vary", "Origin"), ("access-control-allow-origin", FOREIGN)];
        let cases = [
            (foreign(), StatusCode::OK, &named[..]),
            (foreign(), StatusCode::SERVICE_UNAVAILABLE, &named),
            (foreign(), StatusCode::SWITCHING_PROTOCOLS, &named[..1]),
            (Verdict::Own, StatusCode::OK, &named[..1]),
            (Verdict::Refused, StatusCode::FORBIDDEN, &named[..1]),
        ];
        for (verdict, status, expected) in cases {
            let found = headers(verdict.clone(), false, status);
            let expected = expected
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            assert_eq!(found, expected.collect::<Vec<_>>(), "{verdict:?} {status}");
        }
    }

    /// [H-7]
    #[test]
    fn a_vary_that_is_there_stays() {
        let mut response = Response::new(());
        response
            .headers_mut()
            .insert(VARY, HeaderValue::from_static("Accept"));

        Cors::new(Verdict::Own, false).apply(&mut response);

        let vary: Vec<_> = response.headers().get_all(VARY).iter().collect();
        assert_eq!(vary, ["Accept", "Origin"]);
    }

    #[test]
    fn answers_that_are_not_ours_stay_as_they_are() {
        let mut response = Response::new(());

        Cors::default().apply(&mut response);

        assert!(response.headers().is_empty());
    }

    /// [H-8]
    #[test]
    fn a_preflight_says_what_may_be_sent() {
        let verdict = Verdict::Foreign(HeaderValue::from_static(FOREIGN));

        let found = headers(verdict, true, StatusCode::NO_CONTENT);

        let expected = [
            ("vary", "Origin"),
            ("access-control-allow-origin", FOREIGN),
            ("access-control-allow-methods", "GET, POST"),
            ("access-control-allow-headers", "content-type"),
            ("access-control-max-age", "600"),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(found, expected);
    }

    /// [H-8]
    #[test]
    fn a_preflight_is_an_options_request_of_a_page_for_another() {
        let cases = [
            ("OPTIONS", Some(FOREIGN), Some("POST"), true),
            ("OPTIONS", Some(FOREIGN), None, false),
            ("OPTIONS", None, Some("POST"), false),
            ("POST", Some(FOREIGN), Some("POST"), false),
        ];
        for (method, origin, asked, expected) in cases {
            let mut request = Request::builder().method(method);
            for (name, value) in [(ORIGIN, origin), (ACCESS_CONTROL_REQUEST_METHOD, asked)] {
                if let Some(value) = value {
                    request = request.header(name, value);
                }
            }
            let (parts, ()) = request.body(()).unwrap().into_parts();
            assert_eq!(is_preflight(&parts), expected, "{method} {origin:?} {asked:?}");
        }
    }
}
