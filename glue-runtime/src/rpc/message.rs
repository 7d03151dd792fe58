//! The messages of a channel: plain enums that `#[glue::channel]` writes, coded by the traits below.
//!
//! Generated code holds names and types only; reading and writing lives in [`super::args`] and [`super::codec`], so that
//! a correction there needs no new expansion.

use super::args;
use super::caller::OnLoss;
use super::codec::{self, Codec};

/// The calls and notifications of one channel: what a client asks for.
pub trait CallMessage: Sized + Send + 'static {
    /// Reads a call of `method` from its arguments, one JSON object by parameter name.
    ///
    /// Parameters may come in any order, unknown ones are ignored and a missing `Option` is `None`.
    ///
    /// # Errors
    /// Fails if the channel has no such method, or with the parameter that doesn't fit.
    fn decode(method: &str, args: &str) -> Result<Self, CallDecodeError>;

    /// Returns the wire name of the method.
    fn method(&self) -> &'static str;

    /// Returns how the method answers.
    fn kind(&self) -> CallKind;

    /// Returns whether the method runs to its end when its caller leaves: `#[glue(no_cancel)]`, `#[glue(blocking)]`.
    fn runs_to_end(&self) -> bool {
        false
    }

    /// Returns what becomes of the call when its session ends: `#[glue(idempotent)]` and `#[glue(resume_from = …)]`.
    fn on_loss(&self) -> OnLoss {
        OnLoss::Fail
    }

    /// Appends the arguments to `out` as one JSON object.
    ///
    /// # Errors
    /// Fails if JSON can't hold an argument; `out` is then unchanged.
    fn encode_args(&self, out: &mut String) -> Result<(), EncodeError>;
}

/// The answers and stream items of one channel.
pub trait ReplyMessage: Sized + Send + 'static {
    /// Returns the wire name of the method that is answered.
    fn method(&self) -> &'static str;

    /// Appends the value, or the application's error, to `out` as JSON and says which one it was.
    ///
    /// # Errors
    /// Fails if JSON can't hold the value; `out` is then unchanged.
    fn encode(&self, out: &mut String) -> Result<ReplyKind, EncodeError>;
}

/// The events of one channel, from server to client.
pub trait EventMessage: Sized + Send + 'static {
    /// The wire name of the channel.
    const CHANNEL: &'static str;

    /// Returns the wire name of the event.
    fn name(&self) -> &'static str;

    /// Appends the event's arguments to `out` as one JSON object.
    ///
    /// # Errors
    /// Fails if JSON can't hold an argument; `out` is then unchanged.
    fn encode(&self, out: &mut String) -> Result<(), EncodeError>;

    /// Reads an event; `None` if the channel has no event of this name.
    ///
    /// # Errors
    /// Fails with the argument that doesn't fit.
    fn decode(name: &str, args: &str) -> Result<Option<Self>, ArgsError>;
}

/// How a method answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallKind {
    /// With one value or error.
    Call,
    /// Not at all.
    Notification,
    /// With items, then an end or an error.
    Stream,
    /// With one value or error, and it takes a stream of items.
    ClientStream,
    /// With items, and it takes a stream of items.
    TwoWayStream,
}

impl CallKind {
    /// Returns whether the method answers with items.
    pub const fn sends_items(self) -> bool {
        matches!(self, Self::Stream | Self::TwoWayStream)
    }

    /// Returns whether the method takes a stream of items.
    pub const fn takes_items(self) -> bool {
        matches!(self, Self::ClientStream | Self::TwoWayStream)
    }
}

/// Which JSON a reply was written as.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReplyKind {
    /// The method's value, or an item of its stream.
    Value,
    /// The `Err` of the method: the `data` of an `application` error.
    ApplicationError,
}

/// Why a call could not be read. The peer is at fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallDecodeError {
    /// The channel has no method of this name; answered as `unimplemented`.
    #[error("the channel has no such method")]
    UnknownMethod,
    /// The arguments don't fit; answered as `invalid_argument` with this message.
    #[error("{message}")]
    InvalidArgument {
        /// Names the method, the parameter, and the place in the JSON text.
        message: String,
    },
}

impl From<ArgsError> for CallDecodeError {
    fn from(ArgsError { message }: ArgsError) -> Self {
        Self::InvalidArgument { message }
    }
}

/// Why the arguments of a call or event could not be read. The peer is at fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ArgsError {
    /// Names the method, the parameter, and the place in the JSON text.
    pub message: String,
}

/// Why a value could not be written as JSON, such as a map whose keys are not strings. We are at fault.
#[derive(Debug, thiserror::Error)]
#[error("{place} cannot be written as JSON: {source}")]
pub struct EncodeError {
    /// What was written: a method's argument or value.
    place: String,
    source: serde_json::Error,
}

impl EncodeError {
    pub(super) fn new(place: String, source: serde_json::Error) -> Self {
        Self { place, source }
    }
}

/// Writes the plain value of `method`.
///
/// # Errors
/// Fails if JSON can't hold the value.
pub fn encode_value<T>(
    method: &str,
    codec: impl Codec<T>,
    value: &T,
    out: &mut String,
) -> Result<ReplyKind, EncodeError> {
    codec::append(out, |out| codec.write(value, out))
        .map_err(|source| EncodeError::new(format!("the value of `{method}`"), source))?;
    Ok(ReplyKind::Value)
}

/// Writes the `Ok` or the `Err` of `method`, without a wrapper around either.
///
/// # Errors
/// Fails if JSON can't hold the value.
pub fn encode_result<T, E>(
    method: &str,
    ok: impl Codec<T>,
    err: impl Codec<E>,
    result: &Result<T, E>,
    out: &mut String,
) -> Result<ReplyKind, EncodeError> {
    match result {
        Ok(value) => encode_value(method, ok, value, out),
        Err(error) => encode_value(method, err, error, out).map(|_| ReplyKind::ApplicationError),
    }
}

/// Reads one of the items that a caller streams to the parameter `param` of `method`; the first has the number 1.
///
/// # Errors
/// Fails if the item isn't of the codec's type.
pub(super) fn read_item<T>(
    method: &str,
    param: &str,
    number: u64,
    codec: impl Codec<T>,
    json: &str,
) -> Result<T, ArgsError> {
    codec.read(json).map_err(|error| {
        let what = args::misfit(param, json, &error);
        ArgsError {
            message: format!("`{method}`: item {number} of `{param}`: {what}"),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpc::codec::json;

    #[test]
    fn a_value_is_written_bare() {
        let mut out = String::from("ok1&");

        let kind = encode_value("post", json::<Vec<u8>>(), &vec![1, 2], &mut out).unwrap();

        assert_eq!((kind, out.as_str()), (ReplyKind::Value, "ok1&[1,2]"));
    }

    #[test]
    fn an_application_error_is_written_bare_and_reported_as_such() {
        let mut out = String::new();

        let result: Result<u64, String> = Err("full".to_owned());
        let kind = encode_result("post", json::<u64>(), json::<String>(), &result, &mut out).unwrap();

        assert_eq!((kind, out.as_str()), (ReplyKind::ApplicationError, r#""full""#));
    }

    #[test]
    fn a_wrong_item_is_named_by_method_parameter_number_and_path() {
        let read = |text| read_item("upload", "chunks", 3, json::<Vec<(u8, bool)>>(), text);

        assert_eq!(read("[[1,true]]"), Ok(vec![(1, true)]));
        assert_eq!(
            read(r#"[[1,true],[2,"x"]]"#).unwrap_err().message,
            "`upload`: item 3 of `chunks`: invalid type: string \"x\", expected a boolean at `chunks[1][1]`"
        );
        assert_eq!(
            read("[").unwrap_err().message,
            "`upload`: item 3 of `chunks`: EOF while parsing a list at `chunks[0]`"
        );
    }

    #[test]
    fn a_value_that_json_cannot_hold_leaves_the_text_unchanged() {
        use std::collections::BTreeMap;
        let mut out = String::from("ok1&");
        let value = BTreeMap::from([(vec![1], 1)]);

        let error = encode_value("list", json::<BTreeMap<Vec<u8>, u8>>(), &value, &mut out).unwrap_err();

        assert_eq!(
            error.to_string(),
            "the value of `list` cannot be written as JSON: key must be a string"
        );
        assert_eq!(out, "ok1&");
    }
}
