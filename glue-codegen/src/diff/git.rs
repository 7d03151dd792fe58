//! The lock to compare with: a file, or what git has of it.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use crate::lock::{Lock, LockError};

/// Why there is no lock to compare with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OtherError {
    /// It is there, but can't be read.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// A file that is there can't be read.
    #[error("{}", .0.display())]
    Io(PathBuf, #[source] io::Error),
    /// Git can't be run.
    #[error("git can't be run, so there is nothing to compare with; name a file: --against FILE")]
    NoGit(#[source] io::Error),
    /// The lock isn't in a repository.
    #[error("{} is in no git repository; name a file to compare with: --against FILE", .0.display())]
    NoRepository(PathBuf),
    /// The repository is new.
    #[error("the git repository has no commit yet; commit {} first, or name a file: --against FILE", .0.display())]
    NoCommit(PathBuf),
    /// There is no such revision, and no such file.
    #[error(
        "`{0}` is neither a file nor a revision that git knows (in CI: was it fetched? `git fetch origin main`)"
    )]
    NoRevision(String),
    /// The revision has no lock.
    #[error("{revision} has no {}: commit the lock first, or name another revision: --against REV", .path.display())]
    NoLock {
        /// The revision.
        revision: String,
        /// The lock.
        path: PathBuf,
    },
}

/// Reads the lock that stands at `against`: a file, or the state of the lock at `path` in a revision of git.
///
/// # Errors
/// [`OtherError`] says what to do.
pub fn other(path: &Path, against: &str) -> Result<Lock, OtherError> {
    let file = Path::new(against);
    if file.is_file() {
        let text = fs::read_to_string(file).map_err(|error| OtherError::Io(file.to_owned(), error))?;
        return Ok(Lock::from_text(&text, against)?);
    }
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if git(folder, &["rev-parse", "--git-dir"])?.is_none() {
        return Err(OtherError::NoRepository(path.to_owned()));
    }
    // `--end-of-options` keeps a name that begins with a dash a name.
    let commit = format!("{against}^{{commit}}");
    if git(
        folder,
        &["rev-parse", "--verify", "--quiet", "--end-of-options", &commit],
    )?
    .is_none()
    {
        if against == "HEAD" {
            return Err(OtherError::NoCommit(path.to_owned()));
        }
        return Err(OtherError::NoRevision(against.to_owned()));
    }
    let place = format!("{against}:./{name}");
    match git(folder, &["show", "--end-of-options", &place])? {
        Some(text) => Ok(Lock::from_text(&text, &place)?),
        None => Err(OtherError::NoLock {
            revision: against.to_owned(),
            path: path.to_owned(),
        }),
    }
}

/// Returns what git prints, or nothing if it fails.
fn git(folder: &Path, args: &[&str]) -> Result<Option<String>, OtherError> {
    let output = Command::new("git").arg("-C").arg(folder).args(args).output();
    let output = output.map_err(OtherError::NoGit)?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(output.status.success().then_some(text))
}
