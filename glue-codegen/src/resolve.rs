//! From schemas to the model: decides names, merges what several channels describe, and refuses what can't be told apart.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use glue::schema::{ArgSchema, ChannelSchema, MethodKind, MethodSchema, TypeSchema};

use crate::{
    Options,
    again::{self, OnLoss},
    check, codec, embed,
    model::{ChannelDecl, EventDecl, HandlerDecl, MethodDecl, Model, ParamDecl, TypeDecl, Verb},
    name,
    problem::{Problem, Problems},
    syntax::{Member, Type, parse_declaration},
    tanstack,
};

/// Decides every name.
pub(crate) fn resolve(schemas: &[ChannelSchema], options: &Options) -> Result<Model, Problems> {
    let mut resolver = Resolver {
        fakes: options.fakes,
        queries: options.tanstack.is_some(),
        ..Resolver::default()
    };
    let imports = embed::IMPORTS.iter().chain(embed::CODEC_IMPORTS);
    for name in embed::EXPORTS.iter().map(|(name, _)| name).chain(imports) {
        let place = format!("a name of the Glue runtime, in {}/", embed::FOLDER);
        resolver.exported.insert((*name).to_owned(), place);
    }
    if resolver.queries {
        for name in tanstack::NAMES {
            let place = format!("a name of the queries' runtime, in {}/", embed::FOLDER);
            resolver.exported.insert((*name).to_owned(), place);
        }
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

    let decls = types.values().map(|(schema, decl)| (*schema, decl));
    resolver.problems.extend(check::check(decls, &schemas));
    if resolver.problems.is_empty() {
        let types: Vec<_> = types.into_values().map(|(_, decl)| decl).collect();
        let codecs = codec::codecs(&types, &mut channels);
        resolver.codecs(&channels);
        if !resolver.problems.is_empty() {
            return Err(Problems(resolver.problems));
        }
        Ok(Model {
            channels,
            types,
            codecs,
        })
    } else {
        Err(Problems(resolver.problems))
    }
}

/// Leaves out what is described twice: a module that both the library and the binary of a package declare.
pub(crate) fn distinct(schemas: &[ChannelSchema]) -> Vec<&ChannelSchema> {
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
    /// Whether each class gets a fake, which has names of its own.
    fakes: bool,
    /// Whether each class gets factories for TanStack Query, which have names of their own.
    queries: bool,
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
                    path: ty.path.clone(),
                    model: ty.model.clone(),
                    variants: Vec::new(),
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

    /// What comes with the codecs, where there are any, has names too.
    fn codecs(&mut self, channels: &[ChannelDecl]) {
        let coded = channels
            .iter()
            .filter_map(|channel| Some((channel, channel.coded.as_ref()?)));
        for (index, (channel, coded)) in coded.enumerate() {
            let place = format!("the codecs of the channel {}", channel.class);
            if index == 0 {
                claim(
                    &mut self.problems,
                    &mut self.stems,
                    "codecs",
                    "the file of the codecs".to_owned(),
                    RENAME_CHANNEL,
                );
            }
            claim(
                &mut self.problems,
                &mut self.exported,
                &coded.codecs,
                place,
                RENAME_ONE,
            );
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
        let is_first = claim(
            &mut self.problems,
            &mut self.exported,
            &schema.name,
            place.clone(),
            RENAME_ONE,
        );

        let of_kind = |kind| schema.methods.iter().filter(move |method| method.kind == kind);
        let mut channel = ChannelDecl {
            class: schema.name.clone(),
            stem,
            wire: schema.channel.clone(),
            krate: schema.krate.clone(),
            hash: schema.hash(),
            hashes: schema.method_hashes(),
            docs: schema.docs.clone(),
            imports: Vec::new(),
            methods: Vec::new(),
            events: of_kind(MethodKind::Event).map(event_decl).collect(),
            handlers: of_kind(MethodKind::ClientCall).map(handler_decl).collect(),
            coded: None,
        };
        let mut names = BTreeMap::new();
        if self.fakes {
            names.insert("fake".to_owned(), "what tests control a fake with".to_owned());
        }
        if self.fakes || !channel.events.is_empty() {
            names.insert("on".to_owned(), "what subscribes to events".to_owned());
        }
        if self.fakes || !channel.handlers.is_empty() {
            names.insert(
                "handle".to_owned(),
                "what takes the handlers of the client's methods".to_owned(),
            );
        }
        for method in &schema.methods {
            if matches!(method.kind, MethodKind::Event | MethodKind::ClientCall) {
                self.member(schema, &method.name);
            } else {
                channel.methods.push(self.method(schema, method, &mut names));
            }
        }
        // With a second class of the same name the first problem says it all.
        if is_first {
            let fake = self.fakes.then(|| channel.fake_class());
            let queries = self.queries.then(|| channel.queries_class());
            for name in channel.types().into_iter().chain(fake).chain(queries) {
                let place = format!("a name that comes with {place}");
                claim(&mut self.problems, &mut self.exported, &name, place, RENAME_ONE);
            }
        }
        channel.imports = imports(&channel, types);
        channel
    }

    /// Events and what the client implements are keys of an object, which takes every name but one.
    fn member(&mut self, schema: &ChannelSchema, name: &str) {
        if name::is_reserved_key(name) {
            let place = format!("{}::{}::{name}", schema.module, schema.name);
            self.problems.push(Problem::Reserved {
                name: name.to_owned(),
                place,
                hint: "rename the method",
            });
        }
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
            RENAME_ONE,
        );
        let mut params = self.params(&place, &method.args);
        let taken = |name: &str| params.iter().any(|param| param.name == name);
        let mut options = "options".to_owned();
        if taken(&options) {
            "callOptions".clone_into(&mut options);
        }
        while taken(&options) {
            options.push('_');
        }

        let items = method.args.iter().position(|arg| arg.stream);
        let items = items.map(|index| params.remove(index));

        MethodDecl {
            name,
            wire: method.name.clone(),
            verb: verb(method),
            params,
            items,
            options,
            on_loss: OnLoss::of(method),
            docs: again::docs(method),
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
            claim(&mut self.problems, &mut names, &name, place.clone(), RENAME_ONE);
            if name::is_reserved_key(&arg.name) {
                self.problems.push(Problem::Reserved {
                    name: arg.name.clone(),
                    place,
                    hint: "rename it",
                });
            }
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
    match method.kind {
        MethodKind::Call | MethodKind::ClientCall => Verb::Call(answer(method)),
        MethodKind::Stream => Verb::Stream(
            method
                .ret
                .as_deref()
                .map_or_else(|| Type::name("void"), Type::parse),
        ),
        MethodKind::Notification | MethodKind::Event => Verb::Notify,
    }
}

/// What a call answers. `()` is `null` on the wire; as the value of a call nobody wants to see it.
fn answer(method: &MethodSchema) -> Type {
    match method.ret.as_deref() {
        None | Some("null") => Type::name("void"),
        Some(text) => Type::parse(text),
    }
}

fn event_decl(event: &MethodSchema) -> EventDecl {
    EventDecl {
        name: event.name.clone(),
        docs: event.docs.clone(),
        fields: fields(event),
    }
}

fn handler_decl(method: &MethodSchema) -> HandlerDecl {
    HandlerDecl {
        name: method.name.clone(),
        docs: method.docs.clone(),
        fields: fields(method),
        value: answer(method),
        error: method.err.as_deref().map(Type::parse),
    }
}

/// What the server sends keeps its names on the wire: it reaches the application as it arrived, as the fields of types do.
fn fields(method: &MethodSchema) -> Vec<Member> {
    let field = |arg: &ArgSchema| Member {
        docs: Vec::new(),
        readonly: true,
        key: arg.name.clone(),
        optional: false,
        ty: Type::parse(&arg.ty),
    };
    method.args.iter().map(field).collect()
}

fn imports(channel: &ChannelDecl, types: &BTreeSet<String>) -> Vec<String> {
    let mut used = BTreeSet::new();
    let mut visit = |name: &str| {
        if types.contains(name) {
            used.insert(name.to_owned());
        }
    };
    for method in &channel.methods {
        let params = method.params.iter().chain(&method.items);
        params.for_each(|param| param.ty.visit_names(&mut visit));
        let error = method.error.iter();
        error.for_each(|error| error.visit_names(&mut visit));
        match &method.verb {
            Verb::Call(ty) | Verb::Stream(ty) => ty.visit_names(&mut visit),
            Verb::Notify => {}
        }
    }
    for handler in &channel.handlers {
        let answers = handler.error.iter().chain([&handler.value]);
        answers.for_each(|ty| ty.visit_names(&mut visit));
    }
    let events = channel.events.iter().flat_map(|event| &event.fields);
    let handlers = channel.handlers.iter().flat_map(|handler| &handler.fields);
    for field in events.chain(handlers) {
        field.ty.visit_names(&mut visit);
    }
    used.into_iter().collect()
}

const RENAME_TYPE: &str = "give one another TypeScript name: #[ts(rename = \"…\")]";
const RENAME_FIELD: &str = "give one another name: #[serde(rename = \"…\")]";
const RENAME_CHANNEL: &str = "give one another name: #[glue::channel(name = \"…\")]";
const RENAME_ONE: &str = "rename one of them";
