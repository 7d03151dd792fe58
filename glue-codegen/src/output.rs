//! Brings a folder up to date: writes what differs, removes what we wrote once and don't any more, touches nothing else.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use crate::{File, asyncapi, embed, print::HEADER, reference};

/// What happens to one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Path under the output folder, with `/` between folders.
    pub path: String,
    /// What happens to it.
    pub kind: ChangeKind,
}

/// What happens to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// It wasn't there.
    Create,
    /// Its text differs.
    Update,
    /// It is ours, and nothing generates it any more.
    Remove,
}

/// Why a folder can't be brought up to date.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutputError {
    /// A file that we didn't write stands where one of ours belongs. Move it, or choose another folder.
    #[error("{} was not written by glue-codegen and is in the way; move it or choose another --out folder", .0.display())]
    Foreign(PathBuf),
    /// A document that we didn't write stands where one of ours belongs. Move it, or choose another path.
    #[error("{} was not written by glue-codegen and is in the way; move it or choose another path", .0.display())]
    ForeignDocument(PathBuf),
    /// The folder is none.
    #[error("{} is a file, and not a folder to write to", .0.display())]
    NotAFolder(PathBuf),
    /// The file system refused.
    #[error("{}", .path.display())]
    Io {
        /// The file or folder in question.
        path: PathBuf,
        /// What it said.
        #[source]
        source: io::Error,
    },
}

/// Returns what [`write()`] would do to `folder`, sorted by path.
///
/// # Errors
/// [`OutputError`], before anything was changed.
pub fn plan(folder: &Path, files: &[File]) -> Result<Vec<Change>, OutputError> {
    if folder.is_file() {
        return Err(OutputError::NotAFolder(folder.to_owned()));
    }
    let mut changes = Vec::new();
    for file in files {
        let path = folder.join(&file.path);
        let kind = match read(&path)? {
            None => ChangeKind::Create,
            Some(text) if !is_ours(&text) => return Err(OutputError::Foreign(path)),
            // A checkout may have turned line ends into the platform's; that is no difference.
            Some(text) if text.replace("\r\n", "\n") == file.text => continue,
            Some(_) => ChangeKind::Update,
        };
        changes.push(Change {
            path: file.path.clone(),
            kind,
        });
    }

    let current: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let mut present = Vec::new();
    list(folder, "", false, &mut present)?;
    list(
        &folder.join(embed::FOLDER),
        &format!("{}/", embed::FOLDER),
        true,
        &mut present,
    )?;
    for path in present
        .into_iter()
        .filter(|path| !current.contains(path.as_str()))
    {
        if read(&folder.join(&path))?.is_some_and(|text| is_ours(&text)) {
            changes.push(Change {
                path,
                kind: ChangeKind::Remove,
            });
        }
    }
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(changes)
}

/// Makes `folder` hold `files`, and returns what had to change for that. Files that are the same aren't touched, so that
/// watchers stay quiet.
///
/// # Errors
/// [`OutputError`]; if it is about a foreign file, nothing was changed.
pub fn write(folder: &Path, files: &[File]) -> Result<Vec<Change>, OutputError> {
    let changes = plan(folder, files)?;
    for change in &changes {
        let path = folder.join(&change.path);
        let result = match files.iter().find(|file| file.path == change.path) {
            Some(file) => {
                let parent = path.parent().unwrap_or(folder);
                fs::create_dir_all(parent).and_then(|()| replace(&path, &file.text))
            }
            None => fs::remove_file(&path).map(|()| remove_empty_parents(folder, &path)),
        };
        result.map_err(|source| OutputError::Io { path, source })?;
    }
    Ok(changes)
}

/// Returns what [`write_file`] would do; none if the file is as it should be.
///
/// # Errors
/// [`OutputError`].
pub fn plan_file(path: &Path, text: &str) -> Result<Option<ChangeKind>, OutputError> {
    Ok(match read(path)? {
        None => Some(ChangeKind::Create),
        Some(found) if !is_our_document(&found) => return Err(OutputError::ForeignDocument(path.to_owned())),
        Some(found) if found.replace("\r\n", "\n") == text => None,
        Some(_) => Some(ChangeKind::Update),
    })
}

/// Makes a file hold `text`: a document that belongs to no client, such as a reference. Its folder is made if there is none.
///
/// # Errors
/// [`OutputError`]; if it is about a foreign file, nothing was changed.
pub fn write_file(path: &Path, text: &str) -> Result<(), OutputError> {
    if plan_file(path, text)?.is_none() {
        return Ok(());
    }
    // The folder of a bare name is the one we are in.
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| replace(path, text))
        .map_err(|source| OutputError::Io {
            path: path.to_owned(),
            source,
        })
}

/// Writes a file beside its place and moves it there: what reads it meanwhile sees the old or the new text, and a disk that is full
/// leaves no half of it, which would look like somebody else's.
pub(crate) fn replace(path: &Path, text: &str) -> io::Result<()> {
    // What a link leads to is replaced, not the link.
    let real = fs::canonicalize(path);
    let path = real.as_deref().unwrap_or(path);
    let new = beside(path);
    let result = fs::write(&new, text).and_then(|()| fs::rename(&new, path));
    if result.is_err() {
        // If it can't be removed either, the next run writes over it.
        let _ = fs::remove_file(&new);
    }
    result
}

/// Where a file is written before it is moved to its place: a name that nobody else gives, as whatever stands there is lost.
pub(crate) fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".glue-codegen-new");
    path.with_file_name(name)
}

fn is_ours(text: &str) -> bool {
    text.starts_with(HEADER)
}

fn is_our_document(text: &str) -> bool {
    // Of the whole text the first lines would do, but it is short.
    let text = text.replace("\r\n", "\n");
    text.starts_with(asyncapi::HEADER) || reference::is_ours(&text)
}

/// The text of a file; what isn't UTF-8 can't be ours, and reads as a text that isn't.
fn read(path: &Path) -> Result<Option<String>, OutputError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8(bytes).unwrap_or_default())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(OutputError::Io {
            path: path.to_owned(),
            source,
        }),
    }
}

/// Adds the scripts in `folder` to `found`, each as `prefix` and its name.
///
/// Only the top and the runtime's folder are looked at: the output folder may well hold a whole project.
fn list(folder: &Path, prefix: &str, recurse: bool, found: &mut Vec<String>) -> Result<(), OutputError> {
    let error = |source| OutputError::Io {
        path: folder.to_owned(),
        source,
    };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(error(source)),
    };
    for entry in entries {
        let entry = entry.map_err(error)?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let kind = entry.file_type().map_err(error)?;
        if kind.is_dir() && recurse {
            list(&entry.path(), &format!("{prefix}{name}/"), true, found)?;
        } else if kind.is_file() && (name.ends_with(".ts") || name.ends_with(".js")) {
            found.push(format!("{prefix}{name}"));
        }
    }
    Ok(())
}

/// Removes the folders that a removed file leaves empty; one that isn't empty refuses, which is what we want.
fn remove_empty_parents(folder: &Path, path: &Path) {
    let parents = path.ancestors().skip(1).take_while(|parent| *parent != folder);
    for parent in parents {
        if fs::remove_dir(parent).is_err() {
            break;
        }
    }
}
