//! What a call costs our server, beside the limit and the peers; docs/BENCHMARKS.md says how to read it.

mod cores;
mod load;
mod options;
mod peer;
mod report;
mod run;
mod server;
mod task;
mod work;

use std::process::ExitCode;

use options::{Command, Options};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let done = Options::parse(&args).and_then(|options| match options.command {
        Command::Run => run::run(&options),
        Command::Check => run::check(&options),
        Command::Help => {
            println!("{}", options::USAGE);
            Ok(())
        }
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("bench: {failure}");
            ExitCode::FAILURE
        }
    }
}
