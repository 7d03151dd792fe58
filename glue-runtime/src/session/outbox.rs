//! The one place through which outgoing messages pass.
//!
//! Control frames go ahead of data, so that a ping is never stuck behind it. Resume (numbers, acknowledgements, replay)
//! will live here, below calls, streams and raw channels, so that nothing can bypass it.

use std::collections::VecDeque;

use crate::proto::frame::Frame;
use crate::proto::text::Text;

/// Messages that wait for the link.
///
/// It has no bound of its own: at `Limits::send_bytes` (`Session::is_congested`) calls are not polled, handles wait and
/// the peer, whose messages cause control frames, is not read.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    control: VecDeque<Text>,
    data: VecDeque<Text>,
    /// Bytes that wait.
    bytes: usize,
}

impl Outbox {
    /// Queues a control frame, ahead of all data.
    pub(crate) fn push_control(&mut self, frame: Frame<'_>) {
        let text = match frame {
            Frame::Init(_) | Frame::ChannelData(_) => frame.encode().into(),
            Frame::Ping | Frame::Pong | Frame::Close | Frame::Invalid | Frame::DontReconnect => {
                Text::from_static(frame.command())
            }
        };
        self.bytes += text.len();
        self.control.push_back(text);
    }

    /// Queues a finished channel-data message.
    pub(crate) fn push_data(&mut self, text: Text) {
        self.bytes += text.len();
        self.data.push_back(text);
    }

    /// Takes the next message.
    pub(crate) fn pop(&mut self) -> Option<Text> {
        let text = self.control.pop_front().or_else(|| self.data.pop_front())?;
        self.bytes -= text.len();
        if self.data.is_empty() {
            // A burst must not leave its queue behind in an idle socket.
            self.data.shrink_to(IDLE_CAPACITY);
        }
        Some(text)
    }

    /// Returns the bytes that wait.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.control.is_empty() && self.data.is_empty()
    }
}

/// Messages for which an idle outbox keeps room; 16 in flight are common and cost 512 bytes.
const IDLE_CAPACITY: usize = 16;
