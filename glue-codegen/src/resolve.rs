//! From schemas to the model: decides names, merges what several channels describe, and refuses what can't be told apart.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    fmt,
};

use glue::schema::{ArgSchema, ChannelSchema, MethodKind, MethodSchema, TypeSchema};

use crate::{
    embed,
    model::{ChannelDecl, EventDecl, MethodDecl, Model, ParamDecl, TypeDecl, Verb},
    name,
    syntax::{Member, Type, parse_declaration},
};

/// Something in the schemas that has no TypeScript form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// A type of the channel has no TypeScript form; the runtime's collector found it.
    #[error("{0}")]
    Type(String),
    /// Two things want one name in TypeScript.
    #[error("`{name}` is both {first} and {second}; {hint}")]
    Clash {
        /// The name.
        name: String,
        /// Who had it first.
        first: String,
        /// Who wants it too.
        second: String,
        /// What to write instead.
        hint: &'static str,
    },
    /// A name that TypeScript doesn't let us use.
    #[error("{place} can't be named `{name}` in TypeScript; {hint}")]
    Reserved {
        /// The name.
        name: String,
        /// What has the name.
        place: String,
        /// What to write instead.
        hint: &'static str,
    },
}

/// Everything that is wrong with the schemas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// Decides every name.
pub(crate) fn resolve(schemas: &[ChannelSchema]) -> Result<Model, Problems> {
    let mut resolver = Resolver::default();
    for name in embed::EXPORTS.iter().map(|(name, _)| name).chain(embed::IMPORTS) {
        let place = format!("a name of the Glue runtime, in {}/", embed::FOLDER);
        resolver.exported.insert((*name).to_owned(), place);
    }
    let schemas = distinct(schemas);

    let mut types = BTreeMap::new();
    for ty in schemas.iter().flat_map(|schema| &schema.types) {
        resolver.ty(&mut types, ty);
    }
    let known: BTreeSet<_> = types.keys().cloned().collect();
    let mut channels: Vec<_> = schemas
        .iter()
        .map(|schema| resolver.channel(schema, &known))
        .collect();
    channels.sort_by(|a, b| a.stem.cmp(&b.stem));

    if resolver.problems.is_empty() {
        Ok(Model {
            channels,
            types: types.into_values().map(|(_, decl)| decl).collect(),
        })
    } else {
        Err(Problems(resolver.problems))
    }
}

/// Leaves out what is described twice: a module that both the library and the binary of a package declare.
fn distinct(schemas: &[ChannelSchema]) -> Vec<&ChannelSchema> {
    let mut sorted: Vec<_> = schemas.iter().collect();
    sorted.sort_by_key(|schema| {
        (
            &schema.channel,
            &schema.name,
            &schema.krate,
            &schema.file,
            schema.line,
            &schema.module,
        )
    });
    sorted.dedup_by_key(|schema| {
        (
            &schema.channel,
            &schema.name,
            &schema.krate,
            &schema.file,
            schema.line,
        )
    });
    sorted
}

#[derive(Default)]
struct Resolver {
    problems: Vec<Problem>,
    /// What index.ts exports, and who exports it.
    exported: BTreeMap<String, String>,
    /// Channels by their name on the wire.
    wires: BTreeMap<String, String>,
    /// Channels by their file.
    stems: BTreeMap<String, String>,
}

impl Resolver {
    fn ty<'a>(&mut self, types: &mut BTreeMap<String, (&'a TypeSchema, TypeDecl)>, ty: &'a TypeSchema) {
        match types.entry(ty.ident.clone()) {
            Entry::Vacant(entry) => {
                if !name::is_identifier(&ty.ident) || name::is_reserved_type(&ty.ident) {
                    let place = format!("the type {}", ty.path);
                    self.problems.push(Problem::Reserved {
                        name: ty.ident.clone(),
                        place,
                        hint: RENAME_TYPE,
                    });
                }
                claim(
                    &mut self.problems,
                    &mut self.exported,
                    &ty.ident,
                    ty.path.clone(),
                    RENAME_TYPE,
                );
                let (parameters, body) = parse_declaration(&ty.decl, &ty.ident).unwrap_or_else(|| {
                    let problem = format!("`{}` has no TypeScript form: `{}`", ty.path, ty.decl);
                    self.problems.push(Problem::Type(problem));
                    (String::new(), Type::name("unknown"))
                });
                body.visit_objects(&mut |members| self.members(&ty.path, members));
                let decl = TypeDecl {
                    name: ty.ident.clone(),
                    parameters,
                    docs: ty.docs.clone(),
                    ty: body,
                };
                entry.insert((ty, decl));
            }
            Entry::Occupied(entry) if entry.get().0.decl == ty.decl => {}
            Entry::Occupied(entry) => {
                let (first, second) = (entry.get().0.path.clone(), ty.path.clone());
                self.problems.push(Problem::Clash {
                    name: ty.ident.clone(),
                    first,
                    second,
                    hint: RENAME_TYPE,
                });
            }
        }
    }

    /// Two fields may be one in the style of `rename_all`.
    fn members(&mut self, path: &str, members: &[Member]) {
        let mut names = BTreeMap::new();
        for member in members {
            let place = format!("a field of {path}");
            claim(&mut self.problems, &mut names, &member.key, place, RENAME_FIELD);
        }
    }

    fn channel(&mut self, schema: &ChannelSchema, types: &BTreeSet<String>) -> ChannelDecl {
        self.problems
            .extend(schema.errors.iter().cloned().map(Problem::Type));
        let place = format!(
            "the channel {}::{} ({}:{})",
            schema.module, schema.name, schema.file, schema.line
        );
        let stem = name::kebab(&schema.channel);
        if stem.is_empty() || matches!(stem.as_str(), "index" | "types" | embed::FOLDER) {
            let (name, place) = (schema.channel.clone(), place.clone());
            self.problems.push(Problem::Reserved {
                name,
                place,
                hint: RENAME_CHANNEL,
            });
        }
        if name::is_reserved_type(&schema.name) {
            let (name, place) = (schema.name.clone(), place.clone());
            self.problems.push(Problem::Reserved {
                name,
                place,
                hint: "give the trait another name",
            });
        }
        if claim(
            &mut self.problems,
            &mut self.wires,
            &schema.channel,
            place.clone(),
            RENAME_CHANNEL,
        ) {
            claim(
                &mut self.problems,
                &mut self.stems,
                &stem,
                place.clone(),
                RENAME_CHANNEL,
            );
        }
        claim(
            &mut self.problems,
            &mut self.exported,
            &schema.name,
            place.clone(),
            "rename one of them",
        );

        let (events, methods): (Vec<_>, Vec<_>) = schema
            .methods
            .iter()
            .partition(|method| method.kind == MethodKind::Event);
        let mut names = BTreeMap::new();
        if !events.is_empty() {
            names.insert("on".to_owned(), "what subscribes to events".to_owned());
            let events_place = format!("the type of the events of {place}");
            let events_name = format!("{}Events", schema.name);
            claim(
                &mut self.problems,
                &mut self.exported,
                &events_name,
                events_place,
                "rename one of them",
            );
        }
        let mut channel = ChannelDecl {
            class: schema.name.clone(),
            stem,
            wire: schema.channel.clone(),
            krate: schema.krate.clone(),
            hash: schema.hash(),
            docs: schema.docs.clone(),
            imports: Vec::new(),
            methods: methods
                .iter()
                .map(|method| self.method(schema, method, &mut names))
                .collect(),
            events: events.iter().map(|event| event_decl(event)).collect(),
        };
        channel.imports = imports(&channel, types);
        channel
    }

    fn method(
        &mut self,
        schema: &ChannelSchema,
        method: &MethodSchema,
        names: &mut BTreeMap<String, String>,
    ) -> MethodDecl {
        let place = format!("{}::{}::{}", schema.module, schema.name, method.name);
        let name = name::camel(&method.name);
        if name::is_reserved_method(&name) {
            let (name, place) = (name.clone(), place.clone());
            self.problems.push(Problem::Reserved {
                name,
                place,
                hint: "rename the method",
            });
        }
        claim(
            &mut self.problems,
            names,
            &name,
            format!("the method {place}"),
            "rename one of them",
        );
        let params = self.params(&place, &method.args);
        let taken = |name: &str| params.iter().any(|param| param.name == name);
        let mut options = "options".to_owned();
        if taken(&options) {
            "callOptions".clone_into(&mut options);
        }
        while taken(&options) {
            options.push('_');
        }

        MethodDecl {
            name,
            wire: method.name.clone(),
            verb: verb(method),
            params,
            options,
            docs: method.docs.clone(),
            error: method.err.as_deref().map(Type::parse),
        }
    }

    fn params(&mut self, method: &str, args: &[ArgSchema]) -> Vec<ParamDecl> {
        // TypeScript (TS1016) wants parameters that may be left out behind all others.
        let required = args
            .iter()
            .rposition(|arg| !arg.optional)
            .map_or(0, |last| last + 1);
        let mut names = BTreeMap::new();
        let mut params = Vec::with_capacity(args.len());
        for (index, arg) in args.iter().enumerate() {
            let name = name::parameter(&arg.name);
            let place = format!("the parameter `{}` of {method}", arg.name);
            claim(&mut self.problems, &mut names, &name, place, "rename one of them");
            let optional = index >= required;
            params.push(ParamDecl {
                name,
                wire: arg.name.clone(),
                optional,
                ty: Type::parse(&arg.ty),
            });
        }
        params
    }
}

/// Gives `name` to `place`, or says who has it; returns whether it was free.
fn claim(
    problems: &mut Vec<Problem>,
    names: &mut BTreeMap<String, String>,
    name: &str,
    place: String,
    hint: &'static str,
) -> bool {
    match names.entry(name.to_owned()) {
        Entry::Vacant(entry) => {
            entry.insert(place);
            true
        }
        Entry::Occupied(entry) => {
            let (name, first, second) = (name.to_owned(), entry.get().clone(), place);
            problems.push(Problem::Clash {
                name,
                first,
                second,
                hint,
            });
            false
        }
    }
}

fn verb(method: &MethodSchema) -> Verb {
    // `()` is `null` on the wire; as the value of a call nobody wants to see it.
    let value = match method.ret.as_deref() {
        None | Some("null") => Type::name("void"),
        Some(text) => Type::parse(text),
    };
    match method.kind {
        MethodKind::Call => Verb::Call(value),
        MethodKind::Stream => Verb::Stream(match method.ret.as_deref() {
            Some("null") => Type::name("null"),
            _ => value,
        }),
        MethodKind::Notification | MethodKind::Event => Verb::Notify,
    }
}

/// The fields of an event keep their names on the wire: they reach the listener as they arrived, as those of types do.
fn event_decl(event: &MethodSchema) -> EventDecl {
    let field = |arg: &ArgSchema| Member {
        docs: Vec::new(),
        readonly: true,
        key: arg.name.clone(),
        optional: false,
        ty: Type::parse(&arg.ty),
    };
    EventDecl {
        name: event.name.clone(),
        docs: event.docs.clone(),
        fields: event.args.iter().map(field).collect(),
    }
}

fn imports(channel: &ChannelDecl, types: &BTreeSet<String>) -> Vec<String> {
    let mut used = BTreeSet::new();
    let mut visit = |name: &str| {
        if types.contains(name) {
            used.insert(name.to_owned());
        }
    };
    for method in &channel.methods {
        method
            .params
            .iter()
            .for_each(|param| param.ty.visit_names(&mut visit));
        method
            .error
            .iter()
            .for_each(|error| error.visit_names(&mut visit));
        match &method.verb {
            Verb::Call(ty) | Verb::Stream(ty) => ty.visit_names(&mut visit),
            Verb::Notify => {}
        }
    }
    for field in channel.events.iter().flat_map(|event| &event.fields) {
        field.ty.visit_names(&mut visit);
    }
    used.into_iter().collect()
}

const RENAME_TYPE: &str = "give one another TypeScript name: #[ts(rename = \"…\")]";
const RENAME_FIELD: &str = "give one another name: #[serde(rename = \"…\")]";
const RENAME_CHANNEL: &str = "give one another name: #[glue::channel(name = \"…\")]";
