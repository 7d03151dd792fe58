//! What makes a session outlive its link: numbers, acknowledgements, and what is kept until it is acknowledged [U-2] to [U-8].

use super::kept::Kept;
use crate::proto::limits::MESSAGE_OVERHEAD;
use crate::proto::messages::Piece;
use crate::proto::text::Text;

/// Both directions of one session, whichever link carries it.
#[derive(Debug)]
pub(crate) struct Replay {
    /// Weight that each side keeps at most.
    buffer: usize,
    /// What was sent and is not acknowledged, oldest first.
    kept: Kept,
    kept_weight: usize,
    /// How many of `kept` this link has carried.
    carried: usize,
    /// Number of the last message that the peer has acknowledged.
    acked: u64,
    /// Number of the last message that was taken in.
    received: u64,
    /// Weight taken in since an acknowledgement was sent.
    unacked: usize,
    /// Whether one is due.
    is_ack_due: bool,
    /// Messages to come that were taken in over an earlier link or request.
    skipped: u64,
}

/// The peer tells a number that can't be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadNumber;

impl Replay {
    pub(super) fn new(buffer: usize) -> Self {
        Self {
            buffer,
            kept: Kept::default(),
            kept_weight: 0,
            carried: 0,
            acked: 0,
            received: 0,
            unacked: 0,
            is_ack_due: false,
            skipped: 0,
        }
    }

    // Out.

    /// Returns the next message that an earlier link has carried and this one hasn't.
    pub(super) fn again(&self) -> Option<Text> {
        // That there is none is what happens with each message.
        let has_more = self.carried < self.kept.len();
        has_more.then(|| self.kept.get(self.carried)).flatten()
    }

    /// Returns its bytes.
    pub(super) fn bytes_again(&self) -> Option<usize> {
        self.kept.bytes(self.carried)
    }

    /// Takes note that this link carries it.
    pub(super) fn carry(&mut self) {
        self.carried += 1;
    }

    /// Returns whether one more message may be sent.
    pub(super) fn has_room(&self, bytes: usize) -> bool {
        self.kept.is_empty() || self.kept_weight + weight(bytes) <= self.buffer
    }

    /// Gives a message its number and keeps it.
    pub(super) fn keep(&mut self, message: &Piece<'_>) {
        self.kept_weight += weight(message.as_str().len());
        self.kept.push(message);
        self.carried += 1;
    }

    /// Drops what the peer has taken in of what this link carries.
    pub(super) fn handle_ack(&mut self, number: u64) -> Result<(), BadNumber> {
        let acked = self.acked_by(number, self.carried)?;
        self.carried -= acked;
        self.drop_first(acked, number);
        Ok(())
    }

    /// Returns whether more than that was acknowledged before.
    pub(super) fn is_outdated(&self, number: u64) -> bool {
        number < self.acked
    }

    /// Returns whether the peer can have taken in all through `number`, and no more.
    pub(super) fn can_resume(&self, number: u64) -> bool {
        self.acked_by(number, self.kept.len()).is_ok()
    }

    /// Begins anew on another link, where the peer has taken in all through `number`.
    pub(super) fn handle_link(&mut self, number: u64) -> Result<(), BadNumber> {
        let acked = self.acked_by(number, self.kept.len())?;
        self.carried = 0;
        self.drop_first(acked, number);
        Ok(())
    }

    /// Returns how many of what is kept are acknowledged by a number, which may be `most`.
    fn acked_by(&self, number: u64, most: usize) -> Result<usize, BadNumber> {
        let acked = number.checked_sub(self.acked).ok_or(BadNumber)?;
        let acked = usize::try_from(acked).map_err(|_| BadNumber)?;
        if acked > most { Err(BadNumber) } else { Ok(acked) }
    }

    /// The peer has been silent for a while: little is said here.
    pub(super) fn rest(&mut self) {
        self.kept.rest();
    }

    /// Returns the weight of what is kept.
    pub(super) fn kept_weight(&self) -> usize {
        self.kept_weight
    }

    #[cfg(test)]
    pub(super) fn kept_messages(&self) -> usize {
        self.kept.len()
    }

    // In.

    /// Takes note of a message that was taken in; returns whether an acknowledgement is due at once, or soon.
    pub(super) fn take_in(&mut self, bytes: usize) -> Due {
        let is_first = self.unacked == 0;
        self.received += 1;
        self.unacked += weight(bytes);
        if self.unacked >= self.buffer / 4 {
            self.is_ack_due = true;
            Due::Now
        } else if is_first {
            Due::Soon
        } else {
            Due::Already
        }
    }

    /// The time for an acknowledgement has come.
    pub(super) fn handle_ack_time(&mut self) {
        self.is_ack_due = self.unacked > 0;
    }

    /// Returns whether an acknowledgement is worth to go along with something else.
    pub(super) fn is_worth_an_ack(&self) -> bool {
        self.unacked >= WORTH_AN_ACK
    }

    /// Takes the number to be acknowledged now.
    pub(super) fn take_ack(&mut self) -> u64 {
        self.is_ack_due = false;
        self.unacked = 0;
        self.received
    }

    pub(super) fn is_ack_due(&self) -> bool {
        self.is_ack_due
    }

    /// Returns the number to tell on a new link, which acknowledges as well.
    pub(super) fn received(&mut self) -> u64 {
        self.is_ack_due = false;
        self.unacked = 0;
        self.skipped = 0;
        self.received
    }

    /// The next message has this number; fails if some before it are missing.
    pub(super) fn handle_number(&mut self, number: u64) -> Result<(), BadNumber> {
        self.skipped = (self.received + 1).checked_sub(number).ok_or(BadNumber)?;
        Ok(())
    }

    /// Returns whether a message that comes now was taken in before.
    pub(super) fn skips(&mut self) -> bool {
        let skips = self.skipped > 0;
        self.skipped = self.skipped.saturating_sub(1);
        skips
    }

    fn drop_first(&mut self, messages: usize, number: u64) {
        self.acked = number;
        let bytes = self.kept.drop_first(messages);
        self.kept_weight -= bytes + messages * MESSAGE_OVERHEAD;
    }
}

/// When an acknowledgement is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    Now,
    /// Within the time for it, which begins.
    Soon,
    /// That time runs already.
    Already,
}

/// Bytes for which a message counts.
const fn weight(bytes: usize) -> usize {
    bytes + MESSAGE_OVERHEAD
}

/// Weight for which an acknowledgement goes along with what is written anyway: one for a hundred small calls costs less than the
/// peer's processor takes to reach what it has kept longer than its caches do.
const WORTH_AN_ACK: usize = 8 << 10;
