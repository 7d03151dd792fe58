//! The quick start of README.md, followed to the letter in an empty folder.
//!
//! Only what a test must not do is done another way: the clone is this workspace, `cargo install` is the glue-codegen that cargo has
//! built here, the port is a free one, and npm takes the compiler's version from our lock file.

use std::env;
use std::ffi::{OsStr, OsString};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use crate::markdown::{Block, blocks_under};
use crate::node;
use crate::run::{Failure, cannot_run, capture, cargo, run};
use crate::scratch::{self, Scratch, read};
use crate::workspace;

/// Follows the quick start.
pub(crate) fn quickstart() -> Result<(), Failure> {
    let readme = read(&workspace::root().join("README.md"))?;
    let blocks = blocks_under(&readme, HEADING);
    if blocks.len() < 6 {
        return Err(Failure::new(format!(
            "README.md has only {} blocks under `{HEADING}`",
            blocks.len()
        )));
    }
    run(&mut cargo([
        "build",
        "--quiet",
        "--locked",
        "--package",
        "glue-codegen",
    ]))?;

    let mut reader = Reader::new()?;
    for block in &blocks {
        reader.follow(block)?;
    }
    if !reader.compared {
        return Err(Failure::new(format!(
            "README.md shows no output under `{HEADING}`"
        )));
    }
    Ok(())
}

/// Somebody who reads the quick start and does what it says.
struct Reader {
    /// Removed at the end.
    home: Scratch,
    /// Where the shell stands.
    folder: PathBuf,
    port: u16,
    path: OsString,
    /// Ended when the reader is dropped.
    server: Option<Server>,
    /// What the last command has printed.
    printed: String,
    compared: bool,
}

impl Reader {
    fn new() -> Result<Self, Failure> {
        let home = Scratch::new("quickstart")?;
        let listener = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = listener
            .map_err(|error| Failure::new(format!("no free port: {error}")))?
            .port();

        node::require()?;
        let programs = workspace::built("glue-codegen")?.parent().map(Path::to_owned);
        let rest = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths(programs.into_iter().chain(env::split_paths(&rest)));
        let path = path.map_err(|error| Failure::new(format!("PATH: {error}")))?;
        let folder = home.path().to_owned();
        Ok(Self {
            home,
            folder,
            port,
            path,
            server: None,
            printed: String::new(),
            compared: false,
        })
    }

    fn follow(&mut self, block: &Block) -> Result<(), Failure> {
        if let Some(file) = block.file() {
            return self.write(file, &self.adapt(&block.text));
        }
        match block.language.as_str() {
            "sh" => block.text.lines().try_for_each(|line| self.type_in(line)),
            "text" => self.compare(&block.text),
            other => Err(Failure::new(format!(
                "a block of `{other}` names no file:\n{}",
                block.text
            ))),
        }
    }

    /// Types one line into the shell.
    fn type_in(&mut self, line: &str) -> Result<(), Failure> {
        eprintln!("$ {line}");
        if line.starts_with("cargo install ") {
            return Ok(());
        }
        if line == "cargo run" {
            return self.start_server();
        }
        let line = self.adapt(line);
        let stand = self.home.path().join("pwd");
        let mut shell = self.command("sh")?;
        shell
            .arg("-ec")
            .arg(format!("{line}\npwd > '{}'", stand.display()));
        self.printed = capture(&mut shell)?;
        self.folder = read(&stand)?.trim_end().into();

        let is_new = self.folder.join("Cargo.toml").exists() && !self.folder.join("Cargo.lock").exists();
        if is_new {
            scratch::lock(&self.folder)?;
        }
        Ok(())
    }

    fn start_server(&mut self) -> Result<(), Failure> {
        let mut build = self.command("cargo")?;
        build.args(["build", "--quiet"]);
        let output = build.output().map_err(|error| cannot_run(&build, &error))?;
        // `--quiet` lets errors through, and warnings, which nobody wants of an example.
        if !output.status.success() || !output.stderr.is_empty() {
            return Err(Failure::new(String::from_utf8_lossy(&output.stderr)));
        }
        let name = self
            .folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let mut server = self.command(workspace::built(&name)?)?;
        let child = server.spawn().map_err(|error| cannot_run(&server, &error))?;
        self.server = Some(Server(child));
        Ok(())
    }

    fn compare(&mut self, expected: &str) -> Result<(), Failure> {
        self.compared = true;
        if self.printed == expected {
            return Ok(());
        }
        let message = format!(
            "README.md shows the output\n{expected}\nbut it is\n{}",
            self.printed
        );
        Err(Failure::new(message))
    }

    fn write(&self, file: &str, text: &str) -> Result<(), Failure> {
        let path = self.folder.join(file);
        // `cargo new` has written one that ends with the section for dependencies.
        let before = if file == "Cargo.toml" {
            read(&path)?
        } else {
            String::new()
        };
        let before = before.split("[dependencies]").next().unwrap_or_default();
        scratch::write(&path, &format!("{before}{text}"))
    }

    /// Puts in what differs here.
    fn adapt(&self, text: &str) -> String {
        let clone = workspace::root().display().to_string();
        text.replace("../glue/", &format!("{}/", clone.replace('\\', "/")))
            .replace("127.0.0.1:8080", &format!("127.0.0.1:{}", self.port))
            .replace(
                "--save-dev typescript",
                &format!("--save-dev typescript@{}", locked_compiler()),
            )
    }

    /// Prepares a program in the folder where the reader stands.
    fn command(&self, program: impl AsRef<OsStr>) -> Result<Command, Failure> {
        let mut command = scratch::command(program, &self.folder)?;
        command.env("PATH", &self.path);
        Ok(command)
    }
}

/// Returns the version of TypeScript in our lock file.
fn locked_compiler() -> String {
    let lock = read(&node::runtime_folder().join("package-lock.json")).unwrap_or_default();
    let entry = lock
        .split("\"node_modules/typescript\"")
        .nth(1)
        .unwrap_or_default();
    let version = entry
        .split("\"version\": \"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    version.unwrap_or("latest").to_owned()
}

/// Program that is ended with us.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only when it has ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Heading of the section that is followed.
const HEADING: &str = "## Quick start";
