//! `cargo xtask resume-cost`: what sessions that outlive their links cost, in calls and in memory.
//!
//! Everything is measured in turn, with and without, by processes of their own that have a core each; so a machine that is busy for a
//! while slows both. The programs are those of `tests/cost`.

#![allow(clippy::print_stdout)] // the table is for whoever asked for it

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::program::{Program, number};
use crate::run::{Failure, cargo, run};
use crate::workspace;

/// Measures, prints two tables, and with `--check` fails where a bound is not kept.
pub(crate) fn command(args: &[String]) -> Result<(), Failure> {
    let Some(options) = Options::parse(args)? else {
        println!("{USAGE}");
        return Ok(());
    };
    run(&mut cargo([
        "build",
        "--quiet",
        "--release",
        "--locked",
        "--package",
        "glue-tests",
        "--bin",
        "cost",
    ]))?;
    let cores = Cores::find();
    println!("{}", cores.shown());

    let mut work: Vec<Vec<[Sample; 2]>> = vec![Vec::new(); WORK.len()];
    let mut idle = Vec::new();
    for round in 0..options.rounds {
        eprintln!("round {} of {}", round + 1, options.rounds);
        let mut pairs = [Pair::start(&cores, false)?, Pair::start(&cores, true)?];
        for pair in &mut pairs {
            pair.clients.ask(&format!("open {SOCKETS}"))?;
        }
        for (work, samples) in WORK.iter().zip(&mut work) {
            samples.push(alternate(round, |side| pairs[side].work(work))?);
        }
        drop(pairs);
        idle.push(alternate(round, |side| {
            Pair::start(&cores, side == 1)?.idle(options.sockets)
        })?);
    }

    let mut broken = Vec::new();
    println!("\n{:<38}{:>12}{:>12}{:>8}", "", "without", "with", "ratio");
    for (work, samples) in WORK.iter().zip(&work) {
        let rate = row(&format!("{}, a second", work.about), samples, |sample| {
            sample.rate
        });
        row("  server, ns each", samples, |sample| sample.server);
        row("  clients, ns each", samples, |sample| sample.clients);
        if rate < 1.0 - MOST_LOSS {
            broken.push(format!("{}: {:.1} % fewer", work.about, 100.0 * (1.0 - rate)));
        }
    }
    println!(
        "\n{:<38}{:>12}{:>12}{:>8}",
        format!("bytes of each of {} idle sockets", options.sockets),
        "without",
        "with",
        "more"
    );
    let more = difference("  server", &idle, |[server, _]| server);
    difference("  clients", &idle, |[_, clients]| clients);
    if more > MOST_BYTES {
        broken.push(format!("an idle socket: {more:.0} bytes more"));
    }
    println!(
        "\nmedians of {} rounds; each ratio is the median of the rounds' own",
        options.rounds
    );
    if options.check && !broken.is_empty() {
        return Err(Failure::new(broken.join("; ")));
    }
    Ok(())
}

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    rounds: usize,
    sockets: usize,
    check: bool,
}

impl Options {
    /// Returns `None` if only help is wanted.
    fn parse(args: &[String]) -> Result<Option<Self>, Failure> {
        let mut options = Self {
            rounds: 15,
            sockets: 2000,
            check: false,
        };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let place = match arg.as_str() {
                "-h" | "--help" => return Ok(None),
                "--check" => {
                    options.check = true;
                    continue;
                }
                "--rounds" => &mut options.rounds,
                "--sockets" => &mut options.sockets,
                _ => return Err(Failure::new(format!("no such option: {arg}\n\n{USAGE}"))),
            };
            let value = args.next().and_then(|value| value.parse().ok());
            *place = value
                .filter(|&value| value > 0)
                .ok_or_else(|| Failure::new(format!("{arg} needs a number above 0")))?;
        }
        Ok(Some(options))
    }
}

/// Something that clients have a server do.
struct Work {
    about: &'static str,
    order: &'static str,
    /// How often; about half a second.
    count: u32,
}

/// What one run of it took.
#[derive(Clone, Copy, Debug)]
struct Sample {
    /// How many a second.
    rate: f64,
    /// Nanoseconds of the processor, each.
    server: f64,
    clients: f64,
}

/// A server and its clients.
struct Pair {
    // In this order, so that it is not the server that goes first.
    clients: Program,
    server: Program,
}

impl Pair {
    fn start(cores: &Cores, resume: bool) -> Result<Self, Failure> {
        let program = workspace::target()?.join("release/cost");
        let program = program.with_extension(std::env::consts::EXE_EXTENSION);
        let resume = if resume { "true" } else { "false" };
        let mut server = Program::start(&mut cores.command(0, &program, &["server", resume]))?;
        let address = format!("127.0.0.1:{}", number(&server.answer()?, "port")?);
        let clients = Program::start(&mut cores.command(1, &program, &["clients", &address, resume]))?;
        Ok(Self { clients, server })
    }

    fn work(&mut self, work: &Work) -> Result<Sample, Failure> {
        let Work { order, count, .. } = *work;
        self.clients.ask(&format!("{order} {}", count / 10))?;

        let before = [cpu(&self.server)?, cpu(&self.clients)?];
        let started = now();
        self.clients.ask(&format!("{order} {count}"))?;
        let elapsed = started.elapsed();
        let after = [cpu(&self.server)?, cpu(&self.clients)?];

        let count = f64::from(count);
        let [server, clients] = [0, 1].map(|side| (after[side] - before[side]) as f64 / count);
        Ok(Sample {
            rate: count / elapsed.as_secs_f64(),
            server,
            clients,
        })
    }

    /// Returns the bytes that an idle socket takes at the server, and at the clients.
    fn idle(&mut self, sockets: usize) -> Result<[f64; 2], Failure> {
        let before = [resident(&self.server)?, resident(&self.clients)?];
        self.clients.ask(&format!("open {sockets}"))?;
        rest(REST);
        let after = [resident(&self.server)?, resident(&self.clients)?];
        Ok([0, 1].map(|side| (after[side] as f64 - before[side] as f64) / sockets as f64))
    }
}

/// The cores that server and clients have to themselves.
struct Cores(Option<[String; 2]>);

impl Cores {
    /// Takes two of those that we may use, if there are as many and `taskset` is there to hold processes on them.
    fn find() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let list = status
            .lines()
            .find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
        let has_taskset = Command::new("taskset").arg("--version").output().is_ok();
        Self(list.filter(|_| has_taskset).and_then(first_two))
    }

    fn command(&self, side: usize, program: &Path, args: &[&str]) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", PINNED]);
        command.arg(self.0.as_ref().map_or("", |cores| &cores[side]));
        command.arg(program).args(args);
        command
    }

    fn shown(&self) -> String {
        match &self.0 {
            Some([server, clients]) => format!("server on core {server}, clients on core {clients}"),
            None => "server and clients go where they like: there are no two cores, or no taskset".to_owned(),
        }
    }
}

/// Returns the first two cores of a list such as `0-3,8`.
fn first_two(list: &str) -> Option<[String; 2]> {
    let mut cores = list.trim().split(',').flat_map(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let [first, last] = [first, last].map(|core| core.parse::<u32>().ok());
        first.zip(last).into_iter().flat_map(|(first, last)| first..=last)
    });
    let first = cores.next()?;
    Some([first, cores.next()?].map(|core| core.to_string()))
}

/// Returns the time that all threads of a process have had, in nanoseconds.
fn cpu(program: &Program) -> Result<u64, Failure> {
    let tasks = format!("/proc/{}/task", program.id());
    let tasks = fs::read_dir(&tasks).map_err(|error| unreadable(&tasks, &error))?;
    // A thread may end meanwhile.
    let times = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("schedstat")).ok());
    let sum = times.map(|times| times.split(' ').next().and_then(|time| time.parse::<u64>().ok()));
    sum.sum::<Option<u64>>()
        .ok_or_else(|| Failure::new("no times in schedstat"))
}

/// Returns the bytes of memory that the system has given to a process.
fn resident(program: &Program) -> Result<u64, Failure> {
    let path = format!("/proc/{}/status", program.id());
    let text = fs::read_to_string(&path).map_err(|error| unreadable(&path, &error))?;
    let value = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let value = value.and_then(|value| value.trim().strip_suffix("kB")?.trim_end().parse::<u64>().ok());
    value
        .map(|kilobytes| kilobytes << 10)
        .ok_or_else(|| Failure::new(format!("no VmRSS in {path}")))
}

fn unreadable(path: &str, error: &std::io::Error) -> Failure {
    Failure::new(format!("{path}: {error} (only Linux tells all)"))
}

/// Measures without and with, in an order that changes with each round.
fn alternate<T>(
    round: usize,
    mut measure: impl FnMut(usize) -> Result<T, Failure>,
) -> Result<[T; 2], Failure> {
    if round.is_multiple_of(2) {
        let without = measure(0)?;
        Ok([without, measure(1)?])
    } else {
        let with = measure(1)?;
        Ok([measure(0)?, with])
    }
}

/// Prints medians; returns the median of the ratios.
fn row(about: &str, samples: &[[Sample; 2]], value: impl Fn(Sample) -> f64) -> f64 {
    let [without, with] = [0, 1].map(|side| median(samples.iter().map(|sample| value(sample[side]))));
    let ratio = median(
        samples
            .iter()
            .map(|&[without, with]| value(with) / value(without)),
    );
    println!("{about:<38}{without:>12.0}{with:>12.0}{ratio:>8.3}");
    ratio
}

/// Prints medians; returns the median of the differences.
fn difference(about: &str, samples: &[[[f64; 2]; 2]], value: impl Fn([f64; 2]) -> f64) -> f64 {
    let [without, with] = [0, 1].map(|side| median(samples.iter().map(|sample| value(sample[side]))));
    let more = median(
        samples
            .iter()
            .map(|&[without, with]| value(with) - value(without)),
    );
    println!("{about:<38}{without:>12.0}{with:>12.0}{more:>8.0}");
    more
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len().is_multiple_of(2) {
        (values[middle - 1] + values[middle]) / 2.0
    } else {
        values[middle]
    }
}

#[allow(clippy::disallowed_methods)] // how long it takes is what was asked for
fn now() -> Instant {
    Instant::now()
}

#[allow(clippy::disallowed_methods)] // nothing tells when a socket has become idle
fn rest(time: Duration) {
    std::thread::sleep(time);
}

const WORK: &[Work] = &[
    Work {
        about: "echo of 100 bytes, 64 x 16",
        order: "echo",
        count: 102_400,
    },
    Work {
        about: "add, 64 x 1",
        order: "add",
        count: 64_000,
    },
    Work {
        about: "items of 64 streams",
        order: "items",
        count: 640_000,
    },
    Work {
        about: "raw texts of 100 bytes, 64 x 16",
        order: "raw",
        count: 102_400,
    },
];

/// Clients that work at the same time.
const SOCKETS: usize = 64;

/// Time after which a socket is idle: what was taken in is acknowledged after 1 s.
const REST: Duration = Duration::from_secs(2);

/// How much slower anything may be.
const MOST_LOSS: f64 = 0.05;

/// How many bytes more an idle socket may take at the server.
const MOST_BYTES: f64 = 2048.0;

/// Raises the soft limit of open files, which everybody may, and goes on as the program; on one core, if one is named.
const PINNED: &str = r#"
ulimit -S -n 20000 2>/dev/null || ulimit -S -n "$(ulimit -H -n)"
if [ -n "$0" ]; then exec taskset -c "$0" "$@"; fi
exec "$@"
"#;

const USAGE: &str = "\
Usage: cargo xtask resume-cost [--rounds N] [--sockets N] [--check]
  Measures what sessions that outlive their links cost: calls, items and texts a second, time of the processor for each, and
  memory of idle sockets, with and without. Needs Linux; on a quiet machine, some minutes.
    --rounds N   of how many rounds the medians are taken (default 15)
    --sockets N  how many sockets are idle (default 2000)
    --check      fails if anything is more than 5 % slower, or an idle socket of the server takes more than 2 KiB more";

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Result<Option<Options>, Failure> {
        let args: Vec<_> = args.iter().copied().map(str::to_owned).collect();
        Options::parse(&args)
    }

    #[test]
    fn options_are_numbers_above_zero() {
        let options = parse(&["--rounds", "3", "--check", "--sockets", "100"]).unwrap();

        let expected = Options {
            rounds: 3,
            sockets: 100,
            check: true,
        };
        assert_eq!(options, Some(expected));
        assert_eq!(parse(&["--help"]).unwrap(), None);
        for wrong in [&["--rounds", "0"][..], &["--rounds"], &["--sockets", "x"], &["x"]] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn two_cores_are_taken_from_any_list() {
        let two = |list| first_two(list).map(|cores| cores.join(" "));

        assert_eq!(two("\t0-3,8\n").as_deref(), Some("0 1"));
        assert_eq!(two("2,5-7").as_deref(), Some("2 5"));
        assert_eq!(two("4"), None);
        assert_eq!(two(""), None);
    }

    #[test]
    fn the_order_changes_and_the_sides_do_not() {
        for round in [0, 1] {
            let mut order = Vec::new();
            let sides = alternate(round, |side| {
                order.push(side);
                Ok(side)
            });
            assert_eq!(sides.unwrap(), [0, 1]);
            assert_eq!(order, [round, 1 - round]);
        }
    }

    #[test]
    fn a_median_is_in_the_middle() {
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), 2.0);
        assert_eq!(median([4.0, 1.0, 2.0, 3.0].into_iter()), 2.5);
    }
}
