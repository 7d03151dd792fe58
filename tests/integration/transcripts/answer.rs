//! What a server sent, as it is written in recordings, edits and failures.

/// One thing that a server sent. A text stands as it is, everything else begins with a bracket.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) text: String,
    /// The uid and the tokens in it, which no two sessions share and which the text therefore masks.
    pub(super) names: Vec<String>,
}

impl Answer {
    pub(super) fn plain(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            names: Vec::new(),
        }
    }
}

/// Describes an HTTP answer: `[status] header: value; … body`. `host` is the one that was asked, and is masked.
pub(super) fn http(status: u16, headers: &[(String, String)], body: &[u8], host: &str) -> Answer {
    let (names, body) = mask_names(&String::from_utf8_lossy(body));
    let mut lines: Vec<_> = headers
        .iter()
        .map(|(name, value)| (name.to_lowercase(), value.replace(host, "<host>")))
        .filter(|(name, _)| is_judged(name, status, &body))
        .map(|(name, value)| format!(" {name}: {value};"))
        .collect();
    lines.sort_unstable();
    let body = if body.is_empty() { body } else { format!(" {body}") };
    Answer {
        text: format!("[{status}]{}{body}", lines.concat()),
        names,
    }
}

/// Describes a text message.
pub(super) fn text(text: &str) -> Answer {
    Answer::plain(mask_socket_id(text))
}

/// Describes a WebSocket pong.
pub(super) fn pong(payload: &[u8]) -> Answer {
    Answer::plain(format!("[pong {}]", String::from_utf8_lossy(payload)))
}

/// Describes a Close frame.
pub(super) fn close(code: Option<u16>) -> Answer {
    Answer::plain(code.map_or_else(|| "[close]".to_owned(), |code| format!("[close {code}]")))
}

/// Describes the end of the connection.
pub(super) fn end() -> Answer {
    Answer::plain(END)
}

/// Returns whether a header must be the recorded one. Others say nothing about us (`Date`), or clients can't tell (`Content-Type` of
/// messages, which the original guessed from the text).
fn is_judged(name: &str, status: u16, body: &str) -> bool {
    match name {
        "content-type" | "x-content-type-options" => status != 200 || body.is_empty(),
        "content-length" => status == 200 && body.is_empty(),
        "connection" | "upgrade" => status == 101,
        "location" | "retry-after" => true,
        _ => name.starts_with("access-control-") || name.starts_with("sec-websocket-"),
    }
}

/// Masks the names at the front of an Ajax answer, and a socket id behind them.
fn mask_names(body: &str) -> (Vec<String>, String) {
    let is_name =
        |name: &str, length| name.len() == length && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    match body.split_once('&') {
        Some((uid, token)) if is_name(uid, 10) && is_name(token, 7) => {
            (vec![uid.to_owned(), token.to_owned()], STARTED.to_owned())
        }
        Some((token, message)) if is_name(token, 7) => (
            vec![token.to_owned()],
            format!("<token>&{}", mask_socket_id(message)),
        ),
        _ => (Vec::new(), body.to_owned()),
    }
}

/// Replaces a well-formed socket id, which no two sessions share. [I-12]
fn mask_socket_id(text: &str) -> String {
    let id = text
        .strip_prefix(r#"in{"socketID":""#)
        .and_then(|rest| rest.strip_suffix(r#""}"#));
    match id {
        Some(id) if id.len() == 20 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            ACCEPTED.to_owned()
        }
        _ => text.to_owned(),
    }
}

/// The end of the connection.
pub(super) const END: &str = "[end]";
/// The answer to an accepted `in`.
pub(super) const ACCEPTED: &str = r#"in{"socketID":"<id>"}"#;
/// The body that starts an Ajax session.
const STARTED: &str = "<uid>&<token>";
