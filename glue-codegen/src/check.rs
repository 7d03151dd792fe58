//! What TypeScript refuses, or would take for something else than it is: found here, by the names of the Rust program, before a
//! compiler finds it in what we wrote.

use std::collections::{BTreeMap, BTreeSet};

use glue::schema::{ChannelSchema, TypeSchema};

use crate::{
    codec::{exact, is_literal},
    model::TypeDecl,
    print::flat,
    problem::Problem,
    syntax::{Type, type_parameters, words},
};

/// Returns what is wrong with named types and with those of methods.
pub(crate) fn check<'a>(
    types: impl Iterator<Item = (&'a TypeSchema, &'a TypeDecl)> + Clone,
    schemas: &[&ChannelSchema],
) -> Vec<Problem> {
    let named = types.clone().map(|(_, decl)| {
        let named = Named {
            parameters: type_parameters(&decl.parameters),
            ty: &decl.ty,
        };
        (decl.name.as_str(), named)
    });
    let mut check = Check {
        types: named.collect(),
        exact: BTreeSet::new(),
        problems: Vec::new(),
    };
    check.find_exact();
    for (schema, decl) in types {
        let parameters = type_parameters(&decl.parameters);
        let names: Vec<_> = parameters.iter().map(|(name, _)| name.clone()).collect();
        for default in parameters.iter().filter_map(|(_, default)| default.as_ref()) {
            check.ty(&schema.path, default, &names);
        }
        check.ty(&schema.path, &decl.ty, &names);
        if check.holds_itself(&decl.name) {
            check.problems.push(Problem::Circular {
                place: schema.path.clone(),
            });
        }
    }
    for schema in schemas {
        check.channel(schema);
    }
    check.problems
}

struct Named<'a> {
    parameters: Vec<(String, Option<Type>)>,
    ty: &'a Type,
}

struct Check<'a> {
    types: BTreeMap<&'a str, Named<'a>>,
    /// Those that hold what travels in another form.
    exact: BTreeSet<&'a str>,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn channel(&mut self, schema: &ChannelSchema) {
        for method in &schema.methods {
            let place = format!("{}::{}::{}", schema.module, schema.name, method.name);
            for arg in &method.args {
                self.ty(
                    &format!("the parameter `{}` of {place}", arg.name),
                    &Type::parse(&arg.ty),
                    &[],
                );
            }
            if let Some(text) = &method.ret {
                self.ty(&format!("the value of {place}"), &Type::parse(text), &[]);
            }
            if let Some(text) = &method.err {
                self.ty(&format!("the error of {place}"), &Type::parse(text), &[]);
            }
        }
    }

    /// Checks a type and all that stands in it, where `parameters` are in scope.
    fn ty(&mut self, place: &str, ty: &Type, parameters: &[String]) {
        ty.visit(&mut |ty| match ty {
            Type::Verbatim(text) => self.text(place, text),
            Type::Name { name, args } if !parameters.contains(name) => {
                self.name(place, name, args);
                self.arguments(place, name, args);
                if let ("Record", [key, _]) = (name.as_str(), args.as_slice()) {
                    self.key(place, key);
                }
            }
            Type::Mapped { key, .. } => self.key(place, key),
            Type::Intersection(parts) => self.intersection(place, parts),
            _ => {}
        });
    }

    fn name(&mut self, place: &str, name: &str, args: &[Type]) {
        if is_literal(name) || name.starts_with('`') {
            return;
        }
        let (most, least) = match self.types.get(name) {
            Some(named) => {
                let least = named.parameters.iter().filter(|(_, default)| default.is_none());
                (named.parameters.len(), least.count())
            }
            None if name == "Map" => (2, 2),
            None if name == "Set" => (1, 1),
            None if exact(name).is_some() => (0, 0),
            None => {
                self.global(place, name, args);
                return;
            }
        };
        if !(least..=most).contains(&args.len()) {
            self.problems.push(Problem::TypeArguments {
                place: place.to_owned(),
                name: name.to_owned(),
                wanted: most,
                found: args.len(),
            });
        }
    }

    /// What the language or its library declares. What that does to its type arguments isn't known, so it must not hide from us what
    /// has to be decoded.
    fn global(&mut self, place: &str, name: &str, args: &[Type]) {
        let first = name.split('.').next().unwrap_or_default();
        if !GLOBALS.contains(&first) {
            self.problems.push(Problem::Undeclared {
                place: place.to_owned(),
                name: name.to_owned(),
            });
        }
        let transparent = matches!(name, "Array" | "Record");
        if !transparent && args.iter().any(|arg| self.is_exact(arg)) {
            let args: Vec<_> = args.iter().map(flat).collect();
            self.problems.push(Problem::Opaque {
                place: place.to_owned(),
                text: format!("{name}<{}>", args.join(", ")),
            });
        }
    }

    /// What we can't read must not hold what has to be decoded.
    fn text(&mut self, place: &str, text: &str) {
        let holds = words(text).any(|word| exact(word).is_some() || self.exact.contains(word));
        if holds && !text.starts_with("keyof ") {
            self.problems.push(Problem::Opaque {
                place: place.to_owned(),
                text: text.to_owned(),
            });
        }
    }

    fn key(&mut self, place: &str, key: &Type) {
        if !self.is_key(key, 0) {
            self.problems.push(Problem::MapKey {
                place: place.to_owned(),
                key: flat(key),
            });
        }
    }

    /// Whether values of the type are keys of an object, in JSON as in TypeScript.
    fn is_key(&self, ty: &Type, depth: usize) -> bool {
        match ty {
            Type::Verbatim(_) => true,
            Type::Name { name, args } => match self.types.get(name.as_str()) {
                Some(named) if args.is_empty() && depth < MAX_DEPTH => self.is_key(named.ty, depth + 1),
                Some(_) => false,
                // Written out where it stands; a name for it is no key.
                None if name == "boolean" => depth == 0,
                None if matches!(name.as_str(), "true" | "false" | "null") => false,
                None => {
                    matches!(name.as_str(), "string" | "number" | "symbol")
                        || is_literal(name)
                        || name.starts_with('`')
                }
            },
            Type::Union(types) => types.iter().all(|ty| self.is_key(ty, depth.max(1))),
            Type::Intersection(types) => types.iter().any(|ty| self.is_key(ty, depth.max(1))),
            Type::Object(_) | Type::Mapped { .. } | Type::Tuple(_) | Type::Array(_) => false,
        }
    }

    /// What is flattened into one object has its members side by side.
    fn intersection(&mut self, place: &str, parts: &[Type]) {
        let mut first = BTreeSet::new();
        for part in parts {
            let mut keys = BTreeSet::new();
            self.keys(part, 0, &mut keys);
            for key in &keys {
                if first.contains(key) {
                    self.problems.push(Problem::Clash {
                        name: key.clone(),
                        first: format!("a field of {place}"),
                        second: "a field of what is flattened into it, or its tag".to_owned(),
                        hint: "give one another name: #[serde(rename = \"…\")]",
                    });
                }
            }
            first.extend(keys);
        }
        for part in parts {
            self.beside(place, part, !first.is_empty(), 0);
        }
    }

    /// Checks what the arguments of a type bring beside the members of its objects, where its declaration has a parameter only.
    fn arguments(&mut self, place: &str, name: &str, args: &[Type]) {
        let Some(named) = self.types.get(name).filter(|_| !args.is_empty()) else {
            return;
        };
        let argument = |part: &Type| {
            let Type::Name { name, .. } = part else {
                return None;
            };
            let index = named
                .parameters
                .iter()
                .position(|(parameter, _)| parameter == name);
            args.get(index?).cloned()
        };
        let mut found = Vec::new();
        named.ty.visit(&mut |ty| {
            let Type::Intersection(parts) = ty else { return };
            if parts.iter().any(|part| argument(part).is_some()) {
                let objects = parts
                    .iter()
                    .filter(|part| matches!(part, Type::Object(_)))
                    .cloned();
                let arguments = parts.iter().filter_map(argument);
                found.push(objects.chain(arguments).collect::<Vec<_>>());
            }
        });
        for parts in found {
            self.intersection(place, &parts);
        }
    }

    /// Checks what stands beside the members of an object. Primitive types pass: they have brands so.
    fn beside(&mut self, place: &str, ty: &Type, has_members: bool, depth: usize) {
        match ty {
            Type::Union(types) | Type::Intersection(types) => {
                types
                    .iter()
                    .for_each(|ty| self.beside(place, ty, has_members, depth));
            }
            Type::Name { name, .. } if is_literal(name) || name == "null" || name == "Array" => {
                self.no_object(place, ty)
            }
            Type::Name { name, .. } if depth < MAX_DEPTH => {
                if let Some(ty) = self.types.get(name.as_str()).map(|named| named.ty) {
                    self.beside(place, ty, has_members, depth + 1);
                }
            }
            Type::Tuple(_) | Type::Array(_) => self.no_object(place, ty),
            Type::Mapped { key, value, .. } if has_members && is_any_text(key) && !is_anything(value) => {
                self.problems.push(Problem::MapBeside {
                    place: place.to_owned(),
                    text: flat(ty),
                });
            }
            _ => {}
        }
    }

    fn no_object(&mut self, place: &str, ty: &Type) {
        self.problems.push(Problem::NoObject {
            place: place.to_owned(),
            text: flat(ty),
        });
    }

    /// Adds the names of the members that an object may have.
    fn keys(&self, ty: &Type, depth: usize, keys: &mut BTreeSet<String>) {
        match ty {
            Type::Object(members) => keys.extend(members.iter().map(|member| member.key.clone())),
            Type::Union(types) | Type::Intersection(types) => {
                types.iter().for_each(|ty| self.keys(ty, depth, keys));
            }
            Type::Name { name, .. } if depth < MAX_DEPTH => {
                if let Some(named) = self.types.get(name.as_str()) {
                    self.keys(named.ty, depth + 1, keys);
                }
            }
            _ => {}
        }
    }

    /// Whether a type is itself, with nothing that would end it: TypeScript reads the name of an object's member later, and that of
    /// an array's item, but not the argument of a type that has a name.
    fn holds_itself(&self, name: &str) -> bool {
        let (mut seen, mut waiting) = (BTreeSet::new(), vec![name.to_owned()]);
        while let Some(next) = waiting.pop() {
            let Some(named) = self.types.get(next.as_str()) else {
                continue;
            };
            let mut direct = Vec::new();
            self.direct(named.ty, &mut direct);
            if direct.iter().any(|found| found == name) {
                return true;
            }
            waiting.extend(direct.into_iter().filter(|found| seen.insert(found.clone())));
        }
        false
    }

    fn direct(&self, ty: &Type, names: &mut Vec<String>) {
        match ty {
            Type::Name { name, args } => {
                names.push(name.clone());
                if !matches!(name.as_str(), "Map" | "Set" | "Array") {
                    args.iter().for_each(|arg| self.direct(arg, names));
                }
            }
            Type::Union(types) | Type::Intersection(types) => {
                types.iter().for_each(|ty| self.direct(ty, names));
            }
            Type::Verbatim(_) | Type::Object(_) | Type::Mapped { .. } | Type::Tuple(_) | Type::Array(_) => {}
        }
    }

    fn find_exact(&mut self) {
        loop {
            let found = self.types.iter().filter(|(name, _)| !self.exact.contains(*name));
            let found: Vec<_> = found
                .filter(|(_, named)| self.is_exact(named.ty))
                .map(|(name, _)| *name)
                .collect();
            if found.is_empty() {
                return;
            }
            self.exact.extend(found);
        }
    }

    fn is_exact(&self, ty: &Type) -> bool {
        let mut found = false;
        ty.visit_names(&mut |name| found |= exact(name).is_some() || self.exact.contains(name));
        found
    }
}

fn is_any_text(key: &Type) -> bool {
    matches!(key, Type::Name { name, .. } if name == "string")
}

fn is_anything(value: &Type) -> bool {
    matches!(value, Type::Name { name, .. } if matches!(name.as_str(), "unknown" | "any" | "JsonValue"))
}

/// How deep names are followed, as they may go in circles.
const MAX_DEPTH: usize = 16;

/// What the language and its library declare and a type may be written with: `#[ts(type = "…")]` says something of its own.
const GLOBALS: &[&str] = &[
    "any",
    "boolean",
    "never",
    "null",
    "number",
    "object",
    "string",
    "symbol",
    "undefined",
    "unknown",
    "void",
    "Array",
    "ArrayBuffer",
    "ArrayLike",
    "AsyncIterable",
    "Awaited",
    "BigInt64Array",
    "BigUint64Array",
    "Boolean",
    "Capitalize",
    "DataView",
    "Error",
    "Exclude",
    "Extract",
    "Float32Array",
    "Float64Array",
    "Function",
    "Int16Array",
    "Int32Array",
    "Int8Array",
    "Intl",
    "Iterable",
    "Lowercase",
    "NonNullable",
    "Number",
    "Object",
    "Omit",
    "Parameters",
    "Partial",
    "Pick",
    "Promise",
    "PropertyKey",
    "Readonly",
    "ReadonlyArray",
    "ReadonlyMap",
    "ReadonlySet",
    "Record",
    "RegExp",
    "Required",
    "ReturnType",
    "String",
    "URL",
    "Uint16Array",
    "Uint32Array",
    "Uint8ClampedArray",
    "Uncapitalize",
    "Uppercase",
    "globalThis",
];
