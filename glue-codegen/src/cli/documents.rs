//! The documents beside the client: a reference, and what AsyncAPI has.

use std::path::{Path, PathBuf};

use glue::schema::ChannelSchema;

use super::{Console, Failure, Project, console::shown};
use crate::{
    ReferenceFormat, asyncapi,
    output::{self, ChangeKind},
    reference,
};

/// Where the documents go.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct DocumentArguments {
    /// Also write a reference, .md or .html (repeatable)
    #[arg(long, value_name = "FILE")]
    pub(crate) reference: Vec<PathBuf>,
    /// Also write an AsyncAPI 3 document, .json
    #[arg(long, value_name = "FILE")]
    pub(crate) asyncapi: Option<PathBuf>,
}

impl DocumentArguments {
    /// Where they are written, and where first: a file is moved to its place.
    pub(super) fn paths(&self) -> impl Iterator<Item = PathBuf> {
        let documents = self.reference.iter().chain(&self.asyncapi);
        documents.flat_map(|path| [path.clone(), output::beside(path)])
    }

    /// Fails where a name asks for a format that there is not.
    pub(super) fn require_formats(&self) -> Result<(), Failure> {
        for path in &self.reference {
            format_of(path)?;
        }
        let is_json = |path: &&PathBuf| {
            path.extension()
                .is_some_and(|end| end.eq_ignore_ascii_case("json"))
        };
        match self.asyncapi.as_ref().filter(|path| !is_json(path)) {
            Some(path) => Err(Failure::usage(format!(
                "an AsyncAPI document is JSON here: {} must end with .json",
                shown(path)
            ))),
            None => Ok(()),
        }
    }

    /// Fills in from `under` what this leaves open.
    pub(crate) fn or(self, under: Self) -> Self {
        Self {
            reference: if self.reference.is_empty() {
                under.reference
            } else {
                self.reference
            },
            asyncapi: self.asyncapi.or(under.asyncapi),
        }
    }
}

/// The documents of a run, and what they would change.
#[derive(Debug)]
pub(super) struct Documents(Vec<Document>);

#[derive(Debug)]
struct Document {
    path: PathBuf,
    text: String,
    change: Option<ChangeKind>,
}

impl Documents {
    /// Writes nothing: it looks at what stands where the documents belong.
    pub(super) fn plan(project: &Project, channels: &[ChannelSchema]) -> Result<Self, Failure> {
        let settings = &project.settings.documents;
        let mut documents = Self(Vec::new());
        for path in &settings.reference {
            documents.add(path, reference(channels, format_of(path)?)?)?;
        }
        if let Some(path) = &settings.asyncapi {
            documents.add(path, asyncapi(channels, &version(project)?)?)?;
        }
        Ok(documents)
    }

    fn add(&mut self, path: &Path, text: String) -> Result<(), Failure> {
        self.0.push(Document {
            change: output::plan_file(path, &text)?,
            path: path.to_owned(),
            text,
        });
        Ok(())
    }

    /// Those that would be written over.
    pub(super) fn would_update(&self) -> impl Iterator<Item = String> {
        let documents = self.0.iter();
        documents
            .filter(|document| document.change == Some(ChangeKind::Update))
            .map(|document| shown(&document.path))
    }

    /// Whether all are as they should be.
    pub(super) fn are_current(&self) -> bool {
        self.0.iter().all(|document| document.change.is_none())
    }

    /// Says which are not.
    pub(super) fn report_stale(&self, console: Console) {
        for document in self.0.iter().filter(|document| document.change.is_some()) {
            console.status(format_args!(
                "{} is not up to date; run glue-codegen without --check",
                shown(&document.path)
            ));
        }
    }

    /// Writes those that differ, and says so.
    pub(super) fn write(&self, console: Console) -> Result<(), Failure> {
        for document in self.0.iter().filter(|document| document.change.is_some()) {
            output::write_file(&document.path, &document.text)?;
            console.status(format_args!("wrote {}", shown(&document.path)));
        }
        Ok(())
    }
}

/// The format that the name of a reference asks for.
fn format_of(path: &Path) -> Result<ReferenceFormat, Failure> {
    ReferenceFormat::of_path(path).ok_or_else(|| {
        Failure::usage(format!(
            "a reference is Markdown or HTML: {} must end with .md or .html",
            shown(path)
        ))
    })
}

/// The version of the packages, if they have one in common.
fn version(project: &Project) -> Result<String, Failure> {
    let packages = project.packages()?;
    let mut versions: Vec<_> = packages.iter().map(|package| package.version.as_str()).collect();
    versions.sort_unstable();
    versions.dedup();
    Ok(match versions[..] {
        [version] => version.to_owned(),
        _ => "0.0.0".to_owned(),
    })
}
