//! The end of a WebSocket, on either side.

/// How far the farewell has come.
#[derive(Clone, Copy, Debug)]
pub(super) enum Closing {
    Open,
    /// The Close frame is buffered.
    Flushing,
    /// It is written: our side of the connection is shut down.
    Ending,
    Ended,
}
