//! The command line.

use crate::peer::{self, Failure, Peer};
use crate::work::{self, Work};

/// What was asked for.
pub struct Options {
    pub command: Command,
    pub rounds: usize,
    pub peers: Vec<&'static dyn Peer>,
    pub works: Vec<&'static Work>,
    pub is_quick: bool,
    /// Where the samples go as JSON.
    pub json: Option<String>,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    Run,
    Check,
    Help,
}

impl Options {
    /// Reads the arguments.
    ///
    /// # Errors
    /// One of them means nothing.
    pub fn parse(args: &[String]) -> Result<Self, Failure> {
        let mut args = args.iter().map(String::as_str);
        let mut options = Self {
            command: match args.next() {
                Some("run") => Command::Run,
                Some("check") => Command::Check,
                None | Some("help" | "-h" | "--help") => Command::Help,
                Some(other) => return Err(format!("no such command: {other}\n\n{USAGE}").into()),
            },
            rounds: 5,
            peers: peer::all(),
            works: work::ALL.iter().collect(),
            is_quick: false,
            json: None,
        };
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("{arg} needs a value"));
            match arg {
                "-h" | "--help" => options.command = Command::Help,
                "--quick" => options.is_quick = true,
                "--rounds" => options.rounds = value()?.parse::<usize>()?.max(1),
                "--json" => options.json = Some(value()?.to_owned()),
                "--peers" => options.peers = chosen(value()?, peer::all(), |peer| peer.name())?,
                "--only" => options.works = chosen(value()?, work::ALL.iter().collect(), |work| work.name)?,
                _ => return Err(format!("no such option: {arg}\n\n{USAGE}").into()),
            }
        }
        Ok(options)
    }
}

/// Picks those that are named, in their own order.
fn chosen<T: Copy>(names: &str, all: Vec<T>, name: fn(T) -> &'static str) -> Result<Vec<T>, Failure> {
    let known: Vec<_> = all.iter().map(|&thing| name(thing)).collect();
    let names: Vec<_> = names.split(',').collect();
    if let Some(unknown) = names.iter().find(|name| !known.contains(name)) {
        return Err(format!("there is no {unknown}; there are {}", known.join(", ")).into());
    }
    Ok(all
        .into_iter()
        .filter(|&thing| names.contains(&name(thing)))
        .collect())
}

pub const USAGE: &str = "\
Usage: cargo run --release -p bench -- run [OPTIONS]
         Measures, and prints tables in Markdown.
       cargo run --release -p bench -- check [OPTIONS]
         Does a little of everything, to see that every answer is right.

  --peers A,B    these servers only; ratios are to the limit, so it should be among them
  --only A,B     these workloads only
  --rounds N     so often, 5 by default
  --quick        a fifth of everything
  --json FILE    writes the single samples there as well

Needs Linux, two cores that do nothing else, and 20,000 open files (ulimit -n). Peers in Node need Node and npm.";

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &str) -> Result<Options, Failure> {
        let args: Vec<_> = args.split_whitespace().map(str::to_owned).collect();
        Options::parse(&args)
    }

    #[test]
    fn what_is_named_is_picked_in_its_own_order() {
        let options = parse("run --peers glue,limit --only idle,latency --rounds 3").unwrap();

        let peers: Vec<_> = options.peers.iter().map(|peer| peer.name()).collect();
        let works: Vec<_> = options.works.iter().map(|work| work.name).collect();
        assert_eq!(peers, ["limit", "glue"]);
        assert_eq!(works, ["latency", "idle"]);
        assert_eq!(options.rounds, 3);
    }

    #[test]
    fn what_there_is_not_is_refused() {
        for args in ["walk", "run --peers nobody", "run --only", "run --fast"] {
            assert!(parse(args).is_err(), "{args}");
        }
    }
}
