//! What waits in a mailbox to be sent, and what becomes of it while a client has no session.
//!
//! Most of it is finished texts. A typed call is not: its number belongs to a session, so it is written only when the driver
//! of one takes it, and none can slip into a session in which its number means something else.

use super::{Held, Mailbox};
use crate::proto::text::Text;

/// Something to send.
pub(crate) enum Outgoing {
    /// A finished message, good in any session.
    Text(Text),
    /// What is written when a session takes it.
    Late(Box<dyn Late>),
}

/// What can be written only inside of a session. Dropped unwritten when there will be none.
pub(crate) trait Late: Send {
    /// Writes the messages that are due now, if there are any left; none that belongs to a session and has more than `limit`
    /// bytes.
    fn write(self: Box<Self>, limit: usize, send: &mut dyn FnMut(Text, Bond));

    /// Returns what it is known by to [`Mailbox::withdraw`]; zero for what is never withdrawn.
    fn token(&self) -> usize {
        0
    }

    /// Returns whether it is a part of an exchange that is under way, and not the beginning of something.
    fn is_part(&self) -> bool {
        false
    }

    /// There will be no session: returns the message, if its sender is not told otherwise.
    fn into_text(self: Box<Self>) -> Option<Text> {
        None
    }
}

/// Whether a message makes sense in the next session as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bond {
    Free,
    /// It is part of this session.
    Session,
}

impl Outgoing {
    /// Returns a message that will never be sent, to be handed back.
    #[cfg(feature = "client")]
    pub(crate) fn into_text(self) -> Option<Text> {
        match self {
            Self::Text(text) => Some(text),
            Self::Late(late) => late.into_text(),
        }
    }

    /// Returns whether it belongs to an exchange that is under way.
    fn is_part(&self) -> bool {
        match self {
            Self::Text(_) => false,
            Self::Late(late) => late.is_part(),
        }
    }

    #[cfg(test)]
    pub(crate) fn text(&self) -> &Text {
        match self {
            Self::Text(text) => text,
            Self::Late(_) => panic!("it is not written yet"),
        }
    }
}

impl From<Text> for Outgoing {
    fn from(text: Text) -> Self {
        Self::Text(text)
    }
}

impl From<Box<dyn Late>> for Outgoing {
    fn from(late: Box<dyn Late>) -> Self {
        Self::Late(late)
    }
}

impl Mailbox {
    /// Takes back what has been queued under a token and was not taken yet.
    pub(crate) fn withdraw(&self, token: usize) {
        let withdrawn = {
            let mut queues = self.lock();
            let is_meant = |(message, _): &(Outgoing, Held)| matches!(message, Outgoing::Late(late) if late.token() == token);
            let place = queues.messages.iter().position(is_meant);
            place.and_then(|place| queues.messages.remove(place))
        };
        if let Some((_, Held::Space(permits))) = withdrawn {
            self.space.add_permits(permits);
        }
    }

    /// Driver: puts back what a session could not send, ahead of what waits. Its room was given back before: a session takes
    /// no more than may wait, so this doubles at most what may; and calls that are sent again were under way all the time.
    pub(crate) fn put_back(&self, unsent: Vec<Outgoing>) {
        let mut queues = self.lock();
        for message in unsent.into_iter().rev() {
            queues.messages.push_front((message, Held::Space(0)));
        }
    }

    /// Driver: takes the oldest message of an exchange that is under way.
    pub(crate) fn take_part(&self) -> Option<Outgoing> {
        self.take(Outgoing::is_part)
    }

    /// Driver: returns whether something is asked for beside messages that begin something.
    pub(crate) fn has_parts(&self) -> bool {
        let queues = self.lock();
        !queues.urgent.is_empty()
            || !queues.requests.is_empty()
            || queues.ending.is_some()
            || queues.messages.iter().any(|(message, _)| message.is_part())
    }

    /// Driver: returns whether texts wait.
    pub(crate) fn has_texts(&self) -> bool {
        let queues = self.lock();
        queues
            .messages
            .iter()
            .any(|(message, _)| matches!(message, Outgoing::Text(_)))
    }

    /// Driver: takes the texts that wait out, in order, and takes no others until [`Mailbox::resume`].
    pub(crate) fn give_up_texts(&self) -> Vec<Text> {
        let mut given_up = Vec::new();
        let mut room = 0;
        {
            let mut queues = self.lock();
            queues.is_adrift = true;
            for (message, held) in std::mem::take(&mut queues.messages) {
                match (message, held) {
                    (Outgoing::Text(text), Held::Space(permits)) => {
                        given_up.push(text);
                        room += permits;
                    }
                    kept => queues.messages.push_back(kept),
                }
            }
        }
        self.space.add_permits(room);
        given_up
    }

    /// Driver: takes texts again.
    pub(crate) fn resume(&self) {
        self.lock().is_adrift = false;
    }

    /// Driver: takes no longer texts from now on.
    pub(crate) fn bound_texts(&self, bytes: usize) {
        self.lock().max_text = bytes;
    }
}
