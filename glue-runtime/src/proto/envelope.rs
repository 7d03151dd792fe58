//! RPC envelopes: what typed calls say inside the data of a channel message.
//!
//! `kind [id] *(";" key "=" value) "&" rest`. The head is not JSON, so one scan for `&` finds the JSON, which is then
//! parsed once, straight into the typed value.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use thiserror::Error;

use super::limits::{MAX_CREDIT, MAX_PARAMS};
use super::number;

/// One unit of a typed exchange, borrowed from its text. Every `json` is raw: it has not been looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Envelope<'a> {
    /// `hi`: greeting, without an answer of its own.
    Hello { json: &'a str },
    /// `rq`: a call or the start of a stream.
    Request {
        id: u64,
        terms: Terms<'a>,
        method: &'a str,
        json: &'a str,
    },
    /// `nt`: a call that is never answered.
    Notification {
        trace: Option<&'a str>,
        method: &'a str,
        json: &'a str,
    },
    /// `ok`: the call's value; ends the exchange.
    Ok { id: u64, json: &'a str },
    /// `er`: the call or the stream failed; ends the exchange.
    Error { id: u64, json: &'a str },
    /// `it`: one item of a stream.
    Item { id: u64, json: &'a str },
    /// `en`: the stream ended well.
    End { id: u64 },
    /// `cr`: so many more items may be sent.
    Credit { id: u64, items: u32 },
    /// `ca`: the exchange is given up.
    Cancel { id: u64 },
    /// `ev`: an event of the server.
    Event { event: &'a str, json: &'a str },
}

/// The parameters of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Terms<'a> {
    /// Items that may be sent to the caller at first; 0 for none.
    pub(crate) credit: u32,
    /// Milliseconds that the caller waits, 1 to 2^31-1.
    pub(crate) timeout: Option<u32>,
    /// The caller's trace context as it stands: W3C's `traceparent`, if it is one.
    pub(crate) trace: Option<&'a str>,
}

impl<'a> Envelope<'a> {
    /// Reads one envelope.
    pub(crate) fn decode(text: &'a str) -> Result<Self, EnvelopeError> {
        let kind = Kind::decode(text)?;
        let (Head { id, terms }, rest) = Head::split(kind, text.get(2..).unwrap_or_default())?;

        Ok(match kind {
            Kind::Hello => Self::Hello { json: json(rest)? },
            Kind::Request => {
                let (method, json) = split_name(rest)?;
                Self::Request {
                    id,
                    terms,
                    method,
                    json,
                }
            }
            Kind::Notification => {
                let (method, json) = split_name(rest)?;
                let trace = terms.trace;
                Self::Notification { trace, method, json }
            }
            Kind::Event => {
                let (event, json) = split_name(rest)?;
                Self::Event { event, json }
            }
            Kind::Ok => Self::Ok {
                id,
                json: json(rest)?,
            },
            Kind::Error => Self::Error {
                id,
                json: json(rest)?,
            },
            Kind::Item => Self::Item {
                id,
                json: json(rest)?,
            },
            Kind::End => Self::End { id },
            Kind::Cancel => Self::Cancel { id },
            Kind::Credit => Self::Credit {
                id,
                items: decode_small(rest).ok_or(EnvelopeError::BadCredit)?,
            },
        })
    }

    /// Returns the exchange that the envelope carries on, if it opens none.
    pub(crate) fn follows(&self) -> Option<u64> {
        match *self {
            Self::Ok { id, .. }
            | Self::Error { id, .. }
            | Self::Item { id, .. }
            | Self::End { id }
            | Self::Credit { id, .. }
            | Self::Cancel { id } => Some(id),
            Self::Hello { .. } | Self::Request { .. } | Self::Notification { .. } | Self::Event { .. } => {
                None
            }
        }
    }

    /// Writes the envelope behind what is in `out`.
    pub(crate) fn encode(self, out: &mut String) {
        match self {
            Self::Hello { json } => push(out, &["hi&", json]),
            Self::Request {
                id,
                terms,
                method,
                json,
            } => {
                push_head(out, Kind::Request, id);
                terms.encode(out);
                push(out, &["&", method, "&", json]);
            }
            Self::Notification { trace, method, json } => {
                out.push_str("nt");
                let terms = Terms {
                    trace,
                    ..Terms::default()
                };
                terms.encode(out);
                push(out, &["&", method, "&", json]);
            }
            Self::Ok { id, json } => push_json(out, Kind::Ok, id, json),
            Self::Error { id, json } => push_json(out, Kind::Error, id, json),
            Self::Item { id, json } => push_json(out, Kind::Item, id, json),
            Self::End { id } => push_json(out, Kind::End, id, ""),
            Self::Cancel { id } => push_json(out, Kind::Cancel, id, ""),
            Self::Credit { id, items } => {
                begin(out, Kind::Credit, id);
                number::push(out, items.into());
            }
            Self::Event { event, json } => push(out, &["ev&", event, "&", json]),
        }
    }
}

impl Terms<'_> {
    fn encode(self, out: &mut String) {
        if self.credit > 0 {
            out.push_str(";c=");
            number::push(out, self.credit.into());
        }
        if let Some(timeout) = self.timeout {
            out.push_str(";t=");
            number::push(out, timeout.into());
        }
        if let Some(trace) = self.trace {
            push(out, &[";tp=", trace]);
        }
    }
}

/// Why a text is not an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum EnvelopeError {
    /// The first two letters are no kind.
    #[error("unknown kind")]
    UnknownKind,
    /// There is no `&`, or no second one behind a method's or event's name.
    #[error("no body")]
    NoBody,
    /// The id is not a decimal number from 1 to 2^53-1 without leading zeros.
    #[error("bad id")]
    BadId,
    /// The kind needs an id.
    #[error("missing id")]
    MissingId,
    /// The kind has no id.
    #[error("unexpected id")]
    UnexpectedId,
    /// A parameter is not `key=value`, its value is malformed, or there are more than 16.
    #[error("bad parameter")]
    BadParam,
    /// A parameter stands twice.
    #[error("duplicate parameter")]
    DuplicateParam,
    /// The name of a method or event is not `[A-Za-z_][A-Za-z0-9_]*`.
    #[error("bad method or event name")]
    BadMethod,
    /// The number of items is not a decimal number from 1 to 2^31-1.
    #[error("bad credit")]
    BadCredit,
}

/// The two letters in front of an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Hello,
    Request,
    Notification,
    Ok,
    Error,
    Item,
    End,
    Credit,
    Cancel,
    Event,
}

impl Kind {
    fn decode(text: &str) -> Result<Self, EnvelopeError> {
        Ok(match text.as_bytes() {
            [b'r', b'q', ..] => Self::Request,
            [b'o', b'k', ..] => Self::Ok,
            [b'i', b't', ..] => Self::Item,
            [b'c', b'r', ..] => Self::Credit,
            [b'e', b'n', ..] => Self::End,
            [b'c', b'a', ..] => Self::Cancel,
            [b'e', b'v', ..] => Self::Event,
            [b'n', b't', ..] => Self::Notification,
            [b'e', b'r', ..] => Self::Error,
            [b'h', b'i', ..] => Self::Hello,
            _ => return Err(EnvelopeError::UnknownKind),
        })
    }

    /// Returns the two letters.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Hello => "hi",
            Self::Request => "rq",
            Self::Notification => "nt",
            Self::Ok => "ok",
            Self::Error => "er",
            Self::Item => "it",
            Self::End => "en",
            Self::Credit => "cr",
            Self::Cancel => "ca",
            Self::Event => "ev",
        }
    }

    /// Returns whether envelopes of this kind belong to an exchange.
    const fn has_id(self) -> bool {
        !matches!(self, Self::Hello | Self::Notification | Self::Event)
    }
}

/// Returns the exchange that an envelope answers, be the rest of it as it may; `None` for what is no answer.
pub(crate) fn answered(text: &str) -> Option<u64> {
    let kind = Kind::decode(text).ok()?;
    let rest = text.get(2..)?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let id = rest.get(..digits)?.parse().ok()?;
    matches!(kind, Kind::Ok | Kind::Error | Kind::Item | Kind::End).then_some(id)
}

/// Writes `<kind><id>&`, behind which the caller puts the JSON.
pub(crate) fn begin(out: &mut String, kind: Kind, id: u64) {
    push_head(out, kind, id);
    out.push('&');
}

/// Returns whether `name` may name a method or an event.
pub(crate) fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// What stands between the kind and the first `&`.
struct Head<'a> {
    /// 0 for a kind without an id.
    id: u64,
    terms: Terms<'a>,
}

impl<'a> Head<'a> {
    /// Reads what stands in front of the first `&`, and returns what stands behind that.
    fn split(kind: Kind, text: &'a str) -> Result<(Self, &'a str), EnvelopeError> {
        // Most heads are an id and nothing else.
        if kind.has_id()
            && let Some((id @ 1.., rest)) = number::split(text)
            && let Some(rest) = behind_separator(rest)
        {
            let terms = Terms::default();
            return Ok((Self { id, terms }, rest));
        }
        let (head, rest) = text.split_once('&').ok_or(EnvelopeError::NoBody)?;
        Ok((Self::decode(kind, head)?, rest))
    }

    fn decode(kind: Kind, text: &'a str) -> Result<Self, EnvelopeError> {
        let (id, params) = match text.split_once(';') {
            Some((id, params)) => (id, Some(params)),
            None => (text, None),
        };
        let id = match (kind.has_id(), id.is_empty()) {
            (true, false) => decode_id(id).ok_or(EnvelopeError::BadId)?,
            (true, true) => return Err(EnvelopeError::MissingId),
            (false, true) => 0,
            (false, false) => return Err(EnvelopeError::UnexpectedId),
        };
        let terms = match params {
            Some(params) => decode_params(kind, params)?,
            None => Terms::default(),
        };
        Ok(Self { id, terms })
    }
}

/// Reads the parameters and returns those that we use.
fn decode_params(kind: Kind, text: &str) -> Result<Terms<'_>, EnvelopeError> {
    let mut terms = Terms::default();
    let mut start = 0;
    for (index, param) in text.split(';').enumerate() {
        if index >= MAX_PARAMS {
            return Err(EnvelopeError::BadParam);
        }
        let (key, raw) = param.split_once('=').ok_or(EnvelopeError::BadParam)?;
        let is_key = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_lowercase());
        let value = decode_value(raw)
            .filter(|_| is_key)
            .ok_or(EnvelopeError::BadParam)?;
        // Heads are short, so looking back beats keeping a set.
        let before = text.get(..start).unwrap_or_default();
        if before
            .split(';')
            .any(|other| other.split_once('=').is_some_and(|(other, _)| other == key))
        {
            return Err(EnvelopeError::DuplicateParam);
        }
        match (key, kind) {
            ("c", Kind::Request) => {
                terms.credit = decode_small(&value).ok_or(EnvelopeError::BadCredit)?;
            }
            ("t", Kind::Request) => {
                terms.timeout = Some(decode_small(&value).ok_or(EnvelopeError::BadParam)?);
            }
            // None of its characters needs an escape, so one with escapes is no trace context.
            ("tp", Kind::Request | Kind::Notification) => terms.trace = Some(raw),
            _ => {}
        }
        start += param.len() + 1;
    }
    Ok(terms)
}

/// Reads a value: printable ASCII, in which `%` and two hexadecimal digits stand for a byte.
fn decode_value(value: &str) -> Option<Cow<'_, str>> {
    let bytes = value.as_bytes();
    let is_plain = bytes.iter().all(|&byte| byte.is_ascii_graphic() && byte != b'=');
    let is_escaped = bytes.iter().enumerate().filter(|&(_, &byte)| byte == b'%').all(|(index, _)| {
        matches!(bytes.get(index + 1..index + 3), Some([high, low]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
    });
    if is_plain && is_escaped {
        percent_decode_str(value).decode_utf8().ok()
    } else {
        None
    }
}

/// Splits `<name>&<json>`.
fn split_name(rest: &str) -> Result<(&str, &str), EnvelopeError> {
    // A plain loop, as names are too short for a search to pay.
    let end = rest.bytes().position(|byte| byte == b'&');
    let (name, rest) = end
        .and_then(|end| Some((rest.get(..end)?, rest.get(end + 1..)?)))
        .ok_or(EnvelopeError::NoBody)?;
    if is_name(name) {
        Ok((name, json(rest)?))
    } else {
        Err(EnvelopeError::BadMethod)
    }
}

/// Returns what stands behind the `&` that `rest` begins with.
fn behind_separator(rest: &str) -> Option<&str> {
    if rest.as_bytes().first() == Some(&b'&') {
        rest.get(1..)
    } else {
        None
    }
}

/// Takes the JSON text, of which only its being there is checked.
fn json(rest: &str) -> Result<&str, EnvelopeError> {
    if rest.is_empty() {
        Err(EnvelopeError::NoBody)
    } else {
        Ok(rest)
    }
}

fn decode_id(text: &str) -> Option<u64> {
    number::decode(text).filter(|&id| id > 0)
}

/// Reads a number from 1 to 2^31-1: a credit or a time.
fn decode_small(text: &str) -> Option<u32> {
    number::decode(text)
        .filter(|items| (1..=u64::from(MAX_CREDIT)).contains(items))?
        .try_into()
        .ok()
}

fn push(out: &mut String, parts: &[&str]) {
    for part in parts {
        out.push_str(part);
    }
}

fn push_head(out: &mut String, kind: Kind, id: u64) {
    out.push_str(kind.as_str());
    number::push(out, id);
}

fn push_json(out: &mut String, kind: Kind, id: u64, json: &str) {
    begin(out, kind, id);
    out.push_str(json);
}
