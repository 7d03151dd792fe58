//! Writes TypeScript clients for `#[glue::channel]` traits.
//!
//! [`generate`] is the heart: a pure function from the [schemas](glue::schema) of channels to [files](File). Around it,
//! [`discover`] gets the schemas out of a cargo package, [`output`] brings a folder up to date, and [`cli`] is the command.
//!
//! ```
//! use glue_codegen::{Options, generate};
//!
//! let schema = r#"{"v":3,"crate":"demo","module":"demo","name":"Echo","channel":"echo","file":"src/lib.rs","line":1,
//!     "methods":[{"name":"say","kind":"call","args":[{"name":"text","type":"string"}],"ret":"string"}]}"#;
//! let schema = glue::schema::ChannelSchema::from_json(schema)?;
//!
//! let files = generate(&[schema], &Options::default())?;
//!
//! let stub = files.iter().find(|file| file.path == "echo.ts").expect("one file per channel");
//! assert!(stub.text.contains("say(text: string, options?: CallOptions): Promise<string> {"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod again;
mod asyncapi;
mod check;
pub mod cli;
mod codec;
pub mod diff;
pub mod discover;
mod embed;
mod host;
pub mod lock;
mod metadata;
mod model;
mod name;
pub mod output;
mod print;
mod problem;
mod reference;
mod resolve;
mod rustdoc;
mod selection;
mod syntax;
mod tanstack;
mod variants;

use glue::schema::ChannelSchema;

pub use asyncapi::asyncapi;
pub use problem::{Problem, Problems};
pub use reference::{ReferenceFormat, reference};
pub use tanstack::Tanstack;

/// What to generate.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// TypeScript unless told otherwise.
    pub emit: Emit,
    /// Whether to write a fake beside each channel, for tests of an application without a server; not unless told so.
    pub fakes: bool,
    /// Whether to write option factories for TanStack Query beside each channel, and for which library; not unless told so.
    pub tanstack: Option<Tanstack>,
}

/// The language of the generated files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum, serde::Deserialize)]
pub enum Emit {
    /// TypeScript sources.
    #[default]
    #[value(name = "ts")]
    #[serde(rename = "ts")]
    TypeScript,
    /// ES modules with declaration files, for projects that compile nothing.
    #[value(name = "js")]
    #[serde(rename = "js")]
    JavaScript,
}

/// A generated file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Path under the output folder, with `/` between folders.
    pub path: String,
    /// The whole text.
    pub text: String,
}

/// Generates a client for `channels`: one file per channel, one for their types, an index, and the runtime they need.
///
/// The same channels give the same files, whatever their order.
///
/// # Errors
/// [`Problems`] lists every type that has no TypeScript form and every name that two things want.
pub fn generate(channels: &[ChannelSchema], options: &Options) -> Result<Vec<File>, Problems> {
    let mut model = resolve::resolve(channels, options)?;
    print::translate(&mut model);

    let mut files = Vec::new();
    let mut add = |path: String, text: String| files.push(File { path, text });
    match options.emit {
        Emit::TypeScript => {
            add("index.ts".into(), print::index(&model, true));
            for channel in &model.channels {
                add(format!("{}.ts", channel.stem), print::class_source(channel));
                if options.fakes {
                    add(format!("{}.fake.ts", channel.stem), print::fake_source(channel));
                }
                if options.tanstack.is_some() && print::has_queries(channel) {
                    add(format!("{}.query.ts", channel.stem), print::query_source(channel));
                }
            }
            if !model.types.is_empty() {
                add("types.ts".into(), print::declarations(&model.types));
            }
            if !model.codecs.channels.is_empty() {
                add("codecs.ts".into(), print::codecs_source(&model.codecs));
            }
        }
        Emit::JavaScript => {
            add("index.js".into(), print::index(&model, false));
            add("index.d.ts".into(), print::index(&model, true));
            for channel in &model.channels {
                add(format!("{}.js", channel.stem), print::class_script(channel));
                add(
                    format!("{}.d.ts", channel.stem),
                    print::class_declaration(channel),
                );
                if options.fakes {
                    add(format!("{}.fake.js", channel.stem), print::fake_script(channel));
                    add(
                        format!("{}.fake.d.ts", channel.stem),
                        print::fake_declaration(channel),
                    );
                }
                if options.tanstack.is_some() && print::has_queries(channel) {
                    add(format!("{}.query.js", channel.stem), print::query_script(channel));
                    add(
                        format!("{}.query.d.ts", channel.stem),
                        print::query_declaration(channel),
                    );
                }
            }
            if !model.types.is_empty() {
                add("types.js".into(), print::header("") + "export {};\n");
                add("types.d.ts".into(), print::declarations(&model.types));
            }
            if !model.codecs.channels.is_empty() {
                add("codecs.js".into(), print::codecs_script(&model.codecs));
                add("codecs.d.ts".into(), print::codecs_declaration(&model.codecs));
            }
        }
    }
    let runtime = match options.emit {
        Emit::TypeScript => embed::SOURCES,
        Emit::JavaScript => embed::BUILT,
    };
    for (path, text) in runtime {
        add(format!("{}/{path}", embed::FOLDER), print::header("") + text);
    }
    if let Some(tanstack) = options.tanstack {
        for (path, text) in tanstack.runtime(options.emit) {
            add(path, print::header("") + &text);
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}
