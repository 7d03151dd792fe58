//! What is measured: the workloads, and how each is carried out.

use std::time::{Duration, Instant};

use crate::cores::Cores;
use crate::load::{Load, Polling, Task};
use crate::peer::{Ajax, Failure, Peer, Program};
use crate::server::{Server, own_cpu};
use crate::task::{Calls, Cycle, Once, Opening, Shouts, Streams, What};

/// A workload.
#[derive(Debug)]
pub struct Work {
    /// What it is called in options.
    pub name: &'static str,
    /// What is done.
    pub kind: Kind,
    /// The rows that it has in the table.
    pub rows: &'static [Row],
}

/// A row of the table.
#[derive(Debug)]
pub struct Row {
    /// What it says of the row.
    pub about: &'static str,
    /// Which of the figures it is.
    pub figure: Figure,
    /// What is aimed at.
    pub bound: Option<Bound>,
}

/// The most that a figure of ours should be.
#[derive(Clone, Copy, Debug)]
pub enum Bound {
    /// In proportion to the limit's.
    Ratio(f64),
    /// By itself.
    Value(f64),
}

/// What a workload measures. All are costs: less is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Figure {
    /// Server CPU for each operation, in µs.
    Server,
    /// The load generator's, likewise.
    Client,
    /// Operations in a second of wall-clock time; the exception: more is better.
    Rate,
    /// Half of the calls take less, in µs.
    Median,
    /// 99 of 100 calls take less, in µs.
    P99,
    /// Resident memory of the server for each of few sockets, in KiB.
    IdleFew,
    /// The same for each of many.
    IdleMany,
    /// The same after a long text went there and back on each.
    IdleUsed,
}

/// What is done. `total` is for a server that is as fast as ours.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// One call at a time on one connection.
    Latency { total: usize },
    /// Calls, `depth` under way on each connection.
    Calls {
        what: What,
        lines: usize,
        depth: usize,
        total: usize,
    },
    /// A stream on each connection.
    Streams { lines: usize, total: usize },
    /// Broadcasts to many sockets.
    Shouts { lines: usize, times: usize },
    /// Connections are opened and closed.
    Connections { total: usize },
    /// Echoes of 100 bytes over long polling, one under way in each session.
    Ajax { lines: usize, total: usize },
    /// Sockets that do nothing.
    Idle { few: usize, many: usize },
}

/// What one run of a workload has shown.
pub type Sample = Vec<(Figure, f64)>;

/// How much of everything is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// What figures need.
    Full,
    /// A fifth of it.
    Quick,
    /// Just enough to see that every answer is right.
    Check,
}

impl Work {
    /// Returns the program that it needs of a peer, if that can do it.
    pub fn program(&self, peer: &dyn Peer) -> Option<Program> {
        match self.kind {
            Kind::Ajax { .. } => peer.ajax().map(|ajax| ajax.program),
            _ => Some(peer.program()),
        }
    }

    /// Carries it out once, on a server of its own; `None` if the peer can't do it.
    ///
    /// # Errors
    /// Something that the server said was wrong, missing or surplus.
    pub fn run(&self, peer: &dyn Peer, cores: &Cores, size: Size) -> Result<Option<Sample>, Failure> {
        let Some(program) = self.program(peer) else {
            return Ok(None);
        };
        // A lone call between two cores measures how long an idle one takes to wake up.
        let is_alone = matches!(self.kind, Kind::Latency { .. });
        cores.take(if is_alone { cores.server() } else { cores.client() })?;
        let server = Server::start(program, cores.server())?;
        let scale = Scale {
            size,
            slowness: peer.slowness(),
        };
        if let (Kind::Ajax { lines, total }, Some(ajax)) = (self.kind, peer.ajax()) {
            return polling(&server, ajax, lines, scale.operations(total, lines)).map(Some);
        }
        let mut load = Load::new(peer, server.address())?;
        let sample = Trial {
            server: &server,
            load: &mut load,
            scale,
        }
        .run(self.kind)?;
        // What is surplus comes late.
        load.rest(Duration::from_millis(if size == Size::Check { 200 } else { 20 }))?;
        Ok(Some(sample))
    }
}

/// One run.
struct Trial<'t, 'p> {
    server: &'t Server,
    load: &'t mut Load<'p>,
    scale: Scale,
}

impl Trial<'_, '_> {
    fn run(mut self, kind: Kind) -> Result<Sample, Failure> {
        match kind {
            Kind::Latency { total } => {
                let total = self.scale.operations(total, 1);
                self.open(1)?;
                self.load
                    .run(&mut Calls::new(What::Add, 1, 1, warm_up(total), false))?;
                let mut calls = Calls::new(What::Add, 1, 1, total, true);
                let mut sample = self.measure(total, &mut calls)?;
                let mut times = calls.into_times();
                times.sort_unstable();
                sample.push((Figure::Median, microseconds(times[times.len() / 2])));
                sample.push((Figure::P99, microseconds(times[times.len() * 99 / 100])));
                Ok(sample)
            }
            Kind::Calls {
                what,
                lines,
                depth,
                total,
            } => {
                let total = self.scale.operations(total, lines * depth);
                self.open(lines)?;
                self.load.run(&mut Calls::new(
                    what,
                    lines,
                    depth,
                    warm_up(total).max(lines * depth),
                    false,
                ))?;
                self.measure(total, &mut Calls::new(what, lines, depth, total, false))
            }
            Kind::Streams { lines, total } => {
                let each = self.scale.operations(total / lines, 100);
                self.open(lines)?;
                self.load
                    .run(&mut Streams::new(lines, u32::try_from(warm_up(each))?))?;
                self.measure(lines * each, &mut Streams::new(lines, u32::try_from(each)?))
            }
            Kind::Shouts { lines, times } => {
                let lines = self.scale.sockets(lines);
                let times = self.scale.operations(times, 3);
                self.open(lines)?;
                self.load.run(&mut Once::new(What::Listen, lines))?;
                self.load.run(&mut Shouts::new(lines, 2, SHOUT_BYTES))?;
                self.measure(lines * times, &mut Shouts::new(lines, times, SHOUT_BYTES))
            }
            Kind::Connections { total } => {
                let total = self.scale.operations(total, 100);
                self.load.run(&mut Cycle::new(warm_up(total)))?;
                self.measure(total, &mut Cycle::new(total))
            }
            Kind::Idle { few, many } => self.idle(few, many),
            Kind::Ajax { .. } => Err("long polling has no WebSocket".into()),
        }
    }

    fn idle(&mut self, few: usize, many: usize) -> Result<Sample, Failure> {
        let (few, many) = (self.scale.sockets(few), self.scale.sockets(many));
        let pause = if self.scale.size == Size::Check {
            Duration::ZERO
        } else {
            IDLE
        };
        // The first one pays for what a server makes once.
        self.open(1)?;
        self.load.run(&mut Once::new(What::Echo(LONG_TEXT), 1))?;
        self.load.rest(pause)?;
        let empty = self.server.resident()?;
        let each = |bytes: f64, sockets: usize| (bytes - empty) / (sockets - 1) as f64 / 1024.0;

        self.open(few - 1)?;
        self.load.run(&mut Once::new(What::Add, few))?;
        self.load.rest(pause)?;
        let idle_few = each(self.server.resident()?, few);

        self.open(many - few)?;
        self.load.run(&mut Once::new(What::Add, many))?;
        self.load.rest(pause)?;
        let idle_many = each(self.server.resident()?, many);

        self.load.run(&mut Once::new(What::Echo(LONG_TEXT), many))?;
        self.load.rest(pause)?;
        let idle_used = each(self.server.resident()?, many);
        Ok(vec![
            (Figure::IdleFew, idle_few),
            (Figure::IdleMany, idle_many),
            (Figure::IdleUsed, idle_used),
        ])
    }

    fn open(&mut self, lines: usize) -> Result<(), Failure> {
        self.load.run(&mut Opening::new(lines))
    }

    fn measure(&mut self, operations: usize, task: &mut dyn Task) -> Result<Sample, Failure> {
        measure(self.server, operations, || self.load.run(task))
    }
}

/// Calls over long polling.
fn polling(server: &Server, ajax: Ajax, lines: usize, total: usize) -> Result<Sample, Failure> {
    let mut load = Polling::new(ajax, server.address())?;
    load.run(&mut Opening::new(lines))?;
    load.run(&mut Calls::new(
        What::Echo(100),
        lines,
        1,
        warm_up(total).max(lines),
        false,
    ))?;
    let mut calls = Calls::new(What::Echo(100), lines, 1, total, false);
    measure(server, total, || load.run(&mut calls))
}

/// Measures what so many operations cost.
fn measure(
    server: &Server,
    operations: usize,
    run: impl FnOnce() -> Result<(), Failure>,
) -> Result<Sample, Failure> {
    let before = server.cpu_at_rest()?;
    let own = own_cpu()?;
    let begin = Instant::now();
    run()?;
    let time = begin.elapsed();
    let own = own_cpu()? - own;
    let spent = server.cpu_at_rest()? - before;
    let operations = operations as f64;
    Ok(vec![
        (Figure::Server, microseconds(spent) / operations),
        (Figure::Client, microseconds(own) / operations),
        (Figure::Rate, operations / time.as_secs_f64()),
    ])
}

/// How much is done.
#[derive(Clone, Copy, Debug)]
struct Scale {
    size: Size,
    slowness: usize,
}

impl Scale {
    fn operations(&self, total: usize, least: usize) -> usize {
        let fewer = match self.size {
            Size::Full => self.slowness,
            Size::Quick => 5 * self.slowness,
            Size::Check => 200,
        };
        (total / fewer).max(least)
    }

    fn sockets(&self, lines: usize) -> usize {
        match self.size {
            Size::Full => lines,
            Size::Quick => lines / 5,
            Size::Check => lines / 20,
        }
    }
}

/// A tenth of it is done before anything is measured.
fn warm_up(total: usize) -> usize {
    (total / 10).max(1)
}

fn microseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// All workloads, in the order of the table.
pub static ALL: &[Work] = &[
    Work {
        name: "latency",
        kind: Kind::Latency { total: 30_000 },
        rows: &[
            Row {
                about: "one call at a time, one core for both: p50, µs",
                figure: Figure::Median,
                bound: Some(Bound::Ratio(1.15)),
            },
            Row {
                about: "the same, p99, µs",
                figure: Figure::P99,
                bound: None,
            },
        ],
    },
    Work {
        name: "add-1",
        kind: Kind::Calls {
            what: What::Add,
            lines: 64,
            depth: 1,
            total: 100_000,
        },
        rows: &[Row {
            about: "`add`, 64 × 1, µs",
            figure: Figure::Server,
            bound: Some(Bound::Ratio(1.15)),
        }],
    },
    Work {
        name: "add-16",
        kind: Kind::Calls {
            what: What::Add,
            lines: 64,
            depth: 16,
            total: 500_000,
        },
        rows: &[Row {
            about: "`add`, 64 × 16, µs",
            figure: Figure::Server,
            bound: Some(Bound::Ratio(1.3)),
        }],
    },
    Work {
        name: "echo",
        kind: Kind::Calls {
            what: What::Echo(100),
            lines: 64,
            depth: 16,
            total: 500_000,
        },
        rows: &[Row {
            about: "`echo` of 100 bytes, 64 × 16, µs",
            figure: Figure::Server,
            bound: Some(Bound::Ratio(1.3)),
        }],
    },
    Work {
        name: "echo-16k",
        kind: Kind::Calls {
            what: What::Echo(LONG_TEXT),
            lines: 64,
            depth: 16,
            total: 20_000,
        },
        rows: &[Row {
            about: "`echo` of 16 KiB, 64 × 16, µs",
            figure: Figure::Server,
            bound: Some(Bound::Ratio(0.9)),
        }],
    },
    Work {
        name: "stream-1",
        kind: Kind::Streams {
            lines: 1,
            total: 1_000_000,
        },
        rows: &[Row {
            about: "item of a stream, 1 connection, µs",
            figure: Figure::Server,
            bound: Some(Bound::Ratio(1.5)),
        }],
    },
    Work {
        name: "stream-64",
        kind: Kind::Streams {
            lines: 64,
            total: 1_600_000,
        },
        rows: &[Row {
            about: "item of a stream, 64 connections, µs",
            figure: Figure::Server,
            bound: Some(Bound::Ratio(1.5)),
        }],
    },
    Work {
        name: "broadcast",
        kind: Kind::Shouts {
            lines: 5_000,
            times: 20,
        },
        rows: &[Row {
            about: "100 bytes to 5,000 sockets, each delivery, µs",
            figure: Figure::Server,
            bound: Some(Bound::Ratio(1.1)),
        }],
    },
    Work {
        name: "ajax",
        kind: Kind::Ajax {
            lines: 64,
            total: 20_000,
        },
        rows: &[Row {
            about: "`echo` of 100 bytes over Ajax, 64 × 1, µs",
            figure: Figure::Server,
            bound: None,
        }],
    },
    Work {
        name: "connect",
        kind: Kind::Connections { total: 5_000 },
        rows: &[Row {
            about: "connection, opened and closed, µs",
            figure: Figure::Server,
            bound: Some(Bound::Ratio(1.6)),
        }],
    },
    Work {
        name: "idle",
        kind: Kind::Idle {
            few: 2_000,
            many: 10_000,
        },
        rows: &[
            Row {
                about: "idle socket of 2,000, KiB",
                figure: Figure::IdleFew,
                bound: None,
            },
            Row {
                about: "idle socket of 10,000, KiB",
                figure: Figure::IdleMany,
                bound: Some(Bound::Value(8.0)),
            },
            Row {
                about: "the same after an echo of 16 KiB on each, KiB",
                figure: Figure::IdleUsed,
                bound: Some(Bound::Value(10.0)),
            },
        ],
    },
];

/// Bytes of a broadcast's text, and of a long text.
const SHOUT_BYTES: usize = 100;
const LONG_TEXT: usize = 16 * 1024;

/// Time after which a socket is idle: what is said a second later has been said.
const IDLE: Duration = Duration::from_secs(2);
