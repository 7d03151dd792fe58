//! Error responses: the one place of their bodies (docs/PROTOCOL.md, HTTP).

use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, SEC_WEBSOCKET_VERSION, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Response, StatusCode};

/// An error response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    /// For those who watch the server; the client isn't told more than status and body.
    pub(super) reason: RefusalReason,
    body: &'static str,
    hint: Option<Hint>,
}

/// What a client could do instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hint {
    /// Use GET.
    Get,
    /// Ask for the WebSocket version that would be accepted.
    Version,
    /// Come again after a while.
    Later,
}

impl Refusal {
    /// The page may not connect.
    pub(super) const ORIGIN: Self = Self::new(RefusalReason::Origin, StatusCode::FORBIDDEN, "");
    /// There is no such endpoint.
    pub(super) const PATH: Self = Self::new(RefusalReason::BadRequest, StatusCode::BAD_REQUEST, "");
    /// Another method than GET at the WebSocket endpoint.
    pub(super) const METHOD: Self = Self {
        hint: Some(Hint::Get),
        ..Self::new(
            RefusalReason::BadRequest,
            StatusCode::METHOD_NOT_ALLOWED,
            "Method not allowed\n",
        )
    };
    /// A GET at the WebSocket endpoint that is no upgrade.
    pub(super) const NO_UPGRADE: Self = Self {
        hint: Some(Hint::Version),
        ..Self::BAD_REQUEST
    };
    /// An Ajax request that makes no sense.
    pub(super) const BAD_REQUEST: Self = Self::new(
        RefusalReason::BadRequest,
        StatusCode::BAD_REQUEST,
        "Bad Request\n",
    );
    /// An Ajax request that names what isn't there.
    pub(super) const UNKNOWN_SESSION: Self = Self {
        reason: RefusalReason::UnknownSession,
        ..Self::BAD_REQUEST
    };
    /// A body that came too slowly.
    pub(super) const TIMEOUT: Self = Self::new(
        RefusalReason::TimedOut,
        StatusCode::REQUEST_TIMEOUT,
        "Request Timeout\n",
    );
    /// A body over the size limit.
    pub(super) const TOO_LARGE: Self = Self::new(
        RefusalReason::TooLarge,
        StatusCode::PAYLOAD_TOO_LARGE,
        "Payload Too Large\n",
    );
    /// We failed.
    pub(super) const INTERNAL: Self = Self::new(
        RefusalReason::Internal,
        StatusCode::INTERNAL_SERVER_ERROR,
        "Internal Server Error\n",
    );
    /// A body whose end didn't come; there may be nobody to read this.
    pub(super) const BROKEN_OFF: Self = Self {
        reason: RefusalReason::BrokenOff,
        ..Self::INTERNAL
    };

    /// No new sockets at the moment.
    pub(super) const fn unavailable(reason: RefusalReason) -> Self {
        let mut refusal = Self::new(reason, StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable\n");
        refusal.hint = Some(Hint::Later);
        refusal
    }

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
            Some(Hint::Get) => {
                headers.insert(ALLOW, HeaderValue::from_static("GET"));
            }
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

    const fn new(reason: RefusalReason, status: StatusCode, body: &'static str) -> Self {
        Self {
            reason,
            status,
            body,
            hint: None,
        }
    }
}

/// Why a request below the base URL was answered with an error, or a client not accepted, as
/// [`ServerStats`](crate::ServerStats) counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefusalReason {
    /// [`Origins`](crate::Origins) don't let the page in.
    Origin,
    /// The request is none that Glue understands.
    BadRequest,
    /// An Ajax request of a session that is not there any more, or never was here: many of them are a sign that a load
    /// balancer sends a client's requests to several servers. A poll that a newer one replaces counts as well.
    UnknownSession,
    /// The body was larger than a message may be, or than the request needs.
    TooLarge,
    /// The body came too slowly.
    TimedOut,
    /// The connection was lost before the end of the body.
    BrokenOff,
    /// The application blocks new sockets.
    Blocked,
    /// The server is shutting down.
    ShuttingDown,
    /// There are as many sockets as [`ServerLimits::sockets`](crate::ServerLimits::sockets) allows.
    Sockets,
    /// There are as many sockets of the client's address as
    /// [`ServerLimits::sockets_per_address`](crate::ServerLimits::sockets_per_address) allows.
    SocketsPerAddress,
    /// The handler of [`ServerBuilder::authorize`](crate::ServerBuilder::authorize) has refused the client: in its session,
    /// not by the status of an answer.
    Unauthorized,
    /// The server failed: the operating system gave no random numbers.
    Internal,
}

impl std::fmt::Display for RefusalReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Origin => "origin not admitted",
            Self::BadRequest => "bad request",
            Self::UnknownSession => "no such session",
            Self::TooLarge => "body too large",
            Self::TimedOut => "body too slow",
            Self::BrokenOff => "body broke off",
            Self::Blocked => "new sockets are blocked",
            Self::ShuttingDown => "server is shutting down",
            Self::Sockets => "too many sockets",
            Self::SocketsPerAddress => "too many sockets of one address",
            Self::Unauthorized => "refused by the application",
            Self::Internal => "internal error",
        })
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
            (Refusal::METHOD, 405, "Method not allowed\n", Some((ALLOW, "GET"))),
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
                Refusal::unavailable(RefusalReason::Blocked),
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
