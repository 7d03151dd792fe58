//! A server's process: started on a core of its own, and watched from outside.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::peer::{Failure, Program};

/// A server that runs. It ends as this is dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    /// Starts a server on this core, and waits until it listens.
    ///
    /// # Errors
    /// It doesn't.
    pub fn start(program: Program, core: usize) -> Result<Self, Failure> {
        let mut command = Command::new("taskset");
        command.args(["-c", &core.to_string()]);
        match program {
            Program::Rust(package) => command.arg(programs()?.join(package)),
            Program::Node { folder, script } => {
                command.current_dir(servers().join(folder)).args(["node", script])
            }
        };
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|error| format!("{program:?}: {error}"))?;
        let stdout = child.stdout.take().ok_or("no output")?;
        let mut server = Self {
            child,
            address: (Ipv4Addr::LOCALHOST, 0).into(),
        };
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let port = serde_json::from_str(&line)
            .ok()
            .and_then(|line: serde_json::Value| line["port"].as_u64());
        let port = port.and_then(|port| u16::try_from(port).ok());
        server
            .address
            .set_port(port.ok_or_else(|| format!("the first line of {program:?} is {line:?}"))?);
        Ok(server)
    }

    /// Returns where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the time that its threads have had so far.
    ///
    /// # Errors
    /// It has ended.
    pub fn cpu(&self) -> Result<Duration, Failure> {
        cpu_of(&self.child.id().to_string())
    }

    /// As [`Server::cpu`], once it has nothing to do any more.
    ///
    /// # Errors
    /// It has ended.
    pub fn cpu_at_rest(&self) -> Result<Duration, Failure> {
        let mut cpu = self.cpu()?;
        for _ in 0..MOST_LOOKS {
            thread::sleep(PAUSE);
            let before = std::mem::replace(&mut cpu, self.cpu()?);
            if cpu - before < PAUSE / 100 {
                break;
            }
        }
        Ok(cpu)
    }

    /// Returns the bytes of its resident set.
    ///
    /// # Errors
    /// It has ended.
    pub fn resident(&self) -> Result<f64, Failure> {
        let path = format!("/proc/{}/status", self.child.id());
        let status = fs::read_to_string(path)?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line
            .and_then(|line| line.trim().strip_suffix("kB"))
            .ok_or("no VmRSS")?;
        Ok(kib.trim().parse::<f64>()? * 1024.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Its input ends, and so should it; connections that it waits for are not worth our time.
        drop(self.child.stdin.take());
        for _ in 0..MOST_LOOKS {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(PAUSE);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Builds these programs: each by itself, so that none gets features of a dependency that another asks for.
///
/// # Errors
/// It can't be.
pub fn build(programs: &[Program]) -> Result<(), Failure> {
    for &program in programs {
        match program {
            Program::Rust(package) => {
                let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
                cargo.args(["build", "--release", "--locked", "--quiet", "--package", package]);
                run(cargo.current_dir(workspace()))?;
            }
            Program::Node { folder, .. } => {
                let folder = servers().join(folder);
                if !folder.join("node_modules").exists() {
                    run(Command::new("npm").arg("ci").current_dir(folder))?;
                }
            }
        }
    }
    Ok(())
}

/// Returns the time that this process has had.
///
/// # Errors
/// This is no Linux.
pub fn own_cpu() -> Result<Duration, Failure> {
    cpu_of("self")
}

/// Returns the folder of all that is measured.
pub fn workspace() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Returns the folder of the servers.
pub fn servers() -> PathBuf {
    workspace().join("servers")
}

/// Where the compiled servers are: beside this program, which may be one for debugging, while they never are.
fn programs() -> Result<PathBuf, Failure> {
    let own = std::env::current_exe()?;
    let target = own.parent().and_then(Path::parent).ok_or("no target folder")?;
    Ok(target.join("release"))
}

/// Sums up what the scheduler has counted for each thread: exact to the nanosecond while none runs.
fn cpu_of(process: &str) -> Result<Duration, Failure> {
    let mut nanoseconds = 0;
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        // A thread may end in between; ours and the servers' don't.
        let Ok(line) = fs::read_to_string(thread?.path().join("schedstat")) else {
            continue;
        };
        nanoseconds += line.split(' ').next().unwrap_or_default().parse::<u64>()?;
    }
    Ok(Duration::from_nanos(nanoseconds))
}

fn run(command: &mut Command) -> Result<(), Failure> {
    let status = command.status()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{command:?}: {status}").into())
    }
}

/// Time between two looks at a server.
const PAUSE: Duration = Duration::from_millis(20);

/// Looks at a server before it is taken as it is, or killed: one second.
const MOST_LOOKS: usize = 50;
