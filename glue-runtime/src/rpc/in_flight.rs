//! The caller's exchanges under way: id to waiter.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use tokio::sync::oneshot;

use super::error::RpcError;
use super::exchange::Asked;
use super::item_queue::ItemQueue;
use super::upload::{CreditOverflow, Upload};
use crate::mailbox::Late;
use crate::proto::code::Code;
use crate::proto::envelope::Envelope;

/// What an answer is waited for with.
#[derive(Debug)]
pub(super) enum Waiter {
    Call(oneshot::Sender<Result<String, RpcError>>),
    Stream(Arc<ItemQueue>),
}

/// One exchange under way.
#[derive(Debug)]
pub(super) struct Entry {
    method: &'static str,
    waiter: Waiter,
    /// The way of the caller's items, for a method that takes some.
    upload: Option<Arc<Upload>>,
    /// Whether items are streamed, in either direction.
    is_stream: bool,
    /// How a cancellation has to travel.
    pace: Pace,
    /// Who asked; none in tests of this table alone.
    asked: Option<Asked>,
}

/// Whether what is said of an exchange may overtake its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// The peer may not know it yet.
    InOrder,
    /// The peer has said something of it.
    Urgent,
}

/// Every exchange that this side has opened in one session and that has not ended.
#[derive(Debug)]
pub(super) struct InFlight {
    next_id: u64,
    entries: HashMap<u64, Entry, BuildHasherDefault<IdHasher>>,
}

impl InFlight {
    /// Starts with the first id of a side [R-1].
    pub(super) fn new(first_id: u64) -> Self {
        Self {
            next_id: first_id,
            entries: HashMap::default(),
        }
    }

    /// Opens an exchange.
    pub(super) fn open(&mut self, entry: Entry) -> u64 {
        let id = self.next_id;
        self.next_id += 2;
        self.entries.insert(id, entry);
        id
    }

    /// Returns whether an exchange is under way whose callee takes items.
    pub(super) fn wants_items(&self, id: u64) -> bool {
        self.entries.get(&id).is_some_and(|entry| entry.upload.is_some())
    }

    /// Returns whether one is under way that no side streams items in.
    pub(super) fn has_calls(&self) -> bool {
        self.entries.values().any(|entry| !entry.is_stream)
    }

    /// Gives an envelope to the one who waits for it.
    pub(super) fn handle(&mut self, envelope: Envelope<'_>) -> Handled {
        let (Envelope::Ok { id, .. }
        | Envelope::Error { id, .. }
        | Envelope::Item { id, .. }
        | Envelope::End { id }
        | Envelope::Cancel { id }
        | Envelope::Credit { id, .. }) = envelope
        else {
            return Handled::Fault;
        };
        let Some(entry) = self.entries.get_mut(&id) else {
            return self.handle_stray(id);
        };
        entry.pace = Pace::Urgent;
        match (&entry.waiter, envelope) {
            (_, Envelope::Credit { items, .. }) => return entry.grant(items),
            (_, Envelope::Cancel { .. }) => {
                // The callee wants no more items; the answer is still to come.
                if let Some(upload) = entry.upload.take() {
                    upload.close();
                }
            }
            (Waiter::Stream(items), Envelope::Item { json, .. }) => {
                if let Err(error) = items.push(json) {
                    let error = RpcError::new(Code::Internal, error.to_string());
                    self.fail(id, &error);
                    return Handled::Broken { id };
                }
            }
            _ => return self.end(id, envelope),
        }
        Handled::Taken
    }

    /// Returns how what is said of an exchange has to travel, if it is under way.
    pub(super) fn pace(&self, id: u64) -> Option<Pace> {
        self.entries.get(&id).map(|entry| entry.pace)
    }

    /// Takes out an exchange whose request has not left with its session, as that request anew; `args` stand in it.
    pub(super) fn recall(&mut self, id: u64, args: &str) -> Option<Box<dyn Late>> {
        let Entry {
            waiter,
            upload,
            asked,
            ..
        } = self.entries.remove(&id)?;
        Some(asked?.recall(args, waiter, upload))
    }

    /// Ends with its session; returns the requests that are to be sent again in the next, in their order, and all that others wait
    /// for.
    pub(super) fn lose(self) -> (Vec<Box<dyn Late>>, Vec<Lost>) {
        let mut entries: Vec<_> = self.entries.into_iter().collect();
        entries.sort_unstable_by_key(|(id, _)| *id);
        let (mut again, mut lost) = (Vec::new(), Vec::new());
        for (
            _,
            Entry {
                waiter,
                upload,
                asked,
                ..
            },
        ) in entries
        {
            let repeated = match asked {
                Some(asked) => asked.repeat(waiter),
                None => Err(waiter),
            };
            match repeated {
                Ok(request) => again.push(request),
                Err(waiter) => lost.push(Lost { waiter, upload }),
            }
        }
        (again, lost)
    }

    /// Forgets an exchange; returns how the peer is to be told, if it was under way.
    pub(super) fn close(&mut self, id: u64) -> Option<Pace> {
        let entry = self.entries.remove(&id)?;
        close(entry.upload);
        Some(entry.pace)
    }

    /// Ends one exchange; returns how the peer is to be told, if it was under way.
    pub(super) fn fail(&mut self, id: u64, error: &RpcError) -> Option<Pace> {
        let Entry {
            waiter, upload, pace, ..
        } = self.entries.remove(&id)?;
        close(upload);
        waiter.fail(error);
        Some(pace)
    }

    /// Ends the exchanges of the methods for which there is an error, and returns them.
    pub(super) fn fail_methods(&mut self, error: impl Fn(&str) -> Option<RpcError>) -> Vec<(u64, Pace)> {
        let entries = self.entries.iter();
        let failed: Vec<_> = entries
            .filter_map(|(id, entry)| Some((*id, error(entry.method)?)))
            .collect();
        let ended = failed.into_iter();
        ended
            .filter_map(|(id, error)| Some((id, self.fail(id, &error)?)))
            .collect()
    }

    /// Ends an exchange with its answer.
    fn end(&mut self, id: u64, envelope: Envelope<'_>) -> Handled {
        let Some(Entry { waiter, upload, .. }) = self.entries.remove(&id) else {
            return Handled::Fault;
        };
        close(upload);
        match (waiter, envelope) {
            (Waiter::Call(caller), Envelope::Ok { json, .. }) => {
                // The caller may have given up in this very moment.
                let _ = caller.send(Ok(json.to_owned()));
            }
            (Waiter::Call(caller), Envelope::Error { json, .. }) => {
                let _ = caller.send(Err(RpcError::decode(json)));
            }
            (Waiter::Stream(items), Envelope::End { .. }) => items.end(None),
            (Waiter::Stream(items), Envelope::Error { json, .. }) => items.end(Some(RpcError::decode(json))),
            (waiter, _) => {
                waiter.fail(&RpcError::new(
                    Code::Internal,
                    "the peer answered in another form than was asked for",
                ));
                return Handled::Broken { id };
            }
        }
        Handled::Taken
    }

    /// An envelope for an exchange that has ended crossed with its end; one for an exchange that never was is a fault.
    fn handle_stray(&self, id: u64) -> Handled {
        if id % 2 == self.next_id % 2 && id < self.next_id {
            Handled::Taken
        } else {
            Handled::Fault
        }
    }
}

impl Entry {
    pub(super) const fn new(method: &'static str, waiter: Waiter, upload: Option<Arc<Upload>>) -> Self {
        Self {
            is_stream: upload.is_some() || matches!(waiter, Waiter::Stream(_)),
            method,
            waiter,
            upload,
            pace: Pace::InOrder,
            asked: None,
        }
    }

    pub(super) fn asked(self, asked: Asked) -> Self {
        Self {
            asked: Some(asked),
            ..self
        }
    }

    fn grant(&self, items: u32) -> Handled {
        match self.upload.as_ref().map(|upload| upload.grant(items)) {
            Some(Err(CreditOverflow)) => Handled::Fault,
            Some(Ok(())) | None => Handled::Taken,
        }
    }
}

/// An exchange that has ended with its session.
#[derive(Debug)]
#[must_use = "somebody waits for it"]
pub(super) struct Lost {
    waiter: Waiter,
    upload: Option<Arc<Upload>>,
}

impl Lost {
    pub(super) fn fail(self, error: &RpcError) {
        close(self.upload);
        self.waiter.fail(error);
    }
}

impl Waiter {
    pub(super) fn fail(self, error: &RpcError) {
        match self {
            Self::Call(caller) => {
                let _ = caller.send(Err(error.clone()));
            }
            Self::Stream(items) => items.end(Some(error.clone())),
        }
    }
}

fn close(upload: Option<Arc<Upload>>) {
    if let Some(upload) = upload {
        upload.close();
    }
}

/// What became of an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Handled {
    Taken,
    /// It belongs to nothing.
    Fault,
    /// It ended its exchange here; the peer must be told.
    Broken {
        id: u64,
    },
}

/// Spreads ids over a table. Those in it are our own, one behind the other, so nobody can make them meet in one place.
#[derive(Debug, Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(byte.into());
        }
    }

    fn write_u64(&mut self, id: u64) {
        // By the golden ratio: neighbours come far apart, in the upper bits too, which the table looks at as well.
        self.0 = (self.0 ^ id).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn take(queue: &ItemQueue) -> Poll<Option<Result<String, Code>>> {
        let taken = queue.poll_take(&mut Context::from_waker(Waker::noop()));
        taken.map(|taken| taken.map(|taken| taken.map(|taken| taken.item).map_err(|error| error.code())))
    }

    fn item(id: u64) -> Envelope<'static> {
        Envelope::Item { id, json: "1" }
    }

    fn entry(waiter: Waiter) -> Entry {
        Entry::new("method", waiter, None)
    }

    fn stream() -> (InFlight, Arc<ItemQueue>, u64) {
        let mut in_flight = InFlight::new(1);
        let items = Arc::new(ItemQueue::new(false));
        let id = in_flight.open(entry(Waiter::Stream(items.clone())));
        (in_flight, items, id)
    }

    /// The session ends.
    fn lose(in_flight: InFlight) {
        let (again, lost) = in_flight.lose();
        assert!(again.is_empty());
        for lost in lost {
            lost.fail(&RpcError::new(Code::Unavailable, "lost"));
        }
    }

    /// Returns a call that streams items to its method.
    fn upload(in_flight: &mut InFlight) -> (u64, Arc<Upload>, Answer) {
        let (sender, answer) = oneshot::channel();
        let upload: Arc<Upload> = Arc::default();
        let id = in_flight.open(Entry::new("upload", Waiter::Call(sender), Some(upload.clone())));
        (id, upload, answer)
    }

    type Answer = oneshot::Receiver<Result<String, RpcError>>;

    /// [R-1]
    #[test]
    fn ids_of_a_client_are_odd_those_of_a_server_even_and_both_rise() {
        for (first, expected) in [(1, [1, 3, 5]), (2, [2, 4, 6])] {
            let mut in_flight = InFlight::new(first);

            let ids = [(); 3].map(|()| in_flight.open(entry(Waiter::Call(oneshot::channel().0))));

            assert_eq!(ids, expected);
            assert_eq!(in_flight.handle(item(first % 2 + 1)), Handled::Fault, "another's");
        }
    }

    #[test]
    fn items_come_out_in_order_and_then_the_end() {
        let (mut in_flight, items, id) = stream();

        assert!(take(&items).is_pending());
        assert_eq!(in_flight.handle(Envelope::Item { id, json: "1" }), Handled::Taken);
        assert_eq!(in_flight.handle(Envelope::Item { id, json: "2" }), Handled::Taken);
        assert_eq!(in_flight.handle(Envelope::End { id }), Handled::Taken);

        assert_eq!(take(&items), Poll::Ready(Some(Ok("1".to_owned()))));
        assert_eq!(take(&items), Poll::Ready(Some(Ok("2".to_owned()))));
        assert_eq!(take(&items), Poll::Ready(None));
        assert!(
            in_flight.close(id).is_none(),
            "an exchange that has ended need not be cancelled"
        );
    }

    /// [S-8]
    #[test]
    fn an_item_without_credit_ends_its_stream_behind_the_good_ones() {
        let (mut in_flight, items, id) = stream();

        for _ in 0..8 {
            assert_eq!(in_flight.handle(item(id)), Handled::Taken);
        }
        assert_eq!(in_flight.handle(item(id)), Handled::Broken { id });

        for _ in 0..8 {
            assert_eq!(take(&items), Poll::Ready(Some(Ok("1".to_owned()))));
        }
        assert_eq!(take(&items), Poll::Ready(Some(Err(Code::Internal))));
        assert_eq!(take(&items), Poll::Ready(None));
    }

    #[test]
    fn an_answer_in_another_form_settles_its_exchange() {
        let (mut in_flight, items, stream) = stream();
        let (sender, mut answer) = oneshot::channel();
        let call = in_flight.open(entry(Waiter::Call(sender)));

        assert_eq!(
            in_flight.handle(Envelope::Ok {
                id: stream,
                json: "1"
            }),
            Handled::Broken { id: stream }
        );
        assert_eq!(in_flight.handle(item(call)), Handled::Broken { id: call });

        assert_eq!(take(&items), Poll::Ready(Some(Err(Code::Internal))));
        assert_eq!(answer.try_recv().unwrap().unwrap_err().code(), Code::Internal);
    }

    /// [R-9]
    #[test]
    fn late_envelopes_are_ignored_and_those_of_no_exchange_are_faults() {
        let (mut in_flight, _items, id) = stream();
        in_flight.close(id);

        assert_eq!(in_flight.handle(item(id)), Handled::Taken);
        assert_eq!(in_flight.handle(Envelope::Cancel { id }), Handled::Taken);
        for stray in [
            item(id + 2),
            item(2),
            Envelope::End { id: 99 },
            Envelope::Hello { json: "{}" },
        ] {
            assert_eq!(in_flight.handle(stray), Handled::Fault, "{stray:?}");
        }
    }

    /// [Q-1] [Q-5]
    #[test]
    fn an_error_that_cannot_be_read_is_internal() {
        for json in ["", "1", "{}", r#"{"code":"no_such_code","message":"x"}"#] {
            let (mut in_flight, items, id) = stream();

            in_flight.handle(Envelope::Error { id, json });

            assert_eq!(take(&items), Poll::Ready(Some(Err(Code::Internal))), "{json}");
        }
    }

    /// [R-11]
    #[test]
    fn a_lost_connection_settles_everything() {
        let (mut in_flight, items, _) = stream();
        let (sender, mut answer) = oneshot::channel();
        in_flight.open(entry(Waiter::Call(sender)));

        lose(in_flight);

        assert_eq!(take(&items), Poll::Ready(Some(Err(Code::Unavailable))));
        assert_eq!(answer.try_recv().unwrap().unwrap_err().code(), Code::Unavailable);
    }

    /// [S-3] [R-4]: the callee's `ca` ends the items, not the call.
    #[test]
    fn a_callee_may_want_no_more_items_and_still_answers() {
        let mut in_flight = InFlight::new(1);
        let (id, upload, mut answer) = upload(&mut in_flight);

        assert_eq!(
            in_flight.handle(Envelope::Credit { id, items: 3 }),
            Handled::Taken
        );
        assert!(!upload.is_closed());
        assert_eq!(in_flight.handle(Envelope::Cancel { id }), Handled::Taken);
        assert!(upload.is_closed());
        assert_eq!(
            in_flight.handle(Envelope::Credit { id, items: 3 }),
            Handled::Taken
        );
        assert_eq!(in_flight.handle(Envelope::Ok { id, json: "1" }), Handled::Taken);

        assert_eq!(answer.try_recv().unwrap().unwrap(), "1");
        assert_eq!(
            in_flight.handle(Envelope::Cancel { id }),
            Handled::Taken,
            "crossed"
        );
    }

    /// [S-3]
    #[test]
    fn credit_beyond_what_can_be_is_cut_off_and_a_fault() {
        let mut in_flight = InFlight::new(1);
        let (id, upload, _answer) = upload(&mut in_flight);
        let most = Envelope::Credit {
            id,
            items: u32::MAX >> 1,
        };

        assert_eq!(in_flight.handle(most), Handled::Taken);
        assert_eq!(
            in_flight.handle(Envelope::Credit { id, items: 1 }),
            Handled::Fault
        );

        assert!(!upload.is_closed(), "the call goes on");
        assert!(in_flight.wants_items(id));
    }

    #[test]
    fn every_end_of_an_exchange_ends_its_items() {
        let lost = RpcError::new(Code::Unavailable, "lost");
        let ends: [fn(&mut InFlight, u64); 5] = [
            |in_flight, id| _ = in_flight.handle(Envelope::Ok { id, json: "1" }),
            |in_flight, id| _ = in_flight.handle(Envelope::Error { id, json: "{}" }),
            |in_flight, id| _ = in_flight.handle(Envelope::End { id }),
            |in_flight, id| _ = in_flight.close(id),
            |in_flight, _| lose(std::mem::replace(in_flight, InFlight::new(1))),
        ];
        for end in ends {
            let mut in_flight = InFlight::new(1);
            let (id, upload, _answer) = upload(&mut in_flight);

            end(&mut in_flight, id);

            assert!(upload.is_closed());
            assert_eq!(in_flight.fail(id, &lost), None);
        }
    }

    /// A cancellation that overtakes its own request would be for nothing.
    #[test]
    fn what_the_peer_may_not_know_yet_is_cancelled_in_order() {
        let mut in_flight = InFlight::new(1);
        let (unheard, ..) = upload(&mut in_flight);
        let (heard, ..) = upload(&mut in_flight);
        in_flight.handle(Envelope::Credit { id: heard, items: 1 });

        assert_eq!(in_flight.close(unheard), Some(Pace::InOrder));
        assert_eq!(in_flight.close(heard), Some(Pace::Urgent));
    }
}
