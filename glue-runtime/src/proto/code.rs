//! Error codes of typed calls: one table.

/// What kind of failure ended a call or a stream (docs/PROTOCOL.md, errors).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Code {
    /// The caller gave up.
    Cancelled,
    /// The call's time ran out.
    DeadlineExceeded,
    /// The arguments don't fit the method; the message names the parameter.
    InvalidArgument,
    /// The peer has no such channel or method.
    Unimplemented,
    /// The session has ended, or there will be none; `data` says whether the peer may have run the call.
    Unavailable,
    /// A limit was reached.
    ResourceExhausted,
    /// The caller has not said who it is.
    Unauthenticated,
    /// The caller may not do this.
    PermissionDenied,
    /// The method panicked, or a value could not be written or read.
    Internal,
    /// The method returned its own error; `data` holds it.
    Application,
    /// The method has changed since the client was generated; `data` holds both hashes.
    StaleClient,
}

impl Code {
    /// Every code, in the order of the table in docs/PROTOCOL.md.
    pub const ALL: [Self; 11] = [
        Self::Cancelled,
        Self::DeadlineExceeded,
        Self::InvalidArgument,
        Self::Unimplemented,
        Self::Unavailable,
        Self::ResourceExhausted,
        Self::Unauthenticated,
        Self::PermissionDenied,
        Self::Internal,
        Self::Application,
        Self::StaleClient,
    ];

    /// Returns the name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::DeadlineExceeded => "deadline_exceeded",
            Self::InvalidArgument => "invalid_argument",
            Self::Unimplemented => "unimplemented",
            Self::Unavailable => "unavailable",
            Self::ResourceExhausted => "resource_exhausted",
            Self::Unauthenticated => "unauthenticated",
            Self::PermissionDenied => "permission_denied",
            Self::Internal => "internal",
            Self::Application => "application",
            Self::StaleClient => "stale_client",
        }
    }

    /// Reads a name from the wire; `None` for one that is not in the table.
    pub fn from_wire(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == name)
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
