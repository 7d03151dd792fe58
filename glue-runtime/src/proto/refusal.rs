//! Why a client is not accepted.

use std::fmt;

use super::code::Code;

/// Why an application doesn't accept a client: what the client is told.
///
/// Original clients, and others that have not announced that they read refusals, notice the end of the connection and
/// nothing else; those that a refusal keeps away [for good](Refusal::for_good) are told that much in any case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    code: Code,
    message: String,
    /// JSON.
    data: Option<String>,
    is_final: bool,
}

impl Refusal {
    /// Creates a refusal after which the client comes back by itself, in the rhythm in which it reconnects: typically
    /// [`Code::Unauthenticated`], [`Code::PermissionDenied`], [`Code::ResourceExhausted`] or [`Code::Unavailable`]. The
    /// message goes over the wire: nothing in it may be a secret.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            data: None,
            is_final: false,
        }
    }

    /// Tells the client not to come back by itself, as coming back would be pointless.
    #[must_use]
    pub fn for_good(mut self) -> Self {
        self.is_final = true;
        self
    }

    /// Returns the kind of refusal.
    pub const fn code(&self) -> Code {
        self.code
    }

    /// Returns what was wrong, for people.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns the JSON that came with it.
    pub fn data(&self) -> Option<&str> {
        self.data.as_deref()
    }

    /// Returns whether the client must not come back by itself.
    pub const fn is_final(&self) -> bool {
        self.is_final
    }

    pub(crate) fn with_json(self, data: Option<String>) -> Self {
        Self { data, ..self }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Refusal {}
