//! What a request asks for: a pure reading of its head.

use std::net::IpAddr;

use http::header::{CONNECTION, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Version};
use percent_encoding::percent_decode_str;

use super::policy::{Cors, Policy, Verdict, is_preflight};
use super::refusal::Refusal;

/// What is known of a request by its head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decision {
    pub(super) route: Route,
    /// From where it comes, as far as can be believed.
    pub(super) address: Option<IpAddr>,
    /// For its answer, whichever that will be.
    pub(super) cors: Cors,
}

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// Upgrade to a WebSocket with this key.
    WebSocket { key: HeaderValue },
    /// Make the request's stream a WebSocket (RFC 8441).
    #[cfg(feature = "http2")]
    WebSocketOverHttp2,
    /// Read the body: a request of the Ajax transport.
    Ajax,
    /// Tell a browser what a page may send.
    Preflight,
    /// Answer with an error.
    Refused(Refusal),
    /// Not under the base URL: somebody else's.
    Elsewhere,
}

/// Reads the head of a request. `base_url` begins and ends with a slash; `peer` is the address of the connection, which those
/// over a Unix socket don't have.
pub(super) fn route(parts: &Parts, base_url: &str, policy: &Policy, peer: Option<IpAddr>) -> Decision {
    let address = policy.proxies.client(peer, &parts.headers);
    let path = percent_decode_str(parts.uri.path()).decode_utf8_lossy();
    let Some(endpoint) = path.strip_prefix(base_url) else {
        return Decision {
            route: Route::Elsewhere,
            address,
            cors: Cors::default(),
        };
    };

    let verdict = policy.origins.judge(parts);
    let route = match endpoint {
        _ if verdict == Verdict::Refused => Route::Refused(Refusal::ORIGIN),
        "ws" | "ajax" if is_preflight(parts) => Route::Preflight,
        "ws" => websocket(parts),
        "ajax" if parts.method == Method::POST => Route::Ajax,
        "ajax" => Route::Refused(Refusal::BAD_REQUEST),
        _ => Route::Refused(Refusal::PATH),
    };
    Decision {
        cors: Cors::new(verdict, route == Route::Preflight),
        route,
        address,
    }
}

fn websocket(parts: &Parts) -> Route {
    #[cfg(feature = "http2")]
    if is_extended_connect(parts) {
        return if is_version(&parts.headers) {
            Route::WebSocketOverHttp2
        } else {
            Route::Refused(Refusal::NO_UPGRADE)
        };
    }
    if parts.method != Method::GET {
        return Route::Refused(Refusal::METHOD);
    }
    match upgrade_key(&parts.headers) {
        // In any other version an `Upgrade` is to be ignored (RFC 9110, 7.8).
        Some(key) if parts.version == Version::HTTP_11 => Route::WebSocket { key: key.clone() },
        _ => Route::Refused(Refusal::NO_UPGRADE),
    }
}

/// Returns whether this is an extended CONNECT for a WebSocket. It has no key and no `Upgrade`: HTTP/2 does their work.
#[cfg(feature = "http2")]
fn is_extended_connect(parts: &Parts) -> bool {
    let protocol = parts.extensions.get::<hyper::ext::Protocol>();
    parts.method == Method::CONNECT && protocol.is_some_and(|protocol| protocol.as_str() == "websocket")
}

/// Returns the key of a valid WebSocket handshake.
fn upgrade_key(headers: &HeaderMap) -> Option<&HeaderValue> {
    let is_upgrade = has_token(headers, &CONNECTION, "upgrade") && has_token(headers, &UPGRADE, "websocket");
    let key = headers
        .get(SEC_WEBSOCKET_KEY)
        .filter(|key| !key.as_bytes().trim_ascii().is_empty());
    key.filter(|_| is_upgrade && is_version(headers))
}

fn is_version(headers: &HeaderMap) -> bool {
    headers
        .get(SEC_WEBSOCKET_VERSION)
        .is_some_and(|version| version == "13")
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
    use http::{Request, Response};

    use super::super::policy::{Origins, TrustedProxies};
    use super::*;

    const HANDSHAKE: [(&str, &str); 5] = [
        ("host", "chat.example"),
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];

    /// A request with a handshake's headers, save for those in `headers`; "-" takes one out.
    fn parts(method: &str, path: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().method(method).uri(path);
        let kept = HANDSHAKE
            .iter()
            .filter(|(name, _)| headers.iter().all(|(other, _)| other != name));
        for (name, value) in kept.chain(headers).filter(|(_, value)| *value != "-") {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn decide(parts: &Parts) -> Decision {
        route(parts, "/glue/", &Policy::default(), None)
    }

    fn status(method: &str, path: &str, headers: &[(&str, &str)]) -> u16 {
        match decide(&parts(method, path, headers)).route {
            Route::WebSocket { .. } => 101,
            #[cfg(feature = "http2")]
            Route::WebSocketOverHttp2 => 200,
            Route::Ajax => 200,
            Route::Preflight => 204,
            Route::Refused(refusal) => refusal.status.as_u16(),
            Route::Elsewhere => 404,
        }
    }

    /// [H-1] [H-2]
    #[test]
    fn only_the_exact_endpoints_below_the_base_url_are_served() {
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
            assert_eq!(status("GET", path, &[]), expected, "{path}");
        }
        let cases = [
            ("/glue/ajax", 200),
            ("/glue/ajax?x=1", 200),
            ("/glue/AJAX", 400),
            ("/glue/ajax/", 400),
            ("/glue/x", 400),
            ("/ajax", 404),
        ];
        for (path, expected) in cases {
            assert_eq!(status("POST", path, &[]), expected, "{path}");
        }
    }

    /// [H-4]
    #[test]
    fn other_methods_are_refused() {
        for method in ["POST", "PUT", "HEAD", "OPTIONS", "CONNECT"] {
            assert_eq!(status(method, "/glue/ws", &[]), 405, "{method}");
        }
        for method in ["GET", "PUT", "HEAD", "OPTIONS"] {
            assert_eq!(status(method, "/glue/ajax", &[]), 400, "{method}");
        }
    }

    /// [H-5]
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
        ];
        for (name, value, expected) in cases {
            assert_eq!(
                status("GET", "/glue/ws", &[(name, value)]),
                expected,
                "{name}: {value}"
            );
        }
    }

    /// [H-5]
    #[test]
    fn only_http_1_1_knows_upgrades() {
        for version in [Version::HTTP_10, Version::HTTP_2] {
            let mut parts = parts("GET", "/glue/ws", &[]);
            parts.version = version;

            assert_eq!(
                decide(&parts).route,
                Route::Refused(Refusal::NO_UPGRADE),
                "{version:?}"
            );
        }
    }

    /// [H-3]
    #[test]
    fn the_origin_is_judged_before_anything_else_below_the_base_url() {
        let evil = ("origin", "http://evil.example");
        let asks = ("access-control-request-method", "POST");
        let cases = [
            ("GET", "/glue/ws", 403),
            ("PUT", "/glue/ws", 403),
            ("POST", "/glue/ajax", 403),
            ("GET", "/glue/ajax", 403),
            ("OPTIONS", "/glue/ajax", 403),
            ("GET", "/glue/x", 403),
            ("GET", "/elsewhere", 404),
        ];
        for (method, path, expected) in cases {
            assert_eq!(status(method, path, &[evil, asks]), expected, "{method} {path}");
        }
    }

    /// [H-8]
    #[test]
    fn preflights_are_answered_at_both_endpoints() {
        let own = ("origin", "http://chat.example");
        let asks = ("access-control-request-method", "POST");
        let cases = [
            ("/glue/ajax", vec![own, asks], 204),
            ("/glue/ws", vec![own, asks], 204),
            ("/glue/x", vec![own, asks], 400),
            ("/glue/ajax", vec![own], 400),
            ("/glue/ajax", vec![asks], 400),
            ("/glue/ws", vec![own], 405),
        ];
        for (path, headers, expected) in cases {
            assert_eq!(status("OPTIONS", path, &headers), expected, "{path} {headers:?}");
        }
    }

    /// [H-7] [H-8]
    #[test]
    fn the_headers_for_browsers_fit_the_verdict() {
        let policy = Policy {
            origins: Origins::List(vec!["https://app.example".to_owned()]),
            ..Policy::default()
        };
        let admitted = ("origin", "https://app.example");
        let asks = ("access-control-request-method", "POST");
        let cases = [
            ("GET", "/glue/ws", vec![], Some(["origin", "", ""])),
            (
                "PUT",
                "/glue/ws",
                vec![admitted],
                Some(["origin", "https://app.example", ""]),
            ),
            (
                "GET",
                "/glue/x",
                vec![admitted],
                Some(["origin", "https://app.example", ""]),
            ),
            (
                "OPTIONS",
                "/glue/ajax",
                vec![admitted, asks],
                Some(["origin", "https://app.example", "600"]),
            ),
            (
                "OPTIONS",
                "/glue/ajax",
                vec![("origin", "http://evil.example"), asks],
                Some(["origin", "", ""]),
            ),
            ("GET", "/elsewhere", vec![admitted], None),
        ];
        for (method, path, headers, expected) in cases {
            let decision = route(&parts(method, path, &headers), "/glue/", &policy, None);
            let mut response = Response::new(());
            decision.cors.apply(&mut response);
            let found = ["vary", "access-control-allow-origin", "access-control-max-age"].map(|name| {
                let value = response.headers().get(name);
                value.map_or_else(String::new, |value| value.to_str().unwrap().to_lowercase())
            });
            assert_eq!(found, expected.unwrap_or_default(), "{method} {path} {headers:?}");
        }
    }

    /// [H-10]
    #[test]
    fn the_address_is_what_a_trusted_proxy_says() {
        let policy = Policy {
            proxies: TrustedProxies::new(["10.0.0.1"]).unwrap(),
            ..Policy::default()
        };
        let parts = parts("GET", "/glue/ws", &[("x-forwarded-for", "203.0.113.7")]);
        let address = |peer: &str| {
            let decision = route(&parts, "/glue/", &policy, Some(peer.parse().unwrap()));
            decision.address.unwrap().to_string()
        };

        assert_eq!(address("10.0.0.1"), "203.0.113.7");
        assert_eq!(address("10.0.0.2"), "10.0.0.2");
    }

    /// [H-11]
    #[cfg(feature = "http2")]
    #[test]
    fn a_websocket_over_http2_is_an_extended_connect() {
        let bare = [("connection", "-"), ("upgrade", "-"), ("sec-websocket-key", "-")];
        let other_version = ("sec-websocket-version", "8");
        let evil = ("origin", "https://evil.example");
        let cases = [
            ("CONNECT", Some("websocket"), None, 200),
            ("CONNECT", Some("websocket"), Some(other_version), 400),
            ("CONNECT", Some("websocket"), Some(evil), 403),
            ("CONNECT", Some("connect-udp"), None, 405),
            ("CONNECT", None, None, 405),
            ("GET", None, None, 400),
        ];
        for (method, protocol, header, expected) in cases {
            let headers: Vec<_> = bare.into_iter().chain(header).collect();
            let mut parts = parts(method, "https://chat.example/glue/ws", &headers);
            if let Some(protocol) = protocol {
                parts
                    .extensions
                    .insert(hyper::ext::Protocol::from_static(protocol));
            }
            let found = match decide(&parts).route {
                Route::WebSocketOverHttp2 => 200,
                Route::Refused(refusal) => refusal.status.as_u16(),
                other => panic!("{other:?}"),
            };
            assert_eq!(found, expected, "{method} {protocol:?} {header:?}");
        }
    }
}
