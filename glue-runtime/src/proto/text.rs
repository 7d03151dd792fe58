//! The owned text of one message on its way to or from a transport.

/// Cheaply cloned, reference-counted UTF-8.
///
/// It is the WebSocket library's own type, so that a text is neither copied nor validated again between the
/// session and the transport, and a broadcast can share one encoding.
pub(crate) use tungstenite::Utf8Bytes as Text;
