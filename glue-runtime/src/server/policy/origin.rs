//! Which pages may open sockets, by the origin that browsers tell.

use std::fmt;
use std::sync::Arc;

use http::header::{HOST, ORIGIN};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Uri};

/// Pages that may open sockets, by the `Origin` that browsers send, and that may read the answers over HTTP.
///
/// Requests without an origin don't come from a page and pass.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Origins {
    /// Pages of the host that the request goes to; the default, as a browser sends cookies along with any page's request.
    #[default]
    SameHost,
    /// A list replaces the rule of the same host: name your own in it as well.
    ///
    /// Origins are written as browsers do: `https://example.org`, with the port if it isn't the scheme's own.
    List(Vec<String>),
    /// Origins for which a function says so; made by [`Origins::matching`].
    Matching(Arc<dyn Fn(&str) -> bool + Send + Sync>),
    /// All pages, if the application needs no such protection.
    Any,
}

impl Origins {
    /// Asks a function for each origin, written as browsers do: `https://example.org`. It must not block.
    ///
    /// Compare all of it, or parse it: `https://example.org.evil.net` begins like an origin that you may mean to admit.
    pub fn matching(admits: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self::Matching(Arc::new(admits))
    }

    /// Returns what of a list no browser sends, and what to write instead.
    pub(in crate::server) fn check(&self) -> Result<(), String> {
        let Self::List(list) = self else {
            return Ok(());
        };
        if list.is_empty() {
            return Err("the list of origins is empty, so no page could connect".to_owned());
        }
        for origin in list {
            let advice = match origin.split_once("://") {
                _ if origin == "*" => "use `Origins::Any`",
                None => "it begins with its scheme, such as `https://`",
                Some((_, host)) if host.contains('*') => "use `Origins::matching` for patterns",
                Some((_, host)) if host.is_empty() || host.contains(['/', '?', '#', '@']) => {
                    "nothing follows its host and port"
                }
                Some((scheme, host)) if has_default_port(scheme, host) => "browsers leave this port out",
                Some(_) => continue,
            };
            return Err(format!("no browser sends the origin `{origin}`: {advice}"));
        }
        Ok(())
    }

    /// Judges a request by its head.
    pub(in crate::server) fn judge(&self, parts: &Parts) -> Verdict {
        // Of two values a proxy in front may have read the other one.
        let (Ok(origin), Ok(host)) = (single(&parts.headers, &ORIGIN), single(&parts.headers, &HOST)) else {
            return Verdict::Refused;
        };
        let Some(origin) = origin else {
            return Verdict::Own;
        };

        // HTTP/2 tells the host in the request's URI.
        let authority = || {
            parts
                .uri
                .authority()
                .map(|authority| authority.as_str().as_bytes())
        };
        let host = host.map(HeaderValue::as_bytes).or_else(authority);
        let is_own = host.is_some_and(|host| is_of_host(origin, host));
        let is_admitted = match self {
            Self::SameHost => is_own,
            Self::List(list) => list
                .iter()
                .any(|allowed| origin.as_bytes().eq_ignore_ascii_case(allowed.as_bytes())),
            Self::Matching(admits) => origin.to_str().is_ok_and(|origin| admits(origin)),
            Self::Any => true,
        };
        match (is_admitted, is_own) {
            (false, _) => Verdict::Refused,
            (true, true) => Verdict::Own,
            (true, false) => Verdict::Foreign(origin.clone()),
        }
    }
}

impl fmt::Debug for Origins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SameHost => f.write_str("SameHost"),
            Self::List(list) => f.debug_tuple("List").field(list).finish(),
            Self::Matching(_) => f.write_str("Matching"),
            Self::Any => f.write_str("Any"),
        }
    }
}

/// What is thought of a request's origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::server) enum Verdict {
    /// May not go on.
    Refused,
    /// Comes from a page of our own host, or from none.
    Own,
    /// Comes from a page of another host that may go on.
    Foreign(HeaderValue),
}

fn has_default_port(scheme: &str, host: &str) -> bool {
    let default = if scheme.eq_ignore_ascii_case("https") {
        ":443"
    } else {
        ":80"
    };
    host.ends_with(default)
}

/// Returns a header's value, `Err` if there are several.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a HeaderValue>, ()> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        (_, Some(_)) => Err(()),
    }
}

/// Returns whether host and port of an origin are these. The scheme is not compared: TLS may end at a proxy in front.
fn is_of_host(origin: &HeaderValue, host: &[u8]) -> bool {
    let origin: Option<Uri> = origin.to_str().ok().and_then(|origin| origin.parse().ok());
    let authority = origin
        .as_ref()
        .filter(|uri| uri.scheme().is_some())
        .and_then(Uri::authority);
    authority.is_some_and(|authority| host.eq_ignore_ascii_case(authority.as_str().as_bytes()))
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    const HOST_NAME: &str = "chat.example:8080";

    fn parts(uri: &str, headers: &[(HeaderName, &str)]) -> Parts {
        let mut request = Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn judge(origins: &Origins, origin: &str) -> Verdict {
        origins.judge(&parts("/glue/ws", &[(HOST, HOST_NAME), (ORIGIN, origin)]))
    }

    fn foreign(origin: &'static str) -> Verdict {
        Verdict::Foreign(HeaderValue::from_static(origin))
    }

    /// [H-3]
    #[test]
    fn by_default_only_pages_of_the_same_host_and_port_pass() {
        let cases = [
            ("http://chat.example:8080", true),
            ("https://chat.example:8080", true),
            ("http://CHAT.example:8080", true),
            ("http://chat.example", false),
            ("http://chat.example:8081", false),
            ("http://evil.example:8080", false),
            ("http://chat.example:8080.evil.example", false),
            ("http://chat.example:8080@evil.example", false),
            ("http://evil.example@chat.example:8080", false),
            ("chat.example:8080", false),
            ("null", false),
            ("", false),
            ("://", false),
        ];
        for (origin, passes) in cases {
            let expected = if passes { Verdict::Own } else { Verdict::Refused };
            assert_eq!(judge(&Origins::SameHost, origin), expected, "{origin:?}");
        }
    }

    /// [H-3]
    #[test]
    fn requests_without_an_origin_pass() {
        let nothing = Origins::List(Vec::new());

        assert_eq!(
            nothing.judge(&parts("/glue/ws", &[(HOST, HOST_NAME)])),
            Verdict::Own
        );
        assert_eq!(nothing.judge(&parts("/glue/ws", &[])), Verdict::Own);
    }

    /// [H-3]
    #[test]
    fn headers_that_come_twice_are_refused() {
        let origin = (ORIGIN, "http://chat.example:8080");
        let host = (HOST, HOST_NAME);
        let cases = [
            vec![host.clone(), origin.clone(), origin.clone()],
            vec![host.clone(), host.clone(), origin.clone()],
            vec![host.clone(), (HOST, "evil.example"), origin],
            vec![host, (HOST, "evil.example")],
        ];
        for headers in cases {
            let found = Origins::Any.judge(&parts("/glue/ws", &headers));
            assert_eq!(found, Verdict::Refused, "{headers:?}");
        }
    }

    /// [H-3]
    #[test]
    fn the_host_of_the_uri_stands_in_for_a_missing_header() {
        let origin = (ORIGIN, "https://chat.example");
        let cases = [
            ("https://chat.example/glue/ws", None, Verdict::Own),
            ("https://other.example/glue/ws", None, Verdict::Refused),
            (
                "https://chat.example/glue/ws",
                Some("other.example"),
                Verdict::Refused,
            ),
            ("/glue/ws", None, Verdict::Refused),
        ];
        for (uri, host, expected) in cases {
            let mut headers = vec![origin.clone()];
            headers.extend(host.map(|host| (HOST, host)));
            assert_eq!(
                Origins::SameHost.judge(&parts(uri, &headers)),
                expected,
                "{uri} {host:?}"
            );
        }
    }

    #[test]
    fn a_list_admits_its_origins_only() {
        let list = Origins::List(vec!["https://app.example".to_owned()]);

        assert_eq!(
            judge(&list, "https://app.example"),
            foreign("https://app.example")
        );
        assert_eq!(
            judge(&list, "https://APP.example"),
            foreign("https://APP.example")
        );
        assert_eq!(judge(&list, "http://app.example"), Verdict::Refused);
        assert_eq!(judge(&list, "http://chat.example:8080"), Verdict::Refused);
    }

    #[test]
    fn a_function_decides_on_each_origin() {
        let matching = Origins::matching(|origin| origin.ends_with(".app.example") || origin == "null");

        assert_eq!(
            judge(&matching, "https://a.app.example"),
            foreign("https://a.app.example")
        );
        assert_eq!(judge(&matching, "null"), foreign("null"));
        assert_eq!(judge(&matching, "http://chat.example:8080"), Verdict::Refused);
        assert_eq!(judge(&matching, "https://é.app.example"), Verdict::Refused);
    }

    #[test]
    fn any_admits_all_and_tells_own_from_foreign() {
        assert_eq!(judge(&Origins::Any, "null"), foreign("null"));
        assert_eq!(
            judge(&Origins::Any, "https://app.example"),
            foreign("https://app.example")
        );
        assert_eq!(judge(&Origins::Any, "http://chat.example:8080"), Verdict::Own);
    }

    #[test]
    fn what_no_browser_sends_is_refused_in_a_list() {
        let good = [
            "https://app.example",
            "http://localhost:5173",
            "HTTPS://App.Example:8443",
        ];
        let bad = [
            "*",
            "app.example",
            "https://app.example/",
            "https://*.example",
            "https://app.example:443",
            "http://app.example:80",
            "https://",
        ];
        let check = |origin: &str| Origins::List(vec![origin.to_owned()]).check();

        for origin in good {
            assert_eq!(check(origin), Ok(()), "{origin}");
        }
        for origin in bad {
            let problem = check(origin).unwrap_err();
            assert!(problem.contains(&format!("`{origin}`")), "{problem}");
        }
        assert!(Origins::List(Vec::new()).check().is_err());
    }
}
