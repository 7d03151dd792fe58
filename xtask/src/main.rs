//! The project's own commands: `cargo demo`, `cargo xtask test`, `cargo xtask fidelity`, `cargo xtask resume`, `cargo xtask pressure`,
//! `cargo xtask counts`, `cargo xtask resume-cost` and `cargo xtask codegen-times`.

mod counts;
mod debian;
mod demo;
mod fidelity;
mod guide;
mod init;
mod markdown;
mod node;
mod pressure;
mod program;
mod quickstart;
mod resume;
mod resume_cost;
mod run;
mod scratch;
mod stages;
mod times;
mod workspace;

use std::process::ExitCode;

use run::Failure;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match command(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\nxtask: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn command(args: &[String]) -> Result<(), Failure> {
    match args.split_first() {
        Some((command, [flag])) if command == "demo" && matches!(flag.as_str(), "-h" | "--help") => {
            eprintln!("{}", demo::USAGE);
            Ok(())
        }
        Some((command, rest)) if command == "demo" => demo::demo(rest),
        Some((command, rest)) if command == "test" => stages::test(rest),
        Some((command, rest)) if command == "fidelity" => fidelity::command(rest),
        Some((command, rest)) if command == "resume" => resume::command(rest),
        Some((command, [])) if command == "pressure" => pressure::pressure(),
        Some((command, rest)) if command == "counts" => counts::command(rest),
        Some((command, rest)) if command == "resume-cost" => resume_cost::command(rest),
        Some((command, [])) if command == "codegen-times" => times::times(),
        Some((command, [])) if matches!(command.as_str(), "help" | "-h" | "--help") => {
            eprint!("{}", help());
            Ok(())
        }
        _ => Err(Failure::new(format!("no such command\n\n{}", help()))),
    }
}

fn help() -> String {
    let stages: String = stages::STAGES
        .iter()
        .map(|stage| format!("    {:<12} {}\n", stage.name, stage.about))
        .collect();
    format!(
        "\
Usage: cargo demo [--listen ADDR:PORT]
         Starts the chat example; needs nothing but Rust.
       cargo xtask test [STAGE...]
         Runs the tests of all languages, or of single stages:
{stages}       cargo xtask fidelity [--seed N] [--types N] [--values N] [--rounds N]
         Makes up Rust types and values, and sends them to TypeScript and back; --help says more.
       cargo xtask resume [--kills N] [--seed N] [--seconds N]
         Breaks the links of clients again and again, and tells what was lost; --help says more.
       cargo xtask pressure
         Shows a server's memory under peers that cost as much as they can; needs a Unix with /proc.
       cargo xtask counts [--bless]
         Counts a server's instructions for each call, and compares them with the committed ones; needs valgrind.
       cargo xtask resume-cost [--rounds N] [--sockets N] [--check]
         Measures what sessions that outlive their links cost; takes some minutes, on a quiet machine; --help says more.
       cargo xtask codegen-times
         Measures glue-codegen and the macros; takes some minutes, on a quiet machine.
"
    )
}
