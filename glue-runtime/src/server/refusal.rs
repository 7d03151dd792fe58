//! Error responses: the one place of their bodies (docs/PROTOCOL.md, HTTP).

use http::header::{CONTENT_TYPE, RETRY_AFTER, SEC_WEBSOCKET_VERSION, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Response, StatusCode};

/// An error response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    body: &'static str,
    hint: Option<Hint>,
}

/// What a client could do instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hint {
    /// Ask for the WebSocket version that would be accepted.
    Version,
    /// Come again after a while.
    Later,
}

impl Refusal {
    /// The page may not connect.
    pub(super) const ORIGIN: Self = Self::new(StatusCode::FORBIDDEN, "");
    /// There is no such endpoint.
    pub(super) const PATH: Self = Self::new(StatusCode::BAD_REQUEST, "");
    /// Another method than GET at the WebSocket endpoint.
    pub(super) const METHOD: Self = Self::new(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed\n");
    /// A GET at the WebSocket endpoint that is no upgrade.
    pub(super) const NO_UPGRADE: Self = Self {
        hint: Some(Hint::Version),
        ..Self::BAD_REQUEST
    };
    /// An Ajax request that makes no sense, or names what isn't there.
    pub(super) const BAD_REQUEST: Self = Self::new(StatusCode::BAD_REQUEST, "Bad Request\n");
    /// A body that came too slowly.
    pub(super) const TIMEOUT: Self = Self::new(StatusCode::REQUEST_TIMEOUT, "Request Timeout\n");
    /// A body over the size limit.
    pub(super) const TOO_LARGE: Self = Self::new(StatusCode::PAYLOAD_TOO_LARGE, "Payload Too Large\n");
    /// We failed.
    pub(super) const INTERNAL: Self = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error\n");
    /// No new sockets at the moment.
    pub(super) const UNAVAILABLE: Self = Self {
        hint: Some(Hint::Later),
        ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable\n")
    };

    /// Returns the response; without a body where its text is empty.
    pub(super) fn response(self) -> Response<&'static str> {
        let mut response = Response::new(self.body);
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        if !self.body.is_empty() {
            headers.insert(
                CONTENT_TYPE,
                HeaderValue::from_static("text/plain; charset=utf-8"),
            );
            headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        }
        match self.hint {
            Some(Hint::Version) => {
                headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
            }
            Some(Hint::Later) => {
                // Seconds.
                headers.insert(RETRY_AFTER, HeaderValue::from_static("5"));
            }
            None => {}
        }
        response
    }

    const fn new(status: StatusCode, body: &'static str) -> Self {
        Self {
            status,
            body,
            hint: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_answered_as_the_original_does_and_say_what_helps() {
        let cases = [
            (Refusal::ORIGIN, 403, "", None),
            (Refusal::PATH, 400, "", None),
            (Refusal::METHOD, 405, "Method not allowed\n", None),
            (
                Refusal::NO_UPGRADE,
                400,
                "Bad Request\n",
                Some((SEC_WEBSOCKET_VERSION, "13")),
            ),
            (Refusal::BAD_REQUEST, 400, "Bad Request\n", None),
            (Refusal::TIMEOUT, 408, "Request Timeout\n", None),
            (Refusal::TOO_LARGE, 413, "Payload Too Large\n", None),
            (Refusal::INTERNAL, 500, "Internal Server Error\n", None),
            (
                Refusal::UNAVAILABLE,
                503,
                "Service Unavailable\n",
                Some((RETRY_AFTER, "5")),
            ),
        ];
        for (refusal, status, body, hint) in cases {
            let response = refusal.response();

            assert_eq!(response.status().as_u16(), status);
            assert_eq!(*response.body(), body, "{status}");
            let mut headers = response.headers().clone();
            if !body.is_empty() {
                assert_eq!(
                    headers.remove(CONTENT_TYPE).unwrap(),
                    "text/plain; charset=utf-8",
                    "{status}"
                );
                assert_eq!(
                    headers.remove(X_CONTENT_TYPE_OPTIONS).unwrap(),
                    "nosniff",
                    "{status}"
                );
            }
            if let Some((name, value)) = hint {
                assert_eq!(headers.remove(name).unwrap(), value, "{status}");
            }
            assert!(headers.is_empty(), "{status}: {headers:?}");
        }
    }
}
