//! The command line: arguments, and what is done with them.

use std::{
    ffi::OsString,
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use lexopt::prelude::*;

use crate::{
    Emit, Options,
    discover::{self, Selection},
    embed, generate,
    output::{self, Change, ChangeKind},
};

/// What `--help` says.
pub const HELP: &str = "\
Writes a TypeScript client for the #[glue::channel] traits of a cargo package.

Usage: glue-codegen --out DIR [options]

Run it in a package, or in the root of a workspace for all packages that use
glue-runtime. The channels are found by building the package in test mode.

  -o, --out DIR             Folder for the client; foreign files in it are kept
      --emit ts|js          TypeScript, or JavaScript with .d.ts [default: ts]
      --fakes               Also write a fake of each channel, for your tests
      --check               Write nothing; exit with 1 if files would change

  -p, --package NAME        Only this package of the workspace (repeatable)
  -F, --features LIST       Features to build with (repeatable)
      --all-features        Build with all features
      --no-default-features Build without the default features
      --target TRIPLE       Build for this target, which must run here
      --manifest-path PATH  Path of Cargo.toml
      --locked              Fail if Cargo.lock would change
      --offline             Do not use the network

  -h, --help                Print this
  -V, --version             Print the version
";

/// What the arguments ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Print [`HELP`].
    Help,
    /// Print the version.
    Version,
    /// Generate a client.
    Generate(Arguments),
}

/// The arguments of a run that generates.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Arguments {
    /// Output folder.
    pub out: PathBuf,
    /// What to write.
    pub options: Options,
    /// Whether to compare only.
    pub check: bool,
    /// What to build.
    pub selection: Selection,
}

/// Reads the arguments, without the name of the program.
///
/// # Errors
/// Returns what is wrong with them, for the user.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Command, String> {
    parse_arguments(lexopt::Parser::from_args(args))
        .map_err(|error| format!("{error}; see glue-codegen --help"))
}

/// Runs the command, and returns its exit code: 0 if all is well, 1 if not, 2 if the arguments are wrong.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    match parse(args) {
        Ok(Command::Help) => print(HELP),
        Ok(Command::Version) => print(&format!("glue-codegen {}\n", env!("CARGO_PKG_VERSION"))),
        Ok(Command::Generate(arguments)) => match execute(&arguments) {
            Ok(code) => code,
            Err(error) => fail(error.as_ref(), 1),
        },
        Err(message) => fail(&*Box::<dyn std::error::Error>::from(message), 2),
    }
}

fn parse_arguments(mut parser: lexopt::Parser) -> Result<Command, lexopt::Error> {
    let mut out = None;
    let mut arguments = Arguments::default();
    let selection = &mut arguments.selection;
    while let Some(arg) = parser.next()? {
        match arg {
            Short('h') | Long("help") => return Ok(Command::Help),
            Short('V') | Long("version") => return Ok(Command::Version),
            Short('o') | Long("out") => out = Some(PathBuf::from(parser.value()?)),
            Long("emit") => arguments.options.emit = parser.value()?.parse_with(parse_emit)?,
            Long("fakes") => arguments.options.fakes = true,
            Long("check") => arguments.check = true,
            Short('p') | Long("package") => selection.packages.push(parser.value()?.string()?),
            Short('F') | Long("features") => selection.features.push(parser.value()?.string()?),
            Long("all-features") => selection.all_features = true,
            Long("no-default-features") => selection.no_default_features = true,
            Long("target") => selection.target = Some(parser.value()?.string()?),
            Long("manifest-path") => selection.manifest_path = Some(PathBuf::from(parser.value()?)),
            Long("locked") => selection.locked = true,
            Long("offline") => selection.offline = true,
            _ => return Err(arg.unexpected()),
        }
    }
    arguments.out = out.ok_or("missing argument --out DIR")?;
    Ok(Command::Generate(arguments))
}

fn parse_emit(text: &str) -> Result<Emit, &'static str> {
    match text {
        "ts" => Ok(Emit::TypeScript),
        "js" => Ok(Emit::JavaScript),
        _ => Err("expected ts or js"),
    }
}

fn execute(arguments: &Arguments) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let schemas = discover::discover(&arguments.selection)?;
    let files = generate(&schemas, &arguments.options)?;

    let folder = arguments.out.display();
    if arguments.check {
        let changes = output::plan(&arguments.out, &files)?;
        if changes.is_empty() {
            eprintln!("glue-codegen: {folder} is up to date");
            return Ok(ExitCode::SUCCESS);
        }
        eprintln!("glue-codegen: {folder} is not up to date; run glue-codegen without --check");
        report(&changes);
        return Ok(ExitCode::FAILURE);
    }
    let changes = output::write(&arguments.out, &files)?;
    let channels = if schemas.len() == 1 {
        "1 channel".to_owned()
    } else {
        format!("{} channels", schemas.len())
    };
    eprintln!(
        "glue-codegen: {channels}, {} files in {folder}, {} changed",
        files.len(),
        changes.len()
    );
    report(&changes);
    Ok(ExitCode::SUCCESS)
}

/// Names the files; those of the runtime, which come and go together, in one line.
fn report(changes: &[Change]) {
    let runtime = format!("{}/", embed::FOLDER);
    let (shipped, own): (Vec<_>, Vec<_>) = changes
        .iter()
        .partition(|change| change.path.starts_with(&runtime));
    for Change { path, kind } in own {
        let sign = match kind {
            ChangeKind::Create => '+',
            ChangeKind::Update => '~',
            ChangeKind::Remove => '-',
        };
        eprintln!("  {sign} {path}");
    }
    if !shipped.is_empty() {
        eprintln!("  ~ {runtime} ({} files)", shipped.len());
    }
}

/// Prints to standard output; a reader that went away (`--help | head`) is no error worth a message.
fn print(text: &str) -> ExitCode {
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn fail(error: &dyn std::error::Error, code: u8) -> ExitCode {
    eprintln!("glue-codegen: error: {error}");
    let mut source = error.source();
    while let Some(error) = source {
        eprintln!("  because: {error}");
        source = error.source();
    }
    ExitCode::from(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(args: &str) -> Result<Command, String> {
        parse(args.split_whitespace().map(OsString::from))
    }

    #[test]
    fn every_option_is_read() {
        let args = "--out web --emit=js --fakes --check -p a -p b -F x,y --all-features --no-default-features --target t \
                    --manifest-path d/Cargo.toml --locked --offline";

        let Ok(Command::Generate(arguments)) = parsed(args) else {
            panic!("not a run")
        };

        let selection = arguments.selection;
        assert_eq!(
            (arguments.out, arguments.options.emit, arguments.check),
            ("web".into(), Emit::JavaScript, true)
        );
        assert!(arguments.options.fakes);
        assert_eq!(selection.packages, ["a", "b"]);
        assert_eq!(selection.features, ["x,y"]);
        assert!(
            selection.all_features && selection.no_default_features && selection.locked && selection.offline
        );
        assert_eq!(selection.target.as_deref(), Some("t"));
        assert_eq!(selection.manifest_path, Some("d/Cargo.toml".into()));
    }

    #[test]
    fn help_and_version_need_nothing_else() {
        assert_eq!(parsed("--help"), Ok(Command::Help));
        assert_eq!(parsed("-V"), Ok(Command::Version));
    }

    #[test]
    fn mistakes_are_named() {
        let cases = [
            ("", "missing argument --out DIR; see glue-codegen --help"),
            (
                "--out web --emit py",
                "cannot parse argument \"py\": expected ts or js; see glue-codegen --help",
            ),
            (
                "--out web more",
                "unexpected argument \"more\"; see glue-codegen --help",
            ),
            ("--outt web", "invalid option '--outt'; see glue-codegen --help"),
        ];
        for (args, message) in cases {
            assert_eq!(parsed(args), Err(message.to_owned()));
        }
    }
}
