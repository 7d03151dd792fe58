//! What `glue-codegen init` sets up: built, started, its page fetched, and a call made with its client.
//!
//! The dependencies are those of the quick start, and so is what is built of them.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::node;
use crate::run::{Failure, cannot_run, capture, cargo, run};
use crate::scratch::{self, Scratch};
use crate::workspace;

/// Sets up a project with each kind of page.
pub(crate) fn init() -> Result<(), Failure> {
    run(&mut cargo([
        "build",
        "--quiet",
        "--locked",
        "--package",
        "glue-codegen",
    ]))?;
    node::require()?;
    let home = Scratch::new("init")?;

    let page = set_up(&home, "glue-init-js", &[])?;
    let server = Server::start("glue-init-js", &page)?;
    scratch::write(&page.join("call.js"), CALL)?;
    let said = capture(
        Command::new("node")
            .args(["call.js", &server.url])
            .current_dir(&page),
    )?;
    if said != "Hello, Ada! 3 2 1\n" {
        return Err(Failure::new(format!(
            "the client of the new project got `{said}`"
        )));
    }

    let page = set_up(&home, "glue-init-ts", &["--emit", "ts"])?;
    node::install_once(&node::runtime_folder())?;
    run(node::tsc().current_dir(&page))?;
    scratch::read(&page.join("web/build/main.js")).map(drop)
}

/// Sets up a project in a folder of this name, and returns the folder.
fn set_up(home: &Scratch, name: &str, options: &[&str]) -> Result<std::path::PathBuf, Failure> {
    let folder = home.path().join(name);
    scratch::write(&folder.join("Cargo.lock"), "")?;
    scratch::lock(&folder)?;
    let mut codegen = scratch::command(workspace::built("glue-codegen")?, home.path())?;
    codegen.args(["init", name, "--runtime-path"]);
    run(codegen.arg(workspace::root().join("glue-runtime")).args(options))?;
    // Its settings are in Cargo.toml.
    let mut codegen = scratch::command(workspace::built("glue-codegen")?, &folder)?;
    run(codegen.arg("--check"))?;
    Ok(folder)
}

/// The server of a new project, on a free port; ended when this is dropped.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start(name: &str, folder: &Path) -> Result<Self, Failure> {
        run(scratch::command("cargo", folder)?.args(["build", "--quiet"]))?;
        let mut server = Command::new(workspace::built(name)?);
        server.arg("127.0.0.1:0").stdout(Stdio::piped());
        let mut child = server.spawn().map_err(|error| cannot_run(&server, &error))?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            let read = BufReader::new(stdout).read_line(&mut line);
            read.map_err(|error| Failure::new(format!("what the server says can't be read: {error}")))?;
        }
        let url = line.trim_end().trim_start_matches("listening on ").to_owned();
        Ok(Self { child, url })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only when it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Fetches the page and its script, then calls as that does.
const CALL: &str = r#"
import { Greeter, glue } from "./web/generated/index.js";

const [, , url] = process.argv;
for (const [path, text] of [["/", "<form>"], ["/main.js", "new Greeter"], ["/generated/index.js", "Greeter"]]) {
  const response = await fetch(url + path);
  if (!response.ok || !(await response.text()).includes(text)) throw new Error(`${path} lacks ${text}`);
}
const socket = glue(url);
const greeter = new Greeter(socket);
let said = await greeter.greet("Ada");
for await (const number of greeter.countdown(3)) said += ` ${number}`;
console.log(said);
socket.close();
"#;
