//! Types as they are on the wire: the TypeScript of a lock, with what Rust and serde know of it at each place.

use std::collections::BTreeMap;

use super::rust::{Number, RustType, text_form};
use crate::{
    lock::{FieldLock, Lock, TypeLock, VariantLock},
    print,
    syntax::{Member, Type, parse_declaration},
};

/// A type. Named ones are looked up when they are needed, so that recursive ones have an end.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    /// Whatever JSON there is.
    Any,
    Null,
    Bool,
    /// With its quotes, if it is a text.
    Literal(String),
    /// With the Rust type, if its texts have a form.
    Text(Option<String>),
    Number(Option<Number>),
    BigInt(Option<Number>),
    /// `Uint8Array` or `Date`.
    Exact(String),
    Array(Box<Self>),
    Set(Box<Self>),
    Tuple(Vec<Self>),
    /// An object with any keys.
    Map(Box<Self>, Box<Self>),
    /// A `Map`: an array of pairs.
    Pairs(Box<Self>, Box<Self>),
    Object(Object),
    Union(Union),
    Intersection(Vec<Self>),
    Named(String, Vec<Self>),
    /// Text that can't be read.
    Opaque(String),
}

#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Object {
    pub(super) fields: BTreeMap<String, Field>,
    /// Whether a field that isn't here is an error where serde reads.
    pub(super) denies: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field {
    pub(super) node: Node,
    /// Whether who sends may leave it out: `?` in TypeScript.
    pub(super) may_be_missing: bool,
    /// Whether serde reads on without it.
    pub(super) default: bool,
    pub(super) aliases: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Union {
    pub(super) arms: Vec<Node>,
    /// Whether it is an enum, of which more arms may come.
    pub(super) is_enum: bool,
    /// Other names of variants that are read, by variant.
    pub(super) aliases: BTreeMap<String, Vec<String>>,
}

/// Arguments of a generic type by parameter.
type Scope = BTreeMap<String, Node>;

/// The types of one lock.
#[derive(Debug, Clone, Copy)]
pub(super) struct Types<'a>(pub(super) &'a Lock);

impl Types<'_> {
    pub(super) fn knows(self, name: &str) -> bool {
        self.0.types.contains_key(name)
    }

    /// Returns the type behind a name; any other as it is.
    pub(super) fn behind(self, node: &Node) -> Node {
        match node {
            Node::Named(name, args) => self.resolve(name, args).unwrap_or_else(|| node.clone()),
            node => node.clone(),
        }
    }

    /// Returns what stands behind a name, if it is one of ours.
    pub(super) fn resolve(self, name: &str, args: &[Node]) -> Option<Node> {
        let ty = self.0.types.get(name)?;
        let Some((parameters, body)) = parse_declaration(&ty.decl.join("\n"), name) else {
            return Some(Node::Opaque(ty.decl.join("\n")));
        };
        let names = parameters.trim_matches(['<', '>']).split(',').map(str::trim);
        let names = names.map(|parameter| parameter.split([' ', '=']).next().unwrap_or_default().to_owned());
        let scope = names.zip(args.iter().cloned()).collect();
        Some(body_of(&body, ty, &scope))
    }
}

/// Returns the type at a place of which the Rust type is known, or not.
pub(super) fn node(ty: &str, rust: &str) -> Node {
    read(&Type::parse(ty), RustType::parse(rust).as_ref(), &Scope::new())
}

fn body_of(body: &Type, ty: &TypeLock, scope: &Scope) -> Node {
    if ty.variants.is_empty() {
        return structure(body, &ty.fields, ty.denies(), scope);
    }
    let arms: &[Type] = match body {
        Type::Union(arms) => arms,
        single => std::slice::from_ref(single),
    };
    let tag = tag(arms, &ty.variants);
    let arms = arms
        .iter()
        .map(|arm| variant(arm, tag.as_deref(), ty, scope))
        .collect();
    let aliases = ty
        .variants
        .iter()
        .map(|(name, variant)| (name.clone(), variant.aliases.clone()));
    Node::Union(Union {
        arms,
        is_enum: true,
        aliases: aliases.collect(),
    })
}

impl TypeLock {
    const fn denies(&self) -> bool {
        self.deny_unknown_fields
    }
}

/// The key whose value says in every arm which variant it is.
fn tag(arms: &[Type], variants: &BTreeMap<String, VariantLock>) -> Option<String> {
    let tags = |arm: &Type| {
        let members: Vec<&Member> = match arm {
            Type::Object(members) => members.iter().collect(),
            Type::Intersection(parts) => parts
                .iter()
                .filter_map(|part| match part {
                    Type::Object(members) => Some(members),
                    _ => None,
                })
                .flatten()
                .collect(),
            _ => Vec::new(),
        };
        let is_tag = |member: &&&Member| text_of(&member.ty).is_some_and(|text| variants.contains_key(text));
        members
            .iter()
            .filter(is_tag)
            .map(|member| member.key.clone())
            .collect::<Vec<_>>()
    };
    let first = tags(arms.first()?);
    first
        .into_iter()
        .find(|key| arms.iter().all(|arm| tags(arm).contains(key)))
}

/// The text of a literal.
fn text_of(ty: &Type) -> Option<&str> {
    match ty {
        Type::Name { name, args } if args.is_empty() => name.strip_prefix('"')?.strip_suffix('"'),
        _ => None,
    }
}

/// Returns one arm of an enum with what is known of its variant's fields.
fn variant(arm: &Type, tag: Option<&str>, ty: &TypeLock, scope: &Scope) -> Node {
    let none = BTreeMap::new();
    let fields = |name: &str| ty.variants.get(name).map_or(&none, |variant| &variant.fields);
    let denies = ty.denies();
    match (arm, tag) {
        (Type::Object(members), Some(tag)) => {
            let name = members.iter().find(|member| member.key == tag);
            let name = name.and_then(|member| text_of(&member.ty)).unwrap_or_default();
            let of = fields(name);
            // With `content` the fields stand inside of another one.
            let content = match members.as_slice() {
                [first, second] => [first, second].into_iter().find(|member| member.key != tag),
                _ => None,
            };
            let content = content.filter(|member| !of.contains_key(&member.key));
            let object = structure(arm, of, denies, scope);
            match (object, content) {
                (Node::Object(mut object), Some(content)) => {
                    if let Some(field) = object.fields.get_mut(&content.key) {
                        field.node = structure(&content.ty, of, denies, scope);
                    }
                    Node::Object(object)
                }
                (object, _) => object,
            }
        }
        (Type::Intersection(parts), Some(tag)) => {
            let name = parts.iter().find_map(|part| match part {
                Type::Object(members) => members.iter().find(|member| member.key == tag),
                _ => None,
            });
            let of = fields(name.and_then(|member| text_of(&member.ty)).unwrap_or_default());
            structure(arm, of, denies, scope)
        }
        (Type::Object(members), None) => match members.as_slice() {
            [member] if ty.variants.contains_key(&member.key) => {
                let payload = structure(&member.ty, fields(&member.key), denies, scope);
                let field = Field {
                    node: payload,
                    may_be_missing: false,
                    default: false,
                    aliases: Vec::new(),
                };
                Node::Object(Object {
                    fields: [(member.key.clone(), field)].into(),
                    denies: true,
                })
            }
            _ => structure(arm, &none, denies, scope),
        },
        _ => read(arm, None, scope),
    }
}

/// Returns the body of a struct, or of a variant.
fn structure(ty: &Type, fields: &BTreeMap<String, FieldLock>, denies: bool, scope: &Scope) -> Node {
    let rust = |field: &FieldLock| RustType::parse(&field.rust);
    match ty {
        Type::Object(members) => Node::Object(object(members, fields, denies, scope)),
        Type::Intersection(parts) => {
            let flattened: Vec<_> = fields
                .iter()
                .filter(|(name, field)| field.flatten || name.parse::<usize>().is_ok())
                .filter_map(|(_, field)| rust(field))
                .collect();
            let part = |part: &Type| match part {
                Type::Object(members) => Node::Object(object(members, fields, denies, scope)),
                Type::Name { name, .. } => {
                    let rust = flattened.iter().find(|rust| rust.name == *name);
                    read(part, rust, scope)
                }
                part => read(part, None, scope),
            };
            Node::Intersection(parts.iter().map(part).collect())
        }
        Type::Tuple(items) if fields.len() == items.len() && items.len() != 1 => {
            let item = |(index, item): (usize, &Type)| {
                let field = fields.get(&index.to_string());
                read(item, field.and_then(rust).as_ref(), scope)
            };
            Node::Tuple(items.iter().enumerate().map(item).collect())
        }
        ty => {
            let only = fields.get("0").filter(|_| fields.len() == 1);
            let only = only.or_else(|| {
                fields
                    .values()
                    .next()
                    .filter(|field| fields.len() == 1 && field.flatten)
            });
            read(ty, only.and_then(rust).as_ref(), scope)
        }
    }
}

fn object(members: &[Member], fields: &BTreeMap<String, FieldLock>, denies: bool, scope: &Scope) -> Object {
    let field = |member: &Member| {
        let known = fields.get(&member.key);
        let rust = known.and_then(|field| RustType::parse(&field.rust));
        let node = read(&member.ty, rust.as_ref(), scope);
        let field = Field {
            node,
            may_be_missing: member.optional,
            // Of a type that isn't a model: serde reads an `Option` that is missing as `None`.
            default: member.optional || known.map_or_else(|| may_be_null(&member.ty), |field| field.default),
            aliases: known.map(|field| field.aliases.clone()).unwrap_or_default(),
        };
        (member.key.clone(), field)
    };
    Object {
        fields: members.iter().map(field).collect(),
        denies,
    }
}

fn read(ty: &Type, rust: Option<&RustType>, scope: &Scope) -> Node {
    let item = |index| rust.and_then(|rust| rust.item(index));
    let arg = |index: usize| rust.and_then(|rust| rust.args.get(index));
    let boxed = |ty: &Type, rust| Box::new(read(ty, rust, scope));
    match ty {
        Type::Verbatim(text) => Node::Opaque(text.clone()),
        Type::Name { name, args } => match (name.as_str(), args.as_slice()) {
            ("unknown" | "any", []) => Node::Any,
            ("null" | "void" | "undefined", []) => Node::Null,
            ("boolean", []) => Node::Bool,
            ("string", []) => Node::Text(rust.and_then(text_form)),
            ("number", []) => Node::Number(rust.and_then(Number::of)),
            ("bigint", []) => Node::BigInt(rust.and_then(Number::of)),
            ("Uint8Array" | "Date", []) => Node::Exact(name.clone()),
            ("object", []) => Node::Object(Object::default()),
            ("Record", [_, value]) if *value == Type::name("never") => Node::Object(Object::default()),
            ("Record", [key, value]) => Node::Map(boxed(key, arg(0)), boxed(value, arg(1))),
            ("Map", [key, value]) => Node::Pairs(boxed(key, arg(0)), boxed(value, arg(1))),
            ("Set", [value]) => Node::Set(boxed(value, item(0))),
            (name, []) if is_literal(name) => Node::Literal(name.to_owned()),
            (name, []) if scope.contains_key(name) => scope.get(name).cloned().unwrap_or(Node::Any),
            (name, args) => {
                // Type arguments stand in the same order on both sides, if all are types.
                let rust = rust.filter(|rust| rust.args.len() == args.len());
                let args = args.iter().enumerate();
                let args =
                    args.map(|(index, ty)| read(ty, rust.and_then(|rust| rust.args.get(index)), scope));
                Node::Named(name.to_owned(), args.collect())
            }
        },
        Type::Object(members) => Node::Object(object(members, &BTreeMap::new(), false, scope)),
        Type::Mapped { key, value, .. } => Node::Map(boxed(key, arg(0)), boxed(value, arg(1))),
        Type::Tuple(types) => {
            let items = types.iter().enumerate();
            Node::Tuple(items.map(|(index, ty)| read(ty, item(index), scope)).collect())
        }
        Type::Array(ty) => Node::Array(boxed(ty, item(0))),
        Type::Union(types) => {
            let inner = rust.and_then(RustType::option);
            let arms = types.iter().map(|ty| read(ty, inner, scope)).collect();
            Node::Union(Union {
                arms,
                ..Union::default()
            })
        }
        Type::Intersection(types) => {
            Node::Intersection(types.iter().map(|ty| read(ty, None, scope)).collect())
        }
    }
}

fn may_be_null(ty: &Type) -> bool {
    matches!(ty, Type::Union(arms) if arms.contains(&Type::name("null")))
}

fn is_literal(name: &str) -> bool {
    matches!(name, "true" | "false")
        || name.starts_with(['"', '\'', '`', '-'])
        || name.starts_with(|char: char| char.is_ascii_digit())
}

impl Node {
    pub(super) fn is_null(&self) -> bool {
        *self == Self::Null
    }

    /// Returns the type as people write it.
    pub(super) fn text(&self) -> String {
        print::flat(&self.to_type())
    }

    fn to_type(&self) -> Type {
        let named = |name: &str, args: &[&Self]| Type::Name {
            name: name.to_owned(),
            args: args.iter().map(|arg| arg.to_type()).collect(),
        };
        let types = |nodes: &[Self]| nodes.iter().map(Self::to_type).collect();
        match self {
            Self::Any => named("unknown", &[]),
            Self::Null => named("null", &[]),
            Self::Bool => named("boolean", &[]),
            Self::Literal(text) => named(text, &[]),
            Self::Text(form) => named(form.as_deref().unwrap_or("string"), &[]),
            Self::Number(number) => named(number.as_ref().map_or("number", |number| &number.name), &[]),
            Self::BigInt(Some(number)) => Type::Name {
                name: "Exact".to_owned(),
                args: vec![Type::name(&number.name)],
            },
            Self::BigInt(None) => named("bigint", &[]),
            Self::Exact(name) => named(name, &[]),
            Self::Array(item) => Type::Array(Box::new(item.to_type())),
            Self::Set(item) => named("Set", &[item]),
            Self::Tuple(items) => Type::Tuple(types(items)),
            Self::Map(key, value) => Type::Mapped {
                key: Box::new(key.to_type()),
                optional: false,
                value: Box::new(value.to_type()),
            },
            Self::Pairs(key, value) => named("Map", &[key, value]),
            Self::Object(object) => {
                let member = |(key, field): (&String, &Field)| Member {
                    docs: Vec::new(),
                    readonly: false,
                    key: key.clone(),
                    optional: field.may_be_missing,
                    ty: field.node.to_type(),
                };
                Type::Object(object.fields.iter().map(member).collect())
            }
            Self::Union(union) => match union.arms.as_slice() {
                [arm] => arm.to_type(),
                arms => Type::Union(types(arms)),
            },
            Self::Intersection(parts) => Type::Intersection(types(parts)),
            Self::Named(name, args) => Type::Name {
                name: name.clone(),
                args: types(args),
            },
            Self::Opaque(text) => Type::Verbatim(text.clone()),
        }
    }
}
