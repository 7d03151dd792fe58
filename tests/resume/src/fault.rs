//! What can go wrong with a link.

use std::time::Duration;

use crate::random::Random;
use crate::wire::Unit;

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Way {
    ToServer,
    ToClient,
}

/// What clients travel by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Transport {
    WebSocket,
    Ajax,
}

/// How a link is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Mode {
    /// Both sides are told, at once or in due form.
    Reset,
    End,
    /// What one side sends vanishes for a while, and nobody is told; the other direction goes on.
    DeafServer,
    DeafClient,
    /// Nothing goes through, and nobody is told for a while.
    DeafBoth,
    /// The server's side ends, and the client isn't told for a while.
    ServerGone,
    /// The client's side ends, and the server isn't told for a while: it holds the old link when the client is back.
    Takeover,
    /// The same, and then the server gets what was under way when the client has long been back.
    Late,
    /// Both sides are told, and no new WebSocket is let through for a while.
    Refused,
    /// Both sides are told, and nothing at all is let through for a while.
    Barred,
}

impl Mode {
    pub(crate) const ALL: [Self; 10] = [
        Self::Reset,
        Self::End,
        Self::DeafServer,
        Self::DeafClient,
        Self::DeafBoth,
        Self::ServerGone,
        Self::Takeover,
        Self::Late,
        Self::Refused,
        Self::Barred,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Reset => "reset (RST)",
            Self::End => "ended (FIN)",
            Self::DeafServer => "half-open: nothing reaches the server",
            Self::DeafClient => "half-open: nothing reaches the client",
            Self::DeafBoth => "half-open both ways",
            Self::ServerGone => "ended for the server only",
            Self::Takeover => "ended for the client only (takeover)",
            Self::Late => "takeover, then bytes of the old link",
            Self::Refused => "reset, then WebSockets refused",
            Self::Barred => "reset, then everything refused",
        }
    }
}

/// Where in what travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Place {
    /// In front of a message or frame: it doesn't come.
    Before,
    /// In the middle of one, so many thousandths of it from its beginning.
    Inside(u32),
    /// Behind its last byte.
    Behind,
}

/// The next fault of a client.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) what: What,
    pub(crate) when: When,
    /// How long it lasts, where it lasts.
    pub(crate) time: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// A link breaks.
    Break(Mode),
    /// A message is held back for a while; nothing breaks.
    Delay,
    /// A push reaches the server twice, as proxies repeat requests; nothing breaks.
    Twice,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// After this time.
    At(Duration),
    /// At the message that is so many fitting ones from now; 0 is the next.
    Message {
        way: Way,
        only: Option<Unit>,
        left: u32,
        place: Place,
    },
}

impl Fault {
    pub(crate) fn draw(random: &mut Random, has_ajax: bool, switches: bool) -> Self {
        let time = random.choose(&[(6, 5..60), (3, 60..400), (1, 400..1200)]);
        let time = random.millis(time);
        if has_ajax && random.percent(8) {
            return Self {
                what: What::Twice,
                when: Self::message(random, Way::ToServer, Some(Unit::Push)),
                time,
            };
        }
        let way = if random.percent(50) {
            Way::ToServer
        } else {
            Way::ToClient
        };
        let what = random.choose(&[
            (26, What::Break(Mode::Reset)),
            (14, What::Break(Mode::End)),
            (7, What::Break(Mode::DeafServer)),
            (7, What::Break(Mode::DeafClient)),
            (4, What::Break(Mode::DeafBoth)),
            (7, What::Break(Mode::ServerGone)),
            (11, What::Break(Mode::Takeover)),
            (9, What::Break(Mode::Late)),
            (if switches { 24 } else { 4 }, What::Break(Mode::Refused)),
            (3, What::Break(Mode::Barred)),
            (6, What::Delay),
        ]);
        // Long enough to be met by an attempt.
        let time = match what {
            What::Break(Mode::Refused) => random.millis(100..700),
            _ => time,
        };
        // Only what goes to the server can be late there.
        let way = if what == What::Break(Mode::Late) {
            Way::ToServer
        } else {
            way
        };
        let when = if random.percent(20) && what != What::Delay {
            When::At(random.millis(0..300))
        } else {
            let polling = match way {
                Way::ToServer => [Unit::Poll, Unit::Push],
                Way::ToClient => [Unit::PollAnswer, Unit::PushAnswer],
            };
            let only =
                (has_ajax && random.percent(40)).then(|| random.choose(&polling.map(|unit| (1, unit))));
            Self::message(random, way, only)
        };
        Self { what, when, time }
    }

    fn message(random: &mut Random, way: Way, only: Option<Unit>) -> When {
        let left = random.choose(&[(4, 0..4), (5, 2..20), (2, 20..80)]);
        let inside = Place::Inside(random.within(1..1000));
        When::Message {
            way,
            only,
            left: random.within(left),
            place: random.choose(&[(3, Place::Before), (4, inside), (3, Place::Behind)]),
        }
    }
}
