//! The settings of a run: flags over `[package.metadata.glue]` over `[workspace.metadata.glue]` over defaults.
//!
//! A new setting is a field of [`Flags`] and of [`Settings`], a line in [`Flags::or`], and a key in [`Flags::read`].

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::documents::DocumentArguments;
use crate::{Emit, Options, Tanstack, lock::FILE_NAME, selection::Selection};

/// What one source of settings says: the command line, or a section of a Cargo.toml. What it leaves open is `None`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flags {
    pub(crate) out: Option<PathBuf>,
    pub(crate) emit: Option<Emit>,
    pub(crate) fakes: Option<bool>,
    pub(crate) lock: Option<LockPlace>,
    pub(crate) tanstack: Option<TanstackSetting>,
    pub(crate) documents: DocumentArguments,
    pub(crate) selection: Selection,
}

/// Where the lock is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LockPlace {
    At(PathBuf),
    /// There is none.
    Nowhere,
}

/// What holds for a run. `--check` is none of it, so that it compares with what the same run would write.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// Output folder, if any is set.
    pub(crate) out: Option<PathBuf>,
    /// What to write.
    pub(crate) options: Options,
    /// The file of the contract, unless it isn't wanted.
    pub(crate) lock: Option<PathBuf>,
    /// What to write beside it.
    pub(crate) documents: DocumentArguments,
    /// What to build.
    pub(crate) selection: Selection,
}

/// What is wrong with a section of a Cargo.toml.
#[derive(Debug, thiserror::Error)]
#[error("{}: [{section}.metadata.glue]: {what}", .manifest.display())]
pub(crate) struct SettingsError {
    manifest: PathBuf,
    /// "package" or "workspace".
    section: &'static str,
    what: String,
}

impl Flags {
    /// Reads a section of `manifest`. Its keys are named as the flags; paths are relative to the file.
    pub(crate) fn read(
        metadata: &Value,
        section: &'static str,
        manifest: &Path,
    ) -> Result<Self, SettingsError> {
        let mut flags = Self::default();
        let error = |what| SettingsError {
            manifest: manifest.to_owned(),
            section,
            what,
        };
        let Some(settings) = metadata.get("glue") else {
            return Ok(flags);
        };
        let Value::Object(settings) = settings else {
            return Err(error("expected a table".to_owned()));
        };
        let folder = manifest.parent().unwrap_or_else(|| Path::new("."));
        for (key, value) in settings {
            let selection = &mut flags.selection;
            let read = match key.as_str() {
                "out" => set(value, "a path", |path: PathBuf| {
                    flags.out = Some(folder.join(path))
                }),
                "emit" => set(value, "\"ts\" or \"js\"", |emit| flags.emit = Some(emit)),
                "fakes" => set(value, SWITCH, |is_on| flags.fakes = Some(is_on)),
                "lock" => match value {
                    Value::Bool(false) => {
                        flags.lock = Some(LockPlace::Nowhere);
                        Ok(())
                    }
                    _ => set(value, "a path or false", |path: PathBuf| {
                        flags.lock = Some(LockPlace::At(folder.join(path)));
                    }),
                },
                "tanstack" => set(value, "true, false or the name of a library", |setting| {
                    flags.tanstack = Some(setting);
                }),
                "reference" => set(value, LIST, |list: OneOrMore| {
                    let paths = Vec::from(list).into_iter();
                    flags.documents.reference = paths.map(|path| folder.join(path)).collect();
                }),
                "asyncapi" => set(value, "a path", |path: PathBuf| {
                    flags.documents.asyncapi = Some(folder.join(path));
                }),
                "package" => set(value, LIST, |list: OneOrMore| selection.packages = list.into()),
                "features" => set(value, LIST, |list: OneOrMore| selection.features = list.into()),
                "all-features" => set(value, SWITCH, |is_on| selection.all_features = is_on),
                "no-default-features" => set(value, SWITCH, |is_on| selection.no_default_features = is_on),
                "target" => set(value, "a string", |target| selection.target = Some(target)),
                "profile" => set(value, "a string", |profile| selection.profile = Some(profile)),
                "locked" => set(value, SWITCH, |is_on| selection.locked = is_on),
                "offline" => set(value, SWITCH, |is_on| selection.offline = is_on),
                "frozen" => set(value, SWITCH, |is_on| selection.frozen = is_on),
                _ => {
                    return Err(error(format!(
                        "unknown key `{key}`; there are {}",
                        KEYS.join(", ")
                    )));
                }
            };
            read.map_err(|wanted| error(format!("`{key}` must be {wanted}, not `{value}`")))?;
        }
        Ok(flags)
    }

    /// Fills in from `under` what this leaves open.
    pub(crate) fn or(self, under: Self) -> Self {
        Self {
            out: self.out.or(under.out),
            emit: self.emit.or(under.emit),
            fakes: self.fakes.or(under.fakes),
            lock: self.lock.or(under.lock),
            tanstack: self.tanstack.or(under.tanstack),
            documents: self.documents.or(under.documents),
            selection: self.selection.or(under.selection),
        }
    }

    /// Fills in the defaults; `folder` is where the lock belongs.
    pub(crate) fn settle(self, folder: &Path) -> Settings {
        Settings {
            out: self.out,
            options: Options {
                emit: self.emit.unwrap_or_default(),
                fakes: self.fakes.unwrap_or_default(),
                tanstack: self.tanstack.and_then(TanstackSetting::library),
            },
            lock: match self.lock {
                None => Some(folder.join(FILE_NAME)),
                Some(LockPlace::At(path)) => Some(path),
                Some(LockPlace::Nowhere) => None,
            },
            documents: self.documents,
            selection: self.selection,
        }
    }
}

/// The keys of a section, for messages.
const KEYS: &[&str] = &[
    "out",
    "emit",
    "fakes",
    "lock",
    "tanstack",
    "reference",
    "asyncapi",
    "package",
    "features",
    "all-features",
    "no-default-features",
    "target",
    "profile",
    "locked",
    "offline",
    "frozen",
];

const SWITCH: &str = "true or false";
const LIST: &str = "a string or a list of strings";

/// Whether there are to be factories for TanStack Query: `true` stands for those of React.
#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(untagged)]
pub(crate) enum TanstackSetting {
    Switch(bool),
    Library(Tanstack),
}

impl TanstackSetting {
    fn library(self) -> Option<Tanstack> {
        match self {
            Self::Switch(is_on) => is_on.then(Tanstack::default),
            Self::Library(library) => Some(library),
        }
    }
}

/// A list that may be written as one string.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl From<OneOrMore> for Vec<String> {
    fn from(list: OneOrMore) -> Self {
        match list {
            OneOrMore::One(one) => vec![one],
            OneOrMore::More(list) => list,
        }
    }
}

/// Gives `value` to `set`, or returns what was wanted instead.
fn set<T: DeserializeOwned>(
    value: &Value,
    wanted: &'static str,
    set: impl FnOnce(T),
) -> Result<(), &'static str> {
    T::deserialize(value).map(set).map_err(|_| wanted)
}
