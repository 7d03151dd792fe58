//! What must be decoded and encoded: which types reach one that travels in another form than it has for the application, and how
//! they are coded, in terms of the runtime's `codec/`.
//!
//! Where nothing is to be told apart a codec looks only at what needs it. The arms of a [`Union`](Type::Union) are tried in order, as
//! serde does: if no tag tells them apart, all that they reach is looked at, so that no arm takes the value of another.

mod arms;
mod reach;

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    model::{ChannelDecl, MethodDecl, ParamDecl, TypeDecl, Verb},
    syntax::{Member, Type},
};
use reach::Reach;

/// The types that travel in another form, and their codecs.
const EXACT: &[(&str, &str)] = &[
    ("bigint", "bigint"),
    ("Date", "date"),
    ("Map", "map"),
    ("Set", "set"),
    ("Uint8Array", "bytes"),
];

/// The codec of a type that travels in another form.
pub(crate) fn exact(name: &str) -> Option<&'static str> {
    EXACT
        .iter()
        .find(|(exact, _)| *exact == name)
        .map(|(_, codec)| *codec)
}

/// A codec as an expression of TypeScript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Expr {
    /// A name of `codec/`, of the module, of a parameter, or a literal.
    Name(String),
    Call(String, Vec<Self>),
    /// Keys are texts without quotes.
    Object(Vec<(String, Self)>),
}

impl Expr {
    fn name(name: &str) -> Self {
        Self::Name(name.to_owned())
    }

    fn call(name: &str, args: Vec<Self>) -> Self {
        Self::Call(name.to_owned(), args)
    }

    /// Whatever it is, it stays.
    fn any() -> Self {
        Self::name("any")
    }

    /// Calls `visit` with every name that isn't a literal.
    pub(crate) fn visit_names(&self, visit: &mut impl FnMut(&str)) {
        match self {
            Self::Name(name) => visit(name),
            Self::Call(name, args) => {
                visit(name);
                if name != "literal" {
                    args.iter().for_each(|arg| arg.visit_names(visit));
                }
            }
            Self::Object(members) => members.iter().for_each(|(_, member)| member.visit_names(visit)),
        }
    }
}

/// The codecs that one run writes.
#[derive(Debug, Default)]
pub(crate) struct Codecs {
    /// Those of named types, sorted by name.
    pub(crate) types: Vec<TypeCodec>,
    /// Those of channels, in the order of their files.
    pub(crate) channels: Vec<ChannelCodecs>,
}

/// The codec of a named type.
#[derive(Debug)]
pub(crate) struct TypeCodec {
    /// Name in TypeScript.
    pub(crate) name: String,
    /// One per type parameter: codecs of generic types are functions.
    pub(crate) params: Vec<String>,
    pub(crate) expr: Expr,
}

/// The codecs of a channel's methods, events and handlers.
#[derive(Debug)]
pub(crate) struct ChannelCodecs {
    /// Name in TypeScript.
    pub(crate) name: String,
    /// For each that needs any, by its name on the wire, what needs one.
    pub(crate) members: Vec<(String, Vec<(String, Expr)>)>,
}

/// What the stub of a channel has to do.
#[derive(Debug, Clone)]
pub(crate) struct Coded {
    /// Name of the channel's codecs.
    pub(crate) codecs: String,
    pub(crate) methods: bool,
    pub(crate) events: bool,
    pub(crate) handlers: bool,
}

/// Name of the codec of a named type.
pub(crate) fn type_codec(name: &str) -> String {
    format!("{name}Codec")
}

/// Name of the codecs of a channel.
pub(crate) fn channel_codecs(class: &str) -> String {
    format!("{class}Codecs")
}

/// Decides which codecs there are, and tells the channels what to do with theirs.
pub(crate) fn codecs(types: &[TypeDecl], channels: &mut [ChannelDecl]) -> Codecs {
    let mut coder = Coder::new(types, channels);
    let mut codecs = Codecs::default();
    for channel in channels {
        let methods: Vec<_> = channel
            .methods
            .iter()
            .filter_map(|method| coder.method(method))
            .collect();
        let events = channel.events.iter().filter_map(|event| {
            let args = coder.fields(&event.fields)?;
            Some((event.name.clone(), vec![("args".to_owned(), args)]))
        });
        let events: Vec<_> = events.collect();
        let handlers = channel.handlers.iter().filter_map(|handler| {
            let args = coder.fields(&handler.fields);
            let answer = coder.needed(&handler.value);
            let error = handler.error.as_ref().and_then(|error| coder.needed(error));
            slots(
                &handler.name,
                [("args", args), ("answer", answer), ("error", error)],
            )
        });
        let handlers: Vec<_> = handlers.collect();

        let coded = Coded {
            codecs: channel_codecs(&channel.class),
            methods: !methods.is_empty(),
            events: !events.is_empty(),
            handlers: !handlers.is_empty(),
        };
        let members: Vec<_> = methods.into_iter().chain(events).chain(handlers).collect();
        if !members.is_empty() {
            codecs.channels.push(ChannelCodecs {
                name: coded.codecs.clone(),
                members,
            });
            channel.coded = Some(coded);
        }
    }
    codecs.types = coder.types();
    codecs
}

fn slots<const N: usize>(
    name: &str,
    slots: [(&str, Option<Expr>); N],
) -> Option<(String, Vec<(String, Expr)>)> {
    let slots = slots.into_iter();
    let slots: Vec<_> = slots
        .filter_map(|(slot, expr)| Some((slot.to_owned(), expr?)))
        .collect();
    (!slots.is_empty()).then(|| (name.to_owned(), slots))
}

/// Writes expressions, and notes the types whose codecs they use.
struct Coder<'a> {
    reach: Reach<'a>,
    used: BTreeSet<&'a str>,
    /// Those in `used` that are still to be written.
    waiting: Vec<&'a str>,
}

/// Where a type stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    /// Type parameters whose codecs are at hand.
    params: &'a [String],
    /// Whether everything is looked at, for the sake of a union around it.
    all: bool,
}

impl<'a> Coder<'a> {
    fn new(types: &'a [TypeDecl], channels: &[ChannelDecl]) -> Self {
        Self {
            reach: Reach::new(types, channels),
            used: BTreeSet::new(),
            waiting: Vec::new(),
        }
    }

    fn method(&mut self, method: &MethodDecl) -> Option<(String, Vec<(String, Expr)>)> {
        let args = self.params(&method.params);
        let items = method.items.as_ref().and_then(|items| self.needed(&items.ty));
        let answer = match &method.verb {
            Verb::Call(ty) | Verb::Stream(ty) => self.needed(ty),
            Verb::Notify => None,
        };
        let error = method.error.as_ref().and_then(|error| self.needed(error));
        let all = [
            ("args", args),
            ("items", items),
            ("answer", answer),
            ("error", error),
        ];
        slots(&method.wire, all)
    }

    fn params(&mut self, params: &[ParamDecl]) -> Option<Expr> {
        let members = params.iter().map(|param| Member {
            docs: Vec::new(),
            readonly: false,
            key: param.wire.clone(),
            optional: param.optional,
            ty: param.ty.clone(),
        });
        self.fields(&members.collect::<Vec<_>>())
    }

    /// Of several values by their names, if one of them needs a codec.
    fn fields(&mut self, members: &[Member]) -> Option<Expr> {
        let needed = members.iter().filter(|member| self.reach.needs(&member.ty, &[]));
        let needed: Vec<_> = needed.cloned().collect();
        (!needed.is_empty()).then(|| self.object(&needed, TOP))
    }

    fn needed(&mut self, ty: &Type) -> Option<Expr> {
        self.reach.needs(ty, &[]).then(|| self.expr(ty, TOP))
    }

    /// The codecs of all types that are used so far, and of those that these use.
    fn types(&mut self) -> Vec<TypeCodec> {
        let mut codecs = BTreeMap::new();
        while let Some(name) = self.waiting.pop() {
            let Some(found) = self.reach.named(name) else {
                continue;
            };
            let (params, ty) = (found.params.clone(), found.ty);
            let place = Place {
                params: &params,
                all: self.reach.is_looked_at(name),
            };
            let expr = self.expr(ty, place);
            let codec = TypeCodec {
                name: type_codec(name),
                params: params.iter().map(|param| type_codec(param)).collect(),
                expr,
            };
            codecs.insert(name, codec);
        }
        codecs.into_values().collect()
    }

    fn expr(&mut self, ty: &Type, place: Place<'_>) -> Expr {
        if !place.all && !self.reach.needs(ty, place.params) {
            return Expr::any();
        }
        match ty {
            Type::Verbatim(_) => Expr::any(),
            Type::Name { name, args } => self.name(name, args, place),
            Type::Object(members) => self.object(members, place),
            Type::Mapped { value, .. } => Expr::call("record", vec![self.expr(value, place)]),
            Type::Tuple(items) => Expr::call("tuple", self.exprs(items, place)),
            Type::Array(item) => Expr::call("array", vec![self.expr(item, place)]),
            Type::Union(arms) => self.union(arms, place),
            Type::Intersection(parts) => self.intersection(parts, place),
        }
    }

    fn exprs(&mut self, types: &[Type], place: Place<'_>) -> Vec<Expr> {
        types.iter().map(|ty| self.expr(ty, place)).collect()
    }

    fn name(&mut self, name: &str, args: &[Type], place: Place<'_>) -> Expr {
        if place.params.iter().any(|param| param == name) {
            return Expr::Name(type_codec(name));
        }
        if let Some(found) = self.reach.named(name) {
            let (name, params, defaults) = (found.name, found.params.clone(), found.defaults.clone());
            // What a parameter stands for may be the arm of a union in there.
            let place = Place {
                all: place.all || self.reach.is_looked_at(name),
                ..place
            };
            if self.used.insert(name) {
                self.waiting.push(name);
            }
            let codec = type_codec(name);
            if params.is_empty() {
                return Expr::Name(codec);
            }
            let args = defaults.iter().enumerate().map(|(at, default)| {
                let arg = args.get(at).or(default.as_ref());
                arg.map_or_else(Expr::any, |arg| self.expr(arg, place))
            });
            return Expr::Call(codec, args.collect());
        }
        match (name, args) {
            ("Map" | "Set", args) => {
                let codec = exact(name).unwrap_or_default();
                Expr::call(codec, self.exprs(args, place))
            }
            ("Record", [_, value]) => Expr::call("record", vec![self.expr(value, place)]),
            ("string" | "number" | "boolean", []) => Expr::name(name),
            ("never", []) => Expr::call("oneOf", Vec::new()),
            _ => match exact(name) {
                Some(codec) => Expr::name(codec),
                None if is_literal(name) => Expr::call("literal", vec![Expr::name(name)]),
                None if name.starts_with('`') => Expr::name("string"),
                None => Expr::any(),
            },
        }
    }

    /// Members that nothing is to be done for are left out, save for those that tell the object from another.
    fn object(&mut self, members: &[Member], place: Place<'_>) -> Expr {
        let (mut required, mut optional) = (Vec::new(), Vec::new());
        for member in members {
            let is_tag =
                !member.optional && matches!(&member.ty, Type::Name { name, .. } if is_literal(name));
            let place = Place {
                all: place.all || is_tag,
                ..place
            };
            if place.all || self.reach.needs(&member.ty, place.params) {
                let list = if member.optional {
                    &mut optional
                } else {
                    &mut required
                };
                list.push((member.key.clone(), self.expr(&member.ty, place)));
            }
        }
        let mut args = vec![Expr::Object(required)];
        if !optional.is_empty() {
            args.push(Expr::Object(optional));
        }
        Expr::call("object", args)
    }

    fn union(&mut self, types: &[Type], place: Place<'_>) -> Expr {
        let mut arms = arms::without_null(types);
        let has_null = arms.len() < types.len();
        // One that takes whatever comes leaves nothing to those behind it.
        arms.sort_by_key(|arm| self.is_vague(arm, place.params));
        let expr = match arms.as_slice() {
            [] => return Expr::call("literal", vec![Expr::name("null")]),
            [arm] => self.expr(arm, place),
            arms => match self.reach.told_apart(arms, place.params) {
                Some(told) => {
                    let arms = arms.iter().map(|arm| {
                        if place.all || self.reach.needs(arm, place.params) {
                            self.expr(arm, place)
                        } else {
                            told.check(&self.reach, arm)
                        }
                    });
                    Expr::call("oneOf", arms.collect())
                }
                None => Expr::call("union", self.exprs(arms, Place { all: true, ..place })),
            },
        };
        if has_null {
            Expr::call("nullable", vec![expr])
        } else {
            expr
        }
    }

    /// Whether little or nothing is known of the values of a type.
    fn is_vague(&self, ty: &Type, params: &[String]) -> bool {
        match ty {
            Type::Verbatim(_) => true,
            Type::Name { name, .. } => {
                let known = params.contains(name)
                    || self.reach.named(name).is_some()
                    || exact(name).is_some()
                    || is_literal(name)
                    || matches!(
                        name.as_str(),
                        "string" | "number" | "boolean" | "never" | "Record"
                    );
                !known
            }
            _ => false,
        }
    }

    fn intersection(&mut self, parts: &[Type], place: Place<'_>) -> Expr {
        if place.all
            && let Some(merged) = self.reach.merged(parts)
        {
            return self.expr(&merged, place);
        }
        let parts = parts.iter().filter_map(|part| {
            if place.all || self.reach.needs(part, place.params) {
                return Some(self.expr(part, place));
            }
            // What needs nothing may still tell the whole from others.
            let tags = arms::tags(&self.reach, part);
            (!tags.is_empty()).then(|| Expr::call("object", vec![Expr::Object(tags)]))
        });
        let parts: Vec<_> = parts.collect();
        match <[Expr; 1]>::try_from(parts) {
            Ok([part]) => part,
            Err(parts) => Expr::call("intersection", parts),
        }
    }
}

/// What a method's own types stand in.
const TOP: Place<'static> = Place {
    params: &[],
    all: false,
};

/// Whether a name of the grammar is a value: a text, a number, or one of the three words.
pub(crate) fn is_literal(name: &str) -> bool {
    let first = name.chars().next();
    matches!(name, "true" | "false" | "null")
        || first.is_some_and(|char| matches!(char, '"' | '\'' | '-') || char.is_ascii_digit())
}
