//! Broadcasts in a mailbox: they wait in one queue with everything else, so order holds, but are bounded by themselves.
//!
//! They take no permits, as nobody waits for each of a thousand sockets in turn. What the driver has moved on to the
//! session's outbox counts no more, with one exception: an answer takes everything that was sent before along, so a peer
//! that calls and doesn't read could draw backlog after backlog into the outbox. When that holds a whole one beside its own
//! share, nothing more is accepted.

use std::sync::atomic::Ordering;

use super::{Held, Mailbox, Outgoing, Queues};
use crate::proto::limits::MESSAGE_OVERHEAD;
use crate::proto::text::Text;

/// Bytes of the broadcasts that wait in a mailbox.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    bytes: usize,
    /// Part of it that newer broadcasts may push out.
    droppable: usize,
}

/// What became of a broadcast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offered {
    /// It waits in its place; so many older ones were dropped for it.
    Queued { dropped: usize },
    /// There is no room.
    Full,
    /// The socket has ended.
    Ended,
}

impl Mailbox {
    /// Queues a broadcast if there is room, or can be made by dropping the oldest that are droppable; one that `is_droppable`
    /// can be dropped itself. The first always fits.
    pub(crate) fn offer(&self, text: &Text, is_droppable: bool) -> Offered {
        let offered = {
            let mut queues = self.lock();
            if queues.is_refusing || queues.ending.is_some() {
                return Offered::Ended;
            }
            let bound = (!self.is_stuffed()).then_some(self.backlog_bytes);
            queues.offer(text, is_droppable, bound)
        };
        if offered != Offered::Full {
            self.wake_driver();
        }
        offered
    }

    /// Queues a broadcast, waiting for room; returns how many were dropped for it, or `None` if the socket has ended. Cancel
    /// safe.
    pub(crate) async fn offer_patiently(&self, text: &Text) -> Option<usize> {
        loop {
            let room = self.room.notified();
            match self.offer(text, false) {
                Offered::Queued { dropped } => return Some(dropped),
                Offered::Ended => return None,
                Offered::Full => room.await,
            }
        }
    }

    /// Driver: tells how many bytes are left in the session's outbox.
    pub(crate) fn note_unsent(&self, bytes: usize) {
        let was_stuffed = self.is_stuffed();
        self.unsent.store(bytes, Ordering::Relaxed);
        if was_stuffed && !self.is_stuffed() {
            self.room.notify_waiters();
        }
    }

    /// Returns whether the outbox held a whole backlog beside its own share when the driver last looked.
    pub(crate) fn is_stuffed(&self) -> bool {
        self.unsent.load(Ordering::Relaxed) >= self.capacity.saturating_add(self.backlog_bytes)
    }
}

impl Queues {
    /// Queues a broadcast within `bound`; without a bound, only in the place of others.
    fn offer(&mut self, text: &Text, is_droppable: bool, bound: Option<usize>) -> Offered {
        let weight = weight(text);
        let Backlog { bytes, droppable } = self.backlog;
        // More than its own weight needs never go: what is over the bound already isn't its doing.
        let mut excess = match bound {
            None => weight,
            Some(_) if bytes == 0 => 0,
            Some(bound) => bytes.saturating_add(weight).saturating_sub(bound).min(weight),
        };
        if bound.is_some() && bytes == droppable {
            // With all of them gone it would be the first.
            excess = excess.min(droppable);
        }
        if excess > droppable {
            return Offered::Full;
        }
        let dropped = self.drop_oldest(excess);
        let message = (Outgoing::Text(text.clone()), Held::Backlog { is_droppable });
        self.backlog.take(&message);
        self.messages.push_back(message);
        Offered::Queued { dropped }
    }

    /// Drops droppable broadcasts of at least so many bytes, and returns how many.
    fn drop_oldest(&mut self, bytes: usize) -> usize {
        let enough = self.backlog.bytes.saturating_sub(bytes);
        let mut dropped = 0;
        let mut from = 0;
        while self.backlog.bytes > enough {
            let is_droppable = |(_, held): &(Outgoing, Held)| *held == Held::Backlog { is_droppable: true };
            let Some(skipped) = self.messages.iter().skip(from).position(is_droppable) else {
                break;
            };
            from += skipped;
            if let Some(message) = self.messages.remove(from) {
                self.backlog.give_back(&message);
                dropped += 1;
            }
        }
        dropped
    }
}

impl Backlog {
    /// Counts a message that is queued.
    fn take(&mut self, message: &(Outgoing, Held)) {
        if let (Outgoing::Text(text), &Held::Backlog { is_droppable }) = (&message.0, &message.1) {
            self.bytes += weight(text);
            if is_droppable {
                self.droppable += weight(text);
            }
        }
    }

    /// Returns the weight of all.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Counts a message no more.
    pub(super) fn give_back(&mut self, message: &(Outgoing, Held)) {
        if let (Outgoing::Text(text), &Held::Backlog { is_droppable }) = (&message.0, &message.1) {
            self.bytes -= weight(text);
            if is_droppable {
                self.droppable -= weight(text);
            }
        }
    }
}

/// Bytes for which a broadcast counts.
fn weight(text: &Text) -> usize {
    text.len() + MESSAGE_OVERHEAD
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt as _;

    use super::*;
    use crate::mailbox::Peer;
    use crate::proto::limits::Limits;
    use crate::session::CloseReason;

    /// Returns a mailbox with room for so many broadcasts of one byte.
    fn mailbox(broadcasts: usize) -> Mailbox {
        let limits = Limits {
            backlog_bytes: broadcasts * (1 + MESSAGE_OVERHEAD),
            send_bytes: 1000,
            ..Limits::default()
        };
        Mailbox::new(Peer::default(), &limits)
    }

    fn waiting(mailbox: &Mailbox) -> String {
        std::iter::from_fn(|| mailbox.take_message())
            .map(|message| message.text().to_string())
            .collect()
    }

    const KEEP: bool = false;
    const DROP: bool = true;
    const QUEUED: Offered = Offered::Queued { dropped: 0 };

    #[test]
    fn all_sockets_share_one_encoding() {
        let (one, other) = (mailbox(1), mailbox(1));
        let text: Text = "x".into();

        one.offer(&text, KEEP);
        other.offer(&text, DROP);

        let (one, other) = (one.take_message().unwrap(), other.take_message().unwrap());
        assert_eq!(one.text().as_ptr(), other.text().as_ptr());
    }

    #[test]
    fn broadcasts_take_no_room_from_sends_and_keep_their_order_with_them() {
        let mailbox = mailbox(2);

        for (text, broadcast) in [("1", "2"), ("3", "4")] {
            mailbox.try_send(text.into()).unwrap();
            assert_eq!(mailbox.offer(&broadcast.into(), KEEP), QUEUED);
        }
        assert_eq!(mailbox.offer(&"5".into(), KEEP), Offered::Full);
        mailbox.try_send("6".into()).unwrap();

        assert_eq!(waiting(&mailbox), "12346");
        assert_eq!(mailbox.space.available_permits(), mailbox.capacity);
        assert_eq!(mailbox.offer(&"7".into(), KEEP), QUEUED);
    }

    #[test]
    fn the_first_broadcast_always_fits() {
        let mailbox = mailbox(1);
        let large: Text = "x".repeat(1000).into();

        assert_eq!(mailbox.offer(&large, KEEP), QUEUED);
        assert_eq!(mailbox.offer(&"y".into(), KEEP), Offered::Full);
        mailbox.take_message();
        assert_eq!(mailbox.offer(&"y".into(), DROP), QUEUED);
        assert_eq!(mailbox.offer(&large, DROP), Offered::Queued { dropped: 1 });
    }

    #[test]
    fn the_oldest_droppable_broadcasts_go_and_nothing_else() {
        let mailbox = mailbox(3);

        mailbox.try_send("1".into()).unwrap();
        mailbox.offer(&"2".into(), KEEP);
        mailbox.offer(&"a".into(), DROP);
        mailbox.try_send("3".into()).unwrap();
        mailbox.offer(&"b".into(), DROP);
        assert_eq!(mailbox.offer(&"c".into(), DROP), Offered::Queued { dropped: 1 });
        assert_eq!(mailbox.offer(&"4".into(), KEEP), Offered::Queued { dropped: 1 });
        assert_eq!(mailbox.offer(&"5".into(), KEEP), Offered::Queued { dropped: 1 });
        assert_eq!(mailbox.offer(&"6".into(), KEEP), Offered::Full);

        assert_eq!(waiting(&mailbox), "12345");
    }

    #[test]
    fn as_many_droppable_broadcasts_go_as_a_large_one_needs() {
        let mailbox = mailbox(3);
        mailbox.offer(&"1".into(), KEEP);
        mailbox.offer(&"a".into(), DROP);
        mailbox.offer(&"b".into(), DROP);

        let long = "d".repeat(2 + MESSAGE_OVERHEAD);
        let offered = mailbox.offer(&long.clone().into(), DROP);

        assert_eq!(offered, Offered::Queued { dropped: 2 });
        assert_eq!(waiting(&mailbox), format!("1{long}"));
    }

    #[test]
    fn a_patient_broadcast_is_not_starved_by_droppable_ones() {
        let mailbox = mailbox(4);
        let patient: Text = "p".repeat(2 + MESSAGE_OVERHEAD).into();
        for _ in 0..4 {
            mailbox.offer(&"a".into(), DROP);
        }

        let dropped = mailbox.offer_patiently(&patient).now_or_never();

        assert_eq!(dropped, Some(Some(2)));
    }

    #[test]
    fn a_droppable_broadcast_that_finds_only_others_is_turned_away() {
        let mailbox = mailbox(2);
        mailbox.offer(&"1".into(), KEEP);
        mailbox.offer(&"2".into(), KEEP);

        assert_eq!(mailbox.offer(&"a".into(), DROP), Offered::Full);

        assert_eq!(waiting(&mailbox), "12");
    }

    #[test]
    fn an_outbox_that_holds_a_backlog_already_gets_no_other() {
        let mailbox = mailbox(2);
        mailbox.offer(&"a".into(), DROP);

        mailbox.note_unsent(mailbox.capacity + mailbox.backlog_bytes);
        assert_eq!(mailbox.offer(&"1".into(), KEEP), Offered::Queued { dropped: 1 });
        assert_eq!(mailbox.offer(&"2".into(), KEEP), Offered::Full);
        assert_eq!(waiting(&mailbox), "1");
        assert_eq!(mailbox.offer(&"c".into(), DROP), Offered::Full);

        let patient: Text = "2".into();
        let mut offer = Box::pin(mailbox.offer_patiently(&patient));
        assert!(offer.as_mut().now_or_never().is_none());
        mailbox.note_unsent(0);
        assert_eq!(offer.now_or_never(), Some(Some(0)));
    }

    /// In virtual time a wait that nobody ends is over at once.
    #[tokio::test(start_paused = true)]
    async fn a_patient_broadcast_waits_for_room_or_the_end() {
        let mailbox = mailbox(1);
        let text: Text = "x".into();
        let offer = || tokio::time::timeout(Duration::from_secs(1), mailbox.offer_patiently(&text));
        assert_eq!(offer().await, Ok(Some(0)));

        let taking = async {
            tokio::task::yield_now().await;
            mailbox.take_message()
        };
        let (dropped, taken) = tokio::join!(offer(), taking);
        assert_eq!(dropped, Ok(Some(0)));
        assert!(taken.is_some());

        let ending = async {
            tokio::task::yield_now().await;
            mailbox.request_close(CloseReason::Local);
            mailbox.refuse();
        };
        let (dropped, ()) = tokio::join!(offer(), ending);
        assert_eq!(dropped, Ok(None));
    }
}
