//! The option factories for TanStack Query: which library they are for, and the module that all of them use.

use crate::Emit;

/// The library whose options are written. Each passes on the core that they are made of, so that only its name differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Tanstack {
    /// `@tanstack/react-query`.
    #[default]
    React,
    /// `@tanstack/preact-query`.
    Preact,
    /// `@tanstack/vue-query`.
    Vue,
    /// `@tanstack/solid-query`.
    Solid,
    /// `@tanstack/svelte-query`.
    Svelte,
    /// `@tanstack/angular-query-experimental`.
    Angular,
    /// `@tanstack/query-core`, for use without a framework.
    Core,
}

impl Tanstack {
    /// The package that the generated code imports.
    pub fn package(self) -> &'static str {
        match self {
            Self::React => "@tanstack/react-query",
            Self::Preact => "@tanstack/preact-query",
            Self::Vue => "@tanstack/vue-query",
            Self::Solid => "@tanstack/solid-query",
            Self::Svelte => "@tanstack/svelte-query",
            Self::Angular => "@tanstack/angular-query-experimental",
            Self::Core => CORE,
        }
    }

    /// The module that the factories use, as its paths and texts.
    pub(crate) fn runtime(self, emit: Emit) -> Vec<(String, String)> {
        let files: &[(&str, &str)] = match emit {
            Emit::TypeScript => &[("tanstack.ts", include_str!("../ecosystem/src/tanstack.ts"))],
            Emit::JavaScript => &[
                ("tanstack.js", include_str!("../ecosystem/dist/tanstack.js")),
                ("tanstack.d.ts", include_str!("../ecosystem/dist/tanstack.d.ts")),
            ],
        };
        let files = files.iter().map(|(path, text)| {
            let text = text.replace(&format!("\"{CORE}\""), &format!("\"{}\"", self.package()));
            (format!("{}/{path}", crate::embed::FOLDER), text)
        });
        files.collect()
    }
}

/// Names that a file of factories has beside the channel's.
pub(crate) const NAMES: &[&str] = &["CallQueries", "Failure", "Mutations", "QueryKey", "StreamQueries"];

const CORE: &str = "@tanstack/query-core";
