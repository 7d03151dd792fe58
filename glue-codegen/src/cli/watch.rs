//! `glue-codegen --watch`: writes the client again whenever its sources change, until Ctrl-C.
//!
//! All that can happen arrives in one queue: changed files, the end of a program, Ctrl-C. So a change during a build is not lost,
//! Ctrl-C ends a build, and nothing turns in a circle while nothing happens.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::mpsc::{self, Receiver, RecvTimeoutError, Sender},
    thread,
    time::Duration,
};

use notify::{
    EventKind, RecommendedWatcher, RecursiveMode, Watcher as _,
    event::{MetadataKind, ModifyKind},
};

use super::{Console, Exit, Failure, Project, console::now, generate::once, settings::Flags};
use crate::{discover::Runner, embed, output};

/// What can happen.
enum Event {
    /// Ctrl-C, or another request to end.
    Stop,
    /// The operating system tells of files.
    Files(notify::Result<notify::Event>),
    /// The program that was run has closed its output, and this is what it wrote.
    Ended { stdout: Vec<u8>, stderr: Vec<u8> },
}

/// Writes the client until told to stop. What can't be right at the start is an error; later on, everything may be wrong for a
/// while.
pub(super) fn watch(flags: &Flags, console: Console) -> Result<Exit, Failure> {
    let (sender, inbox) = mpsc::channel();
    let stop = sender.clone();
    // A queue that is gone has a process that is about to be.
    ctrlc::set_handler(move || drop(stop.send(Event::Stop)))?;
    let files = sender.clone();
    let watcher = notify::recommended_watcher(move |event| drop(files.send(Event::Files(event))))?;
    let queue = Queue {
        sender,
        inbox,
        console,
        has_changed: Cell::new(false),
        is_stopped: Cell::new(false),
        gone: RefCell::default(),
        outside: RefCell::default(),
    };
    let mut watched = Watched {
        watcher,
        folders: BTreeSet::new(),
    };

    let mut project = Some(Project::open(flags.clone(), &queue)?);
    let mut is_first = true;
    loop {
        let started = now();
        let result = match project.take() {
            Some(project) => Ok(project),
            None => Project::open(flags.clone(), &queue),
        };
        let result = result.and_then(|project| {
            watched.follow(&project, &queue)?;
            once(&project, false, started, console, &queue)
        });
        if queue.is_stopped.get() {
            break;
        }
        match result {
            Err(failure @ Failure::Usage(_)) if is_first => return Err(failure),
            Err(failure) => Console::fail(failure.error()),
            Ok(_) => {}
        }
        if is_first {
            console.status("watching; Ctrl-C ends it");
        }
        is_first = false;
        if !queue.wait_for_change() {
            break;
        }
    }
    console.status("stopped");
    Ok(Exit::Success)
}

/// What has happened.
struct Queue {
    /// For those that read the output of programs.
    sender: Sender<Event>,
    inbox: Receiver<Event>,
    console: Console,
    /// A source has changed since the last run began.
    has_changed: Cell<bool>,
    is_stopped: Cell<bool>,
    /// What was removed or renamed since the folders to watch were last looked at.
    gone: RefCell<Vec<PathBuf>>,
    outside: RefCell<Outside>,
}

impl Queue {
    /// Waits until sources have changed and are at rest again. False if it is time to stop.
    fn wait_for_change(&self) -> bool {
        while !self.has_changed.get() && !self.is_stopped.get() {
            let Ok(event) = self.inbox.recv() else {
                return false;
            };
            self.take(event);
        }
        // Editors and tools save in several steps, and often several files.
        loop {
            if self.is_stopped.get() {
                return false;
            }
            match self.inbox.recv_timeout(REST) {
                Ok(event) => self.take(event),
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return false,
            };
        }
        self.has_changed.set(false);
        true
    }

    /// Remembers what an event means; gives back what only the caller knows what to do with.
    fn take(&self, event: Event) -> Option<(Vec<u8>, Vec<u8>)> {
        match event {
            Event::Stop => self.is_stopped.set(true),
            Event::Files(Ok(event)) => {
                if is_change(&event, &self.outside.borrow()) {
                    self.has_changed.set(true);
                }
                if matches!(
                    event.kind,
                    EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_))
                ) {
                    self.gone.borrow_mut().extend(event.paths);
                }
            }
            // Events were lost, or a folder can't be watched: better once too often.
            Event::Files(Err(_)) => self.has_changed.set(true),
            Event::Ended { stdout, stderr } => return Some((stdout, stderr)),
        }
        None
    }
}

impl Runner for Queue {
    fn output(&self, command: &mut Command) -> io::Result<Output> {
        let interrupted = || io::Error::from(io::ErrorKind::Interrupted);
        if self.is_stopped.get() {
            return Err(interrupted());
        }
        let started = now();
        let mut child = command.spawn()?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let sender = self.sender.clone();
        // Ends when the program and all that it has started have closed their output.
        thread::spawn(move || {
            let read_errors = thread::spawn(move || read(stderr));
            let stdout = read(stdout);
            let stderr = read_errors.join().unwrap_or_default();
            drop(sender.send(Event::Ended { stdout, stderr }));
        });
        loop {
            let event = self.inbox.recv().map_err(|_| interrupted())?;
            if let Some((stdout, stderr)) = self.take(event) {
                let status = child.wait()?;
                self.console.ran(command, started.elapsed());
                return Ok(Output {
                    status,
                    stdout,
                    stderr,
                });
            }
            if self.is_stopped.get() {
                // At a terminal, Ctrl-C has reached it, too.
                let _ = child.kill();
                child.wait()?;
                return Err(interrupted());
            }
        }
    }

    fn is_quiet(&self) -> bool {
        self.console.is_quiet()
    }
}

/// The folders that are watched, each by itself: a recursive watch would take in `target` and `node_modules`.
struct Watched {
    watcher: RecommendedWatcher,
    folders: BTreeSet<PathBuf>,
}

impl Watched {
    /// Watches what the build of `project` depends on, and nothing else.
    fn follow(&mut self, project: &Project, queue: &Queue) -> Result<(), Failure> {
        // A folder that went away is watched anew if there is one of its name now.
        let gone = queue.gone.take();
        self.folders
            .retain(|folder| !gone.iter().any(|path| folder.starts_with(path)));

        let packages = project.packages()?;
        let roots = project.workspace.source_folders(&packages);
        let roots: BTreeSet<_> = roots
            .iter()
            .filter_map(|root| fs::canonicalize(root).ok())
            .collect();
        let outside = Outside::of(project, &roots);

        let mut wanted = BTreeSet::new();
        for root in &roots {
            collect(root, &roots, &outside, &mut wanted);
        }
        // Cargo.lock, and the settings of the workspace.
        wanted.extend(
            project
                .workspace
                .manifest_path()
                .parent()
                .and_then(|root| fs::canonicalize(root).ok()),
        );

        for gone in self.folders.difference(&wanted) {
            // It is gone, most likely.
            let _ = self.watcher.unwatch(gone);
        }
        for new in wanted.difference(&self.folders) {
            match self.watcher.watch(new, RecursiveMode::NonRecursive) {
                // Removed between the look and the watch.
                Err(error) if matches!(&error.kind, notify::ErrorKind::PathNotFound) => {}
                result => result?,
            }
        }
        self.folders = wanted;
        queue.outside.replace(outside);
        Ok(())
    }
}

/// Where nothing is of interest: what cargo writes, and what we do.
#[derive(Debug, Default)]
struct Outside {
    /// Folders and files.
    places: Vec<PathBuf>,
    /// The output folder, where sources stand beside what we write.
    shared: Option<PathBuf>,
}

impl Outside {
    fn of(project: &Project, roots: &BTreeSet<PathBuf>) -> Self {
        let settings = &project.settings;
        let target = project.workspace.target_directory.clone();
        let lock = settings.lock.iter();
        let lock = lock.flat_map(|path| [path.clone(), output::beside(path)]);
        let places = lock.chain(settings.documents.paths()).chain([target]);
        let mut outside = Self {
            places: places.map(|path| canonical(&path)).collect(),
            shared: None,
        };
        if let Some(out) = settings.out.as_deref().map(canonical) {
            let mut entries = fs::read_dir(&out).into_iter().flatten().flatten();
            if roots.iter().any(|root| root.starts_with(&out))
                || entries.any(|entry| entry.path().extension().is_some_and(|end| end == "rs"))
            {
                outside.places.push(out.join(embed::FOLDER));
                outside.shared = Some(out);
            } else {
                outside.places.push(out);
            }
        }
        outside
    }

    fn has(&self, path: &Path) -> bool {
        // The scripts, and what they are called before they are moved to their places.
        let is_script = || {
            path.extension()
                .is_some_and(|end| end == "ts" || end == "js" || end == "new")
        };
        let is_written = self.shared.as_deref() == path.parent() && is_script();
        is_written || self.places.iter().any(|place| path.starts_with(place))
    }
}

/// Adds `folder` and the folders in it that may hold sources.
fn collect(folder: &Path, roots: &BTreeSet<PathBuf>, outside: &Outside, found: &mut BTreeSet<PathBuf>) {
    if !found.insert(folder.to_owned()) {
        return;
    }
    // What can't be read can't be built from either.
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    for path in folders.map(|entry| entry.path()) {
        let is_other_package = path.join("Cargo.toml").is_file() && !roots.contains(&path);
        let is_cache = path.join("CACHEDIR.TAG").is_file();
        let is_dependency = path.file_name().is_some_and(|name| name == "node_modules");
        if !(is_other_package || is_cache || is_dependency || is_hidden(&path) || outside.has(&path)) {
            collect(&path, roots, outside, found);
        }
    }
}

/// The path as the operating system tells it; of what isn't there yet, as far as it is.
fn canonical(path: &Path) -> PathBuf {
    let parent = || Some(fs::canonicalize(path.parent()?).ok()?.join(path.file_name()?));
    fs::canonicalize(path)
        .ok()
        .or_else(parent)
        .unwrap_or_else(|| path.to_owned())
}

/// Whether this may change what is built: not reading, not permissions, not the files that editors keep beside the real ones, and
/// nothing `outside`.
fn is_change(event: &notify::Event, outside: &Outside) -> bool {
    let counts = match event.kind {
        // `touch` counts, as it does for cargo; inotify doesn't tell it from other attributes.
        EventKind::Modify(ModifyKind::Metadata(kind)) => {
            matches!(kind, MetadataKind::Any | MetadataKind::WriteTime)
        }
        EventKind::Access(_) => false,
        EventKind::Any
        | EventKind::Other
        | EventKind::Create(_)
        | EventKind::Modify(_)
        | EventKind::Remove(_) => true,
    };
    let is_noise = |path: &PathBuf| {
        let is_backup = path.as_os_str().as_encoded_bytes().ends_with(b"~");
        is_hidden(path) || is_backup || outside.has(path)
    };
    counts && (event.paths.is_empty() || !event.paths.iter().all(is_noise))
}

fn is_hidden(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

/// Reads a pipe to its end.
fn read(pipe: Option<impl io::Read>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        // What arrived before a failure is all there is.
        let _ = pipe.read_to_end(&mut bytes);
    }
    bytes
}

/// How long nothing must happen before a change counts as complete. Editors take a few milliseconds between their steps; twice
/// as long would be felt.
const REST: Duration = Duration::from_millis(40);
