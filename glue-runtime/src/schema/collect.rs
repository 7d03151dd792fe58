//! Asks ts-rs for the types that a channel reaches, on behalf of the harness that `#[glue::channel]` emits.

use std::{
    any::{TypeId, type_name},
    cell::Cell,
    collections::{BTreeMap, HashSet},
    fmt,
    panic::{self, AssertUnwindSafe},
    path::PathBuf,
    sync::Once,
};

use ts_rs::{TS, TypeVisitor};

use super::{ArgSchema, ChannelSchema, MethodKind, MethodSchema, ModelSchema, TypeSchema, hash::fnv1a};

/// What the macro knows of a trait without ts-rs.
#[derive(Debug)]
pub struct Channel {
    /// Package that holds the trait.
    pub krate: &'static str,
    /// `module_path!()` at the trait.
    pub module: &'static str,
    /// Name of the trait.
    pub name: &'static str,
    /// Name of the channel on the wire.
    pub channel: &'static str,
    /// Doc comment of the trait.
    pub docs: &'static [&'static str],
    /// `file!()` at the trait.
    pub file: &'static str,
    /// `line!()` at the trait.
    pub line: u32,
    /// Calls [`Collector::method`] once per method.
    pub describe: fn(&mut Collector),
}

/// Writes the schema of `channel` into the folder that the environment variable `GLUE_CODEGEN_OUT` names; without the
/// variable, as in a `cargo test` of the user with the feature on, it does nothing.
///
/// # Panics
/// Panics if the file can't be written: the caller is a test, and glue-codegen reports tests that fail.
pub fn emit(channel: &Channel) {
    let Some(folder) = std::env::var_os("GLUE_CODEGEN_OUT").map(PathBuf::from) else {
        return;
    };

    let schema = collect(channel);

    let path = folder.join(file_name(&schema));
    let written = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&path, schema.to_json()));
    written.unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
}

/// Both halves of a package with a library and a binary may hold the trait; they write the same text to the same file. Where
/// each half has a trait of its own, crate, module and name may still be the same: the hash behind the `@` tells them apart.
pub(super) fn file_name(schema: &ChannelSchema) -> String {
    let module = schema.module.replace("::", ".");
    let place = format!("{}\0{}\0{}", schema.channel, schema.file, schema.line);
    let hash = fnv1a(place.as_bytes());
    format!("{}.{module}.{}@{hash:016x}.json", schema.krate, schema.name)
}

/// Describes `channel` as data.
pub fn collect(channel: &Channel) -> ChannelSchema {
    collect_by(channel, quietly)
}

/// Describes a channel in a running program, for its hashes: names and places are left out, which they don't see.
///
/// A type that has no TypeScript form panics inside ts-rs; that is caught here as well, but told to the program's panic hook,
/// which is not ours to replace. glue-codegen refuses such a type, so only channels without a TypeScript client can have one.
pub(crate) fn collect_at_run_time(channel: &'static str, describe: fn(&mut Collector)) -> ChannelSchema {
    let channel = Channel {
        krate: "",
        module: "",
        name: "",
        channel,
        docs: &[],
        file: "",
        line: 0,
        describe,
    };
    collect_by(&channel, |run| panic::catch_unwind(AssertUnwindSafe(run)))
}

fn collect_by(channel: &Channel, catch: Catch) -> ChannelSchema {
    let place = format!("channel {}, {}:{}", channel.name, channel.file, channel.line);
    let mut collector = Collector::new(place, catch);
    (channel.describe)(&mut collector);

    let owned = |text: &str| text.to_owned();
    ChannelSchema {
        krate: owned(channel.krate),
        module: owned(channel.module),
        name: owned(channel.name),
        channel: owned(channel.channel),
        docs: channel.docs.iter().map(|line| owned(line)).collect(),
        file: channel.file.replace('\\', "/"),
        line: channel.line,
        errors: collector.errors,
        methods: collector.methods,
        types: collector.types.into_values().collect(),
    }
}

/// The TypeScript form of a type.
#[derive(Debug)]
pub struct Shape {
    /// Its text.
    pub ty: String,
    /// The Rust type it is the form of, without the paths of its names.
    pub rust: String,
    /// Whether it is an `Option`.
    pub optional: bool,
}

impl Shape {
    /// Returns a parameter of this type.
    pub fn arg(self, name: &'static str) -> ArgSchema {
        ArgSchema {
            name: name.to_owned(),
            ty: self.ty,
            rust: self.rust,
            optional: self.optional,
            stream: false,
        }
    }

    /// Returns a parameter to which items of this type are streamed.
    pub fn items(self, name: &'static str) -> ArgSchema {
        ArgSchema {
            name: name.to_owned(),
            ty: self.ty,
            rust: self.rust,
            optional: false,
            stream: true,
        }
    }
}

/// Runs a function that may panic.
type Catch = fn(&mut dyn FnMut()) -> std::thread::Result<()>;

/// Gathers methods and the types they reach.
pub struct Collector {
    config: ts_rs::Config,
    catch: Catch,
    /// Where the channel stands, for error texts.
    place: String,
    seen: HashSet<TypeId>,
    /// By name: derived impls visit their dependencies in an order that changes from one compilation to the next.
    types: BTreeMap<String, TypeSchema>,
    methods: Vec<MethodSchema>,
    errors: Vec<String>,
}

impl Collector {
    fn new(place: String, catch: Catch) -> Self {
        // Not from the environment: the text must not depend on the TS_RS_* variables of whoever runs glue-codegen.
        // JSON.parse yields numbers, so `bigint`, the default of ts-rs for 64 bits, would be a lie.
        let config = ts_rs::Config::new().with_large_int("number");
        Self {
            config,
            catch,
            place,
            seen: HashSet::new(),
            types: BTreeMap::new(),
            methods: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// Returns the TypeScript form of `T`, and remembers the types it reaches.
    pub fn shape<T: TS + 'static + ?Sized>(&mut self) -> Shape {
        self.visit::<T>();
        T::visit_generics(self);
        if T::output_path().is_none() {
            T::visit_dependencies(self);
        }
        let ty = self.catch::<T, _>(T::name);
        Shape {
            ty: ty.unwrap_or_else(|| "unknown".to_owned()),
            rust: without_paths(type_name::<T>()),
            optional: T::IS_OPTION,
        }
    }

    /// Adds a method whose types were obtained from this collector.
    pub fn method(
        &mut self,
        name: &'static str,
        docs: &'static [&'static str],
        kind: MethodKind,
        args: Vec<ArgSchema>,
        ret: Option<Shape>,
        err: Option<Shape>,
    ) {
        let docs = docs.iter().map(|&line| line.to_owned()).collect();
        let split = |shape: Option<Shape>| shape.map(|shape| (shape.ty, shape.rust)).unzip();
        let ((ret, ret_rust), (err, err_rust)) = (split(ret), split(err));
        self.methods.push(MethodSchema {
            name: name.to_owned(),
            docs,
            kind,
            args,
            ret,
            ret_rust,
            err,
            err_rust,
            idempotent: false,
            resume_from: None,
        });
    }

    /// Notes that the method added last may run twice.
    pub fn is_idempotent(&mut self) {
        if let Some(method) = self.methods.last_mut() {
            method.idempotent = true;
        }
    }

    /// Notes by which argument the stream added last is taken up again.
    pub fn resumes_from(&mut self, argument: &'static str) {
        if let Some(method) = self.methods.last_mut() {
            method.resume_from = Some(argument.to_owned());
        }
    }

    fn record<T: TS + 'static + ?Sized>(&mut self) {
        let Some((ident, decl)) = self.catch::<T, _>(|config| (T::ident(config), declaration::<T>(config)))
        else {
            return;
        };
        let (docs, model) = docs_of_comment(&T::docs().unwrap_or_default());
        let found = TypeSchema {
            path: path_of::<T>(),
            docs,
            ident,
            decl,
            model,
        };
        let Some(known) = self.types.get_mut(&found.ident) else {
            self.types.insert(found.ident.clone(), found);
            return;
        };
        // Instances of one generic type, and types that share the impl of another (`serde_json::Value`), have one
        // declaration under several type ids. Anything else would silently be lost.
        if known.decl != found.decl {
            let error = clash(known, &found, &self.place);
            self.errors.push(error);
        } else if (&found.path, &found.docs) < (&known.path, &known.docs) {
            // Not the first one: the order of visits changes from one compilation to the next.
            *known = found;
        }
    }

    /// Runs a function of ts-rs, which panics for types it can't express.
    fn catch<T: ?Sized, R>(&mut self, run: impl FnOnce(&ts_rs::Config) -> R) -> Option<R> {
        let config = &self.config;
        let (mut run, mut value) = (Some(run), None);
        let caught = (self.catch)(&mut || value = run.take().map(|run| run(config)));
        let Err(payload) = caught else { return value };
        let reason = payload.downcast_ref::<String>().map(String::as_str);
        let reason = reason
            .or_else(|| payload.downcast_ref::<&str>().copied())
            .unwrap_or("ts-rs panicked");
        let error = format!(
            "`{}` has no TypeScript form: {reason} (used by {})",
            type_name::<T>(),
            self.place
        );
        if !self.errors.contains(&error) {
            self.errors.push(error);
        }
        None
    }
}

impl TypeVisitor for Collector {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        if T::output_path().is_some() && self.seen.insert(TypeId::of::<T>()) {
            self.record::<T>();
            T::visit_dependencies(self);
        }
    }
}

impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collector")
            .field("place", &self.place)
            .field("methods", &self.methods)
            .finish_non_exhaustive()
    }
}

/// The declaration as an alias: `#[ts(repr(enum))]` makes an `enum` of it, which is a value and not only a type.
fn declaration<T: TS + ?Sized>(config: &ts_rs::Config) -> String {
    let decl = T::decl(config);
    if decl.starts_with("enum ") {
        format!("type {} = {};", T::ident(config), T::inline(config))
    } else {
        decl
    }
}

fn path_of<T: ?Sized>() -> String {
    let name = type_name::<T>();
    name.split_once('<').map_or(name, |(path, _)| path).to_owned()
}

/// The name of a type without the paths of its parts: `Option<String>` of `core::option::Option<alloc::string::String>`.
pub(super) fn without_paths(name: &str) -> String {
    let is_word = |char: char| char.is_alphanumeric() || char == '_';
    let mut out = String::with_capacity(name.len());
    let mut word = 0;
    for char in name.chars() {
        if char == ':' {
            out.truncate(word);
            continue;
        }
        out.push(char);
        if !is_word(char) {
            word = out.len();
        }
    }
    out
}

/// The lines of the doc comment, out of the JSDoc comment that ts-rs makes of them, and what `#[glue::model]` has put below.
pub(super) fn docs_of_comment(comment: &str) -> (Vec<String>, Option<ModelSchema>) {
    let comment = comment.trim();
    let comment = comment.strip_prefix("/**").unwrap_or(comment);
    let comment = comment.strip_suffix("*/").unwrap_or(comment);
    let lines = comment.trim_matches('\n').trim_end().lines();
    let mut docs: Vec<_> = lines
        .map(|line| line.trim_start().strip_prefix('*').unwrap_or(line).to_owned())
        .collect();
    let model = docs.last().and_then(|line| line.strip_prefix(MODEL));
    let model = model.and_then(|json| serde_json::from_str(json).ok());
    if model.is_some() {
        docs.pop();
    }
    (docs, model)
}

/// What stands before the JSON of a [`ModelSchema`] in the last line of a type's docs. `#[glue::model]` writes it there in builds of
/// glue-codegen only: docs are what ts-rs hands through, whatever crate a type is from.
const MODEL: &str = "glue::model ";

fn clash(known: &TypeSchema, found: &TypeSchema, place: &str) -> String {
    let ident = &found.ident;
    if known.path == found.path {
        return format!(
            "`{}` has two different forms in TypeScript (used by {place})",
            found.path
        );
    }
    let (first, second) = (
        known.path.as_str().min(&found.path),
        known.path.as_str().max(&found.path),
    );
    format!(
        "`{ident}` is both {first} and {second}; give one another TypeScript name: #[ts(rename = \"…\")] (used by {place})"
    )
}

/// Runs `run`, returning its panic instead of printing it. In tests only, as the harness of glue-codegen is one.
fn quietly(run: &mut dyn FnMut()) -> std::thread::Result<()> {
    thread_local! {
        static QUIET: Cell<bool> = const { Cell::new(false) };
    }
    static HOOK: Once = Once::new();
    // The hook is the whole process's, and other tests run beside this one: it is set once and asks the thread.
    HOOK.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                previous(info);
            }
        }));
    });

    QUIET.set(true);
    let result = panic::catch_unwind(AssertUnwindSafe(run));
    QUIET.set(false);
    result
}
