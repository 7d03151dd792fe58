//! Glue frames: a two-letter command and its data.

use thiserror::Error;

/// One message of the Glue socket protocol, borrowed from its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Frame<'a> {
    /// `in`: starts the session; the JSON text of either side's init.
    Init(&'a str),
    /// `pi`: answered with [`Frame::Pong`].
    Ping,
    /// `po`: only its arrival counts.
    Pong,
    /// `cl`: the sender ends the session.
    Close,
    /// `iv`: the receiver's last command was not understood.
    Invalid,
    /// `dr`: the client must not reconnect by itself.
    DontReconnect,
    /// `cd`: channel data, still in its length-prefixed form.
    ChannelData(&'a str),
    /// `ba`: many messages in one, for peers that have agreed on it; unknown to all others.
    Batch(&'a str),
    /// `ak`: all channel data through this number was taken in, for peers that have agreed on resume.
    Ack(&'a str),
    /// `nu`: the number of the next channel data, likewise.
    Number(&'a str),
    /// `dn`: the server's sockets are to leave within so many milliseconds; a client's answer that it begins nothing any more. For
    /// peers that have agreed on it.
    Drain(&'a str),
}

impl<'a> Frame<'a> {
    /// Reads one message.
    pub(crate) fn decode(text: &'a str) -> Result<Self, FrameError> {
        let bytes = text.as_bytes();
        let (Some(&first), Some(&second)) = (bytes.first(), bytes.get(1)) else {
            return Err(FrameError::TooShort);
        };
        // Commands are ASCII, so behind one that is known byte 2 starts a character.
        let data = || text.get(2..).unwrap_or_default();

        Ok(match &[first, second] {
            b"cd" => Self::ChannelData(data()),
            b"pi" => Self::Ping,
            b"po" => Self::Pong,
            b"in" => Self::Init(data()),
            b"cl" => Self::Close,
            b"iv" => Self::Invalid,
            b"dr" => Self::DontReconnect,
            b"ba" => Self::Batch(data()),
            b"ak" => Self::Ack(data()),
            b"nu" => Self::Number(data()),
            b"dn" => Self::Drain(data()),
            _ => return Err(FrameError::UnknownCommand),
        })
    }

    /// Writes the message.
    pub(crate) fn encode(self) -> String {
        let data = match self {
            Self::Init(data)
            | Self::ChannelData(data)
            | Self::Batch(data)
            | Self::Ack(data)
            | Self::Number(data)
            | Self::Drain(data) => data,
            Self::Ping | Self::Pong | Self::Close | Self::Invalid | Self::DontReconnect => "",
        };
        [self.command(), data].concat()
    }

    /// Returns a message as logs may show it: what is in an `in` may be a secret.
    pub(crate) fn loggable(text: &str) -> &str {
        match text.get(..2) {
            Some("in") => "in…",
            _ => text,
        }
    }

    /// Returns the two letters on the wire.
    pub(crate) const fn command(self) -> &'static str {
        match self {
            Self::Init(_) => "in",
            Self::Ping => "pi",
            Self::Pong => "po",
            Self::Close => "cl",
            Self::Invalid => "iv",
            Self::DontReconnect => "dr",
            Self::ChannelData(_) => CHANNEL_DATA,
            Self::Batch(_) => BATCH,
            Self::Ack(_) => ACK,
            Self::Number(_) => NUMBER,
            Self::Drain(_) => "dn",
        }
    }
}

/// Why a message is not a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum FrameError {
    /// Fewer than the two bytes of a command; the original server died of it.
    #[error("message shorter than a command")]
    TooShort,
    /// The first two bytes are no command of ours.
    #[error("unknown command")]
    UnknownCommand,
}

/// Command of channel data, which is written in front of a channel's name without a [`Frame`] in between.
pub(crate) const CHANNEL_DATA: &str = "cd";

/// Command of a container, which is written in front of its messages.
pub(crate) const BATCH: &str = "ba";

/// Command of an acknowledgement.
pub(crate) const ACK: &str = "ak";

/// Command of the number of what follows.
pub(crate) const NUMBER: &str = "nu";
