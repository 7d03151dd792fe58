//! Errors of typed calls.

use std::convert::Infallible;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::proto::code::Code;

/// Why a call or a stream failed, as it crosses the wire.
#[derive(Clone, Debug)]
pub struct RpcError {
    code: Code,
    message: String,
    data: Option<Box<RawValue>>,
}

impl RpcError {
    /// Creates an error for the peer. The message goes over the wire: nothing in it may be a secret.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            data: None,
        }
    }

    /// Returns what a caller learns of a failure on the other side.
    pub(crate) fn internal() -> Self {
        Self::new(Code::Internal, "internal error")
    }

    /// Returns the kind of failure.
    pub const fn code(&self) -> Code {
        self.code
    }

    /// Returns what happened, for people.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns the JSON that came with the error: the method's own error under [`Code::Application`].
    pub fn data(&self) -> Option<&str> {
        self.data.as_deref().map(RawValue::get)
    }

    pub(crate) fn with_data(self, data: Option<Box<RawValue>>) -> Self {
        Self { data, ..self }
    }

    /// Reads an error from the wire; one that can't be read is [`Code::Internal`].
    pub(crate) fn decode(json: &str) -> Self {
        #[derive(Deserialize)]
        struct Wire {
            code: String,
            #[serde(default)]
            message: String,
            #[serde(default)]
            data: Option<Box<RawValue>>,
        }

        match serde_json::from_str::<Wire>(json) {
            Ok(Wire { code, message, data }) => Self {
                code: Code::from_wire(&code).unwrap_or(Code::Internal),
                message,
                data,
            },
            Err(_) => Self::new(Code::Internal, "the peer's error could not be read"),
        }
    }

    /// Appends the error as JSON.
    pub(crate) fn encode(&self, out: &mut String) {
        #[derive(Serialize)]
        struct Wire<'a> {
            code: &'a str,
            message: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            data: Option<&'a RawValue>,
        }

        let wire = Wire {
            code: self.code.as_str(),
            message: &self.message,
            data: self.data.as_deref(),
        };
        let json = serde_json::to_string(&wire).expect("two texts and finished JSON are JSON");
        out.push_str(&json);
    }
}

impl fmt::Display for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for RpcError {}

/// What a method of a generated client fails with: its own error, or a failure of the call.
#[derive(Clone, Debug)]
pub enum CallError<E = Infallible> {
    /// The method returned this error.
    Application(E),
    /// The call itself failed.
    Rpc(RpcError),
}

impl<E: fmt::Display> fmt::Display for CallError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Application(error) => error.fmt(f),
            Self::Rpc(error) => error.fmt(f),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> std::error::Error for CallError<E> {}

impl<E> From<RpcError> for CallError<E> {
    fn from(error: RpcError) -> Self {
        Self::Rpc(error)
    }
}
