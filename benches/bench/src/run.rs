//! Rounds: each workload in turn, on each server in turn.

use std::collections::BTreeSet;

use crate::cores::Cores;
use crate::options::Options;
use crate::peer::Failure;
use crate::report::Report;
use crate::server;
use crate::work::Size;

/// Measures, and prints the tables. If something goes wrong, what was measured until then is printed all the same.
///
/// # Errors
/// An answer was not right.
pub fn run(options: &Options) -> Result<(), Failure> {
    let size = if options.is_quick { Size::Quick } else { Size::Full };
    let mut report = Report::begin(options)?;
    let done = rounds(options, size, &mut report);
    print!("{}", report.markdown());
    if let Some(path) = &options.json {
        std::fs::write(path, report.json())?;
    }
    done
}

/// Does a little of everything.
///
/// # Errors
/// An answer was not right.
pub fn check(options: &Options) -> Result<(), Failure> {
    let mut report = Report::begin(options)?;
    let options = Options {
        rounds: 1,
        peers: options.peers.clone(),
        works: options.works.clone(),
        json: None,
        ..*options
    };
    rounds(&options, Size::Check, &mut report)?;
    println!("bench: every answer of {} was right", names(&options));
    Ok(())
}

fn rounds(options: &Options, size: Size, report: &mut Report) -> Result<(), Failure> {
    let programs: BTreeSet<_> = options
        .works
        .iter()
        .flat_map(|work| options.peers.iter().filter_map(|&peer| work.program(peer)))
        .collect();
    server::build(&programs.into_iter().collect::<Vec<_>>())?;
    let cores = Cores::find()?;
    for round in 0..options.rounds {
        for work in &options.works {
            let peers = options.peers.len();
            // Who goes first has the machine as the one before has left it: that is somebody else each time.
            for turn in 0..peers {
                let place = (round + turn) % peers;
                let peer = options.peers[place];
                eprintln!(
                    "round {} of {}: {}, {}",
                    round + 1,
                    options.rounds,
                    work.name,
                    peer.name()
                );
                let sample = work.run(peer, &cores, size);
                let sample =
                    sample.map_err(|failure| format!("{}, {}: {failure}", work.name, peer.name()))?;
                if let Some(sample) = sample {
                    report.add(round, work, place, sample);
                }
            }
        }
    }
    Ok(())
}

fn names(options: &Options) -> String {
    let names: Vec<_> = options.peers.iter().map(|peer| peer.name()).collect();
    names.join(", ")
}
