//! Which way bytes go.

/// One of the two ways of a connection, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the client to the server.
    ToServer,
    /// From the server to the client.
    ToClient,
    /// Each of both ways.
    Both,
}

impl Direction {
    /// Returns the indices of the ways.
    pub(super) const fn ways(self) -> &'static [usize] {
        match self {
            Self::ToServer => &[TO_SERVER],
            Self::ToClient => &[TO_CLIENT],
            Self::Both => &[TO_SERVER, TO_CLIENT],
        }
    }
}

pub(super) const TO_SERVER: usize = 0;
pub(super) const TO_CLIENT: usize = 1;
