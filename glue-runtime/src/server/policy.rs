//! Which pages may open sockets: a pure decision on the request's headers.

use http::header::{HOST, ORIGIN};
use http::{HeaderMap, Uri};

/// Pages that may open sockets, by the `Origin` that browsers send. Requests without one don't come from a page and pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origins {
    /// Pages of the host that the request goes to; the default, as a browser sends cookies along with any page's request.
    #[default]
    SameHost,
    /// These origins, written as browsers do: `https://example.org`, with the port if it isn't the scheme's own.
    List(Vec<String>),
    /// All pages, if the application needs no such protection.
    Any,
}

impl Origins {
    /// Returns whether a request with these headers may go on.
    pub(super) fn admits(&self, headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(ORIGIN) else {
            return true;
        };
        match self {
            Self::Any => true,
            Self::List(list) => list
                .iter()
                .any(|allowed| origin.as_bytes().eq_ignore_ascii_case(allowed.as_bytes())),
            Self::SameHost => {
                let origin: Option<Uri> = origin.to_str().ok().and_then(|origin| origin.parse().ok());
                let authority = origin
                    .as_ref()
                    .filter(|uri| uri.scheme().is_some())
                    .and_then(Uri::authority);
                match (authority, headers.get(HOST)) {
                    (Some(authority), Some(host)) => host
                        .as_bytes()
                        .eq_ignore_ascii_case(authority.as_str().as_bytes()),
                    _ => false,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(origins: &Origins, origin: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, "chat.example:8080".parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(ORIGIN, origin.parse().unwrap());
        }
        origins.admits(&headers)
    }

    #[test]
    fn by_default_only_pages_of_the_same_host_and_port_pass() {
        let cases = [
            (None, true),
            (Some("http://chat.example:8080"), true),
            (Some("https://chat.example:8080"), true),
            (Some("http://CHAT.example:8080"), true),
            (Some("http://chat.example"), false),
            (Some("http://chat.example:8081"), false),
            (Some("http://evil.example:8080"), false),
            (Some("chat.example:8080"), false),
            (Some("null"), false),
            (Some(""), false),
            (Some("://"), false),
        ];
        for (origin, expected) in cases {
            assert_eq!(admits(&Origins::SameHost, origin), expected, "{origin:?}");
        }
    }

    #[test]
    fn a_list_admits_its_origins_only() {
        let list = Origins::List(vec!["https://app.example".to_owned()]);

        assert!(admits(&list, Some("https://app.example")));
        assert!(!admits(&list, Some("http://app.example")));
        assert!(!admits(&list, Some("http://chat.example:8080")));
    }
}
