//! The lock as a file: read, compared, written.

use std::{fs, io, path::Path, path::PathBuf};

use super::{ChannelLock, FORMAT, Lock};
use crate::output::{self, Change, ChangeKind};

/// Why a lock can't be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// A file that we didn't write stands where the lock belongs. Move it, or choose another path.
    #[error("{} was not written by glue-codegen and is in the way; move it or choose another path", .0.display())]
    Foreign(PathBuf),
    /// The lock was written by another version of glue-codegen.
    #[error("{place} has format {found}, this glue-codegen reads {FORMAT}: {}", advice(*.found))]
    Format {
        /// Which lock.
        place: String,
        /// Its format.
        found: u32,
    },
    /// The text is no lock.
    #[error("{place} is no lock of glue-codegen")]
    Syntax {
        /// Which text.
        place: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// The file system refused.
    #[error("{}", .path.display())]
    Io {
        /// The file in question.
        path: PathBuf,
        /// What it said.
        #[source]
        source: io::Error,
    },
}

const fn advice(found: u32) -> &'static str {
    if found > FORMAT {
        "update glue-codegen"
    } else {
        "generate it anew"
    }
}

impl Lock {
    /// Reads the text of a lock; `place` says in errors where it is from.
    ///
    /// # Errors
    /// [`LockError::Format`] for one of another version, [`LockError::Syntax`] for what is none.
    pub fn from_text(text: &str, place: &str) -> Result<Self, LockError> {
        #[derive(serde::Deserialize)]
        struct Version {
            lock: u32,
        }
        let syntax = |source| LockError::Syntax {
            place: place.to_owned(),
            source,
        };
        // Before the rest, which may be of any form.
        let Version { lock: found } = serde_json::from_str(text).map_err(syntax)?;
        if found != FORMAT {
            return Err(LockError::Format {
                place: place.to_owned(),
                found,
            });
        }
        serde_json::from_str(text).map_err(syntax)
    }
}

/// Reads the lock at `path`; `None` if there is no file.
///
/// # Errors
/// As [`Lock::from_text`], and [`LockError::Io`].
pub fn read(path: &Path) -> Result<Option<Lock>, LockError> {
    match load(path)? {
        Some(text) => Lock::from_text(&text, &path.display().to_string()).map(Some),
        None => Ok(None),
    }
}

/// Returns what [`write()`] would do, if anything.
///
/// # Errors
/// [`LockError`] if the file isn't ours, or of a later format.
pub fn check(path: &Path, lock: &Lock) -> Result<Option<Change>, LockError> {
    let kind = match load(path)? {
        None => ChangeKind::Create,
        // A checkout may have turned line ends into the platform's; that is no difference.
        Some(text) if text.replace("\r\n", "\n") == lock.to_text() => return Ok(None),
        Some(text) if !is_ours(&text) => return Err(LockError::Foreign(path.to_owned())),
        Some(text) => {
            // One that a merge has left broken is ours still, and written anew; one of a later version would lose something.
            if let Err(error @ LockError::Format { found, .. }) =
                Lock::from_text(&text, &path.display().to_string())
                && found > FORMAT
            {
                return Err(error);
            }
            ChangeKind::Update
        }
    };
    let path = path.display().to_string();
    Ok(Some(Change { path, kind }))
}

/// Makes the file at `path` hold `lock`; returns what had to change. A file that is the same isn't touched.
///
/// # Errors
/// As [`check`]; then nothing was changed.
pub fn write(path: &Path, lock: &Lock) -> Result<Option<Change>, LockError> {
    let change = check(path, lock)?;
    if change.is_some() {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let folder = parent.map_or(Ok(()), fs::create_dir_all);
        let written = folder.and_then(|()| output::replace(path, &lock.to_text()));
        written.map_err(|source| LockError::Io {
            path: path.to_owned(),
            source,
        })?;
    }
    Ok(change)
}

/// Names the channels, methods, events and types in which two locks differ: `chat.post`, `type Message`.
pub fn differences(old: &Lock, new: &Lock) -> Vec<String> {
    let mut found = Vec::new();
    let none = ChannelLock::default();
    for name in keys(&old.channels, &new.channels) {
        let (before, after) = (old.channels.get(name), new.channels.get(name));
        let (Some(_), Some(_)) = (before, after) else {
            found.push(name.clone());
            continue;
        };
        let (before, after) = (before.unwrap_or(&none), after.unwrap_or(&none));
        let all = [
            (&before.methods, &after.methods),
            (&before.events, &after.events),
            (&before.client_methods, &after.client_methods),
        ];
        for (before, after) in all {
            let names = keys(before, after).into_iter();
            let differ = names.filter(|name| before.get(*name) != after.get(*name));
            found.extend(differ.map(|method| format!("{name}.{method}")));
        }
    }
    let types = keys(&old.types, &new.types).into_iter();
    let differ = types.filter(|name| old.types.get(*name) != new.types.get(*name));
    found.extend(differ.map(|name| format!("type {name}")));
    found.dedup();
    found
}

/// The keys of both, sorted.
pub(crate) fn keys<'a, K: Ord, A, B>(
    old: &'a std::collections::BTreeMap<K, A>,
    new: &'a std::collections::BTreeMap<K, B>,
) -> std::collections::BTreeSet<&'a K> {
    old.keys().chain(new.keys()).collect()
}

fn is_ours(text: &str) -> bool {
    let body = text.trim_start_matches('\u{feff}').trim_start().strip_prefix('{');
    body.is_some_and(|body| body.trim_start().starts_with("\"lock\":"))
}

/// The text of a file; what isn't UTF-8 can't be ours, and reads as a text that isn't.
fn load(path: &Path) -> Result<Option<String>, LockError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8(bytes).unwrap_or_default())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(LockError::Io {
            path: path.to_owned(),
            source,
        }),
    }
}
