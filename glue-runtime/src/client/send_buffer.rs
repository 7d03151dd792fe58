//! How long what is sent waits for a connection.

use std::pin::Pin;
use std::sync::Arc;
use std::task::Context;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::time::Sleep;

use super::status::Status;
use crate::clock::now;
use crate::mailbox::Mailbox;
use crate::proto::text::Text;

/// Throws away what has waited too long; the time begins with the first message that waits.
pub(super) struct SendBuffer {
    mailbox: Arc<Mailbox>,
    status: Arc<Status>,
    timeout: Duration,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl SendBuffer {
    pub(super) fn new(mailbox: Arc<Mailbox>, status: Arc<Status>, timeout: Duration) -> Self {
        Self {
            mailbox,
            status,
            timeout,
            deadline: None,
        }
    }

    /// Looks at what waits; called whenever something may have been sent.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) {
        if self.status.has_session() {
            self.deadline = None;
            return;
        }
        if self.deadline.is_none() && self.mailbox.has_texts() {
            let deadline = now().checked_add(self.timeout);
            self.deadline = deadline.map(|deadline| Box::pin(tokio::time::sleep_until(deadline.into())));
        }
        if let Some(deadline) = &mut self.deadline
            && deadline.poll_unpin(cx).is_ready()
        {
            self.deadline = None;
            self.discard(Vec::new());
        }
    }

    /// Throws away what waits, behind `unsent`, and tells of it.
    pub(super) fn discard(&self, mut unsent: Vec<Text>) {
        unsent.extend(self.mailbox.give_up_texts());
        if !unsent.is_empty() {
            self.status.discarded(&unsent);
        }
    }
}
