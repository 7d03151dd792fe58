//! When and how the links of one client break.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};

use crate::fault::{Fault, Mode, Place, Transport, Way, What, When};
use crate::log::Log;
use crate::random::Random;
use crate::time::now;
use crate::wire::Unit;

/// The plan of one client, whose links all ask it. It draws one fault after the other.
pub(crate) struct Plan {
    state: Mutex<State>,
    /// Breaks that have happened.
    kills: watch::Sender<u32>,
    /// Faults that have happened, breaks or not.
    done: watch::Sender<u32>,
    pub(crate) log: Log,
}

/// What has happened.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) modes: BTreeMap<(Mode, Transport), u64>,
    pub(crate) places: BTreeMap<(Where, Transport), u64>,
    pub(crate) delays: u64,
    pub(crate) twice: u64,
    pub(crate) refused: u64,
    pub(crate) connections: u64,
}

/// Where a link broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Where {
    Boundary,
    Inside,
    PollLost,
    PollAnswerLost,
    PushLost,
    PushAnswerLost,
    Moment,
}

impl Where {
    pub(crate) const ALL: [Self; 7] = [
        Self::Boundary,
        Self::Inside,
        Self::PollLost,
        Self::PollAnswerLost,
        Self::PushLost,
        Self::PushAnswerLost,
        Self::Moment,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Boundary => "at the end of a frame or message",
            Self::Inside => "inside a frame or message",
            Self::PollLost => "a poll lost",
            Self::PollAnswerLost => "a poll's answer lost",
            Self::PushLost => "a push lost",
            Self::PushAnswerLost => "a push's answer lost",
            Self::Moment => "at any moment",
        }
    }

    const fn of(unit: Unit, place: Place) -> Self {
        match (place, unit) {
            (Place::Inside(_), _) => Self::Inside,
            (Place::Before, Unit::Poll) => Self::PollLost,
            (Place::Before, Unit::PollAnswer) => Self::PollAnswerLost,
            (Place::Before, Unit::Push) => Self::PushLost,
            (Place::Before, Unit::PushAnswer) => Self::PushAnswerLost,
            _ => Self::Boundary,
        }
    }
}

struct State {
    random: Random,
    has_ajax: bool,
    /// Whether the client takes to the other transport where one is refused.
    switches: bool,
    armed: Option<Fault>,
    lines: BTreeMap<u64, Line>,
    refused_until: Option<Instant>,
    barred_until: Option<Instant>,
    counts: Counts,
}

struct Line {
    orders: mpsc::UnboundedSender<Break>,
    transport: Transport,
    /// Something is on its way, or waited for.
    is_busy: bool,
}

/// How a line ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Break {
    pub(crate) mode: Mode,
    pub(crate) time: Duration,
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Verdict {
    Pass,
    Delay(Duration),
    Twice,
    /// So many bytes go on, then the line breaks.
    Break(usize, Break),
}

impl Plan {
    pub(crate) fn new(random: Random, transport: &str, log: Log) -> Self {
        Self {
            state: Mutex::new(State {
                random,
                has_ajax: transport != "WebSocket",
                switches: transport == "both",
                armed: None,
                lines: BTreeMap::new(),
                refused_until: None,
                barred_until: None,
                counts: Counts::default(),
            }),
            kills: watch::Sender::default(),
            done: watch::Sender::default(),
            log,
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        self.state().counts.clone()
    }

    pub(crate) fn kills(&self) -> u32 {
        *self.kills.borrow()
    }

    /// Lets this many breaks happen; other faults come by the way.
    pub(crate) async fn carry_out(&self, kills: u32) {
        while self.kills() < kills {
            let (fault, before) = {
                let mut state = self.state();
                let State {
                    random,
                    has_ajax,
                    switches,
                    ..
                } = &mut *state;
                let fault = Fault::draw(random, *has_ajax, *switches);
                state.armed = Some(fault);
                (fault, *self.done.borrow())
            };
            let wait = match fault.when {
                When::At(time) => time,
                When::Message { .. } => PATIENCE,
            };
            let mut done = self.done.subscribe();
            let is_done = tokio::time::timeout(wait, done.wait_for(|done| *done > before)).await;
            if is_done.is_err() {
                self.break_now(fault);
            }
        }
        self.spare();
    }

    /// No more faults.
    pub(crate) fn spare(&self) {
        let mut state = self.state();
        state.armed = None;
        state.refused_until = None;
        state.barred_until = None;
    }

    /// A connection begins; its break may come by the receiver.
    pub(crate) fn enter(&self) -> (u64, mpsc::UnboundedReceiver<Break>) {
        let (orders, receiver) = mpsc::unbounded_channel();
        let mut state = self.state();
        state.counts.connections += 1;
        let number = state.counts.connections;
        let transport = Transport::Ajax;
        let line = Line {
            orders,
            transport,
            is_busy: true,
        };
        state.lines.insert(number, line);
        (number, receiver)
    }

    pub(crate) fn leave(&self, line: u64) {
        self.state().lines.remove(&line);
    }

    /// Whether a request is let through at all.
    pub(crate) fn admits(&self, line: u64, unit: Unit) -> bool {
        let mut state = self.state();
        let now = now();
        if let Some(line) = state.lines.get_mut(&line) {
            line.is_busy = true;
            if unit == Unit::Upgrade {
                line.transport = Transport::WebSocket;
            }
        }
        let holds = |until: Option<Instant>| until.is_some_and(|until| until > now);
        let is_refused = holds(state.barred_until) || unit == Unit::Upgrade && holds(state.refused_until);
        state.counts.refused += u64::from(is_refused);
        !is_refused
    }

    /// A request was answered; the connection waits for the next, or is a WebSocket.
    pub(crate) fn rest(&self, line: u64, is_busy: bool) {
        if let Some(line) = self.state().lines.get_mut(&line) {
            line.is_busy = is_busy;
        }
    }

    /// What becomes of a message on its way.
    pub(crate) fn judge(&self, line: u64, way: Way, unit: Unit, length: usize) -> Verdict {
        let mut state = self.state();
        let Some(Fault { what, when, time }) = &mut state.armed else {
            return Verdict::Pass;
        };
        let When::Message {
            way: wanted,
            only,
            left,
            place,
        } = when
        else {
            return Verdict::Pass;
        };
        if *wanted != way || only.is_some_and(|only| only != unit) {
            return Verdict::Pass;
        }
        if *left > 0 {
            *left -= 1;
            return Verdict::Pass;
        }
        let (what, place, time) = (*what, *place, *time);
        if what == What::Twice && unit != Unit::Push {
            return Verdict::Pass;
        }
        state.armed = None;
        let verdict = match what {
            What::Delay => {
                state.counts.delays += 1;
                Verdict::Delay(time)
            }
            What::Twice => {
                state.counts.twice += 1;
                Verdict::Twice
            }
            What::Break(mode) => {
                let bytes = match place {
                    Place::Before => 0,
                    Place::Inside(thousandths) => {
                        (length * thousandths as usize / 1000).clamp(1, length.max(2) - 1)
                    }
                    Place::Behind => length,
                };
                let transport = state
                    .lines
                    .get(&line)
                    .map_or(Transport::Ajax, |line| line.transport);
                self.count(&mut state, mode, Where::of(unit, place), transport);
                self.log.add(&format!(
                    "proxy: {mode:?} for {time:?} after {bytes} of {length} bytes of {unit:?} on connection {line}"
                ));
                Self::bar(&mut state, mode, time, line);
                Verdict::Break(bytes, Break { mode, time })
            }
        };
        drop(state);
        if !matches!(verdict, Verdict::Break(..)) {
            self.log
                .add(&format!("proxy: {what:?} of {unit:?} on connection {line}"));
        }
        self.done.send_modify(|done| *done += 1);
        verdict
    }

    /// Breaks a line, drawn by lot, wherever it is. Where there is none, nothing happens.
    fn break_now(&self, fault: Fault) {
        let mut state = self.state();
        state.armed = None;
        let mode = match fault.what {
            What::Break(mode) => mode,
            What::Delay | What::Twice => Mode::Reset,
        };
        // An idle connection isn't missed.
        let busy = state.lines.iter().filter(|(_, line)| line.is_busy);
        let busy: Vec<_> = busy
            .map(|(number, line)| (1, (*number, line.transport)))
            .collect();
        if !busy.is_empty() {
            let (number, transport) = state.random.choose(&busy);
            let order = Break {
                mode,
                time: fault.time,
            };
            let line = state.lines.get(&number);
            if line.is_some_and(|line| line.orders.send(order).is_ok()) {
                self.count(&mut state, mode, Where::Moment, transport);
                self.log.add(&format!(
                    "proxy: {mode:?} for {:?}, of connection {number}",
                    fault.time
                ));
                Self::bar(&mut state, mode, fault.time, number);
            }
        }
        drop(state);
        self.done.send_modify(|done| *done += 1);
    }

    fn count(&self, state: &mut State, mode: Mode, place: Where, transport: Transport) {
        *state.counts.modes.entry((mode, transport)).or_default() += 1;
        *state.counts.places.entry((place, transport)).or_default() += 1;
        self.kills.send_modify(|kills| *kills += 1);
    }

    /// Where connections are refused for a while, those that there are break.
    fn bar(state: &mut State, mode: Mode, time: Duration, line: u64) {
        match mode {
            Mode::Refused => state.refused_until = Some(now() + time),
            Mode::Barred => state.barred_until = Some(now() + time),
            _ => return,
        }
        let others = state.lines.iter().filter(|(number, _)| **number != line);
        for (_, other) in others {
            // One that has just ended by itself hears nothing.
            let _ = other.orders.send(Break {
                mode: Mode::Reset,
                time,
            });
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long a fault waits for its message; then the link breaks wherever it is.
const PATIENCE: Duration = Duration::from_millis(700);
