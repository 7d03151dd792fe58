//! Which types reach one that travels in another form, and which must be looked at whole.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    arms::{self, Told},
    exact,
};
use crate::{
    model::{ChannelDecl, TypeDecl, Verb},
    syntax::{Member, Type, type_parameters},
};

/// A named type.
pub(super) struct Named<'a> {
    pub(super) name: &'a str,
    pub(super) params: Vec<String>,
    /// What stands for a parameter that is left out, by its position.
    pub(super) defaults: Vec<Option<Type>>,
    pub(super) ty: &'a Type,
}

/// What is known of all types.
pub(super) struct Reach<'a> {
    types: BTreeMap<&'a str, Named<'a>>,
    /// Named types that need a codec whatever their type arguments are.
    needy: BTreeSet<&'a str>,
    /// Named types that stand in a union whose arms only the whole value tells apart.
    looked_at: BTreeSet<&'a str>,
}

impl<'a> Reach<'a> {
    pub(super) fn new(types: &'a [TypeDecl], channels: &[ChannelDecl]) -> Self {
        let named = types.iter().map(|decl| {
            let (params, defaults) = type_parameters(&decl.parameters).into_iter().unzip();
            let named = Named {
                name: &decl.name,
                params,
                defaults,
                ty: &decl.ty,
            };
            (decl.name.as_str(), named)
        });
        let mut reach = Self {
            types: named.collect(),
            needy: BTreeSet::new(),
            looked_at: BTreeSet::new(),
        };
        reach.find_needy();
        reach.find_looked_at(channels);
        reach
    }

    pub(super) fn named(&self, name: &str) -> Option<&Named<'a>> {
        self.types.get(name)
    }

    /// Whether all of a named type is looked at.
    pub(super) fn is_looked_at(&self, name: &str) -> bool {
        self.looked_at.contains(name)
    }

    /// Whether `ty` needs a codec, where each of `params` may.
    pub(super) fn needs(&self, ty: &Type, params: &[String]) -> bool {
        match ty {
            Type::Verbatim(_) => false,
            Type::Name { name, args } => {
                exact(name).is_some()
                    || params.contains(name)
                    || self.needy.contains(name.as_str())
                    || args.iter().any(|arg| self.needs(arg, params))
                    || self.default_needs(name, args.len())
            }
            Type::Object(members) => members.iter().any(|member| self.needs(&member.ty, params)),
            Type::Mapped { value, .. } => self.needs(value, params),
            Type::Array(item) => self.needs(item, params),
            Type::Tuple(types) | Type::Union(types) | Type::Intersection(types) => {
                types.iter().any(|ty| self.needs(ty, params))
            }
        }
    }

    /// Whether one of the type arguments that are left out needs a codec.
    fn default_needs(&self, name: &str, given: usize) -> bool {
        let defaults = self.types.get(name).map_or(&[][..], |named| &named.defaults);
        let mut left_out = defaults.iter().skip(given).flatten();
        left_out.any(|ty| self.needs(ty, &[]))
    }

    pub(super) fn told_apart(&self, arms: &[Type], params: &[String]) -> Option<Told> {
        arms::told_apart(self, arms, params)
    }

    /// One type that says the same as `parts` together, if each is an object or a choice of objects.
    pub(super) fn merged(&self, parts: &[Type]) -> Option<Type> {
        let mut merged = vec![Vec::new()];
        for part in parts {
            let forms = self.forms(part, 0)?;
            merged = merged
                .iter()
                .flat_map(|members: &Vec<Member>| {
                    forms.iter().map(move |form| [members.as_slice(), form].concat())
                })
                .collect();
            if merged.len() > MAX_FORMS {
                return None;
            }
        }
        let mut forms: Vec<_> = merged.into_iter().map(Type::Object).collect();
        if forms.len() == 1 {
            forms.pop()
        } else {
            Some(Type::Union(forms))
        }
    }

    /// The members of each form of an object.
    fn forms(&self, ty: &Type, depth: usize) -> Option<Vec<Vec<Member>>> {
        match ty {
            Type::Object(members) => Some(vec![members.clone()]),
            Type::Name { name, args } if args.is_empty() && depth < MAX_DEPTH => {
                let named = self.named(name).filter(|named| named.params.is_empty())?;
                self.forms(named.ty, depth + 1)
            }
            Type::Union(types) => {
                let forms: Option<Vec<_>> = types.iter().map(|ty| self.forms(ty, depth)).collect();
                Some(forms?.concat())
            }
            Type::Intersection(parts) => match self.merged(parts)? {
                Type::Object(members) => Some(vec![members]),
                merged => self.forms(&merged, depth),
            },
            _ => None,
        }
    }

    fn find_needy(&mut self) {
        loop {
            let found = self
                .types
                .values()
                .filter(|named| !self.needy.contains(named.name));
            let found: Vec<_> = found
                .filter(|named| self.needs(named.ty, &[]))
                .map(|named| named.name)
                .collect();
            if found.is_empty() {
                return;
            }
            self.needy.extend(found);
        }
    }

    /// Everything that the arms of a union reach which only the whole value tells apart.
    fn find_looked_at(&mut self, channels: &[ChannelDecl]) {
        let mut reached = BTreeSet::new();
        for named in self.types.values() {
            let has_any = self.visit_unions(named.ty, &named.params, &mut reached);
            // The arguments of a generic type are arms as well.
            if has_any && !named.params.is_empty() {
                reached.insert(named.name.to_owned());
            }
        }
        let of_channels: Vec<_> = channels.iter().flat_map(types_of).collect();
        for ty in &of_channels {
            self.visit_unions(ty, &[], &mut reached);
        }
        while !reached.is_empty() {
            let mut waiting: Vec<_> = reached.into_iter().collect();
            while let Some(name) = waiting.pop() {
                if let Some(named) = self.types.get(name.as_str())
                    && self.looked_at.insert(named.name)
                {
                    named.ty.visit_names(&mut |name| waiting.push(name.to_owned()));
                }
            }
            // What stands for a parameter of such a type stands in its union.
            reached = BTreeSet::new();
            let types = self.types.values().map(|named| named.ty);
            types
                .chain(of_channels.iter().copied())
                .for_each(|ty| self.visit_arguments(ty, &mut reached));
        }
    }

    /// Adds the names of types that aren't looked at yet, and stand as arguments of one that is.
    fn visit_arguments(&self, ty: &Type, found: &mut BTreeSet<String>) {
        ty.visit(&mut |ty| {
            if let Type::Name { name, args } = ty
                && self.looked_at.contains(name.as_str())
            {
                let mut visit = |name: &str| {
                    if self.types.contains_key(name) && !self.looked_at.contains(name) {
                        found.insert(name.to_owned());
                    }
                };
                args.iter().for_each(|arg| arg.visit_names(&mut visit));
            }
        });
    }

    /// Adds the names in unions within `ty` that need a codec and whose arms no tag tells apart; returns whether there are any.
    fn visit_unions(&self, ty: &Type, params: &[String], found: &mut BTreeSet<String>) -> bool {
        let mut has_any = false;
        ty.visit(&mut |ty| {
            if self.is_open_union(ty, params) {
                has_any = true;
                ty.visit_names(&mut |name| {
                    found.insert(name.to_owned());
                });
            }
        });
        has_any
    }

    fn is_open_union(&self, ty: &Type, params: &[String]) -> bool {
        let Type::Union(types) = ty else { return false };
        let arms = arms::without_null(types);
        arms.len() > 1 && self.needs(ty, params) && self.told_apart(&arms, params).is_none()
    }
}

/// All types that methods, events and handlers of a channel name.
fn types_of(channel: &ChannelDecl) -> Vec<&Type> {
    let mut types = Vec::new();
    for method in &channel.methods {
        types.extend(method.params.iter().chain(&method.items).map(|param| &param.ty));
        types.extend(&method.error);
        match &method.verb {
            Verb::Call(ty) | Verb::Stream(ty) => types.push(ty),
            Verb::Notify => {}
        }
    }
    for handler in &channel.handlers {
        types.push(&handler.value);
        types.extend(&handler.error);
        types.extend(handler.fields.iter().map(|field| &field.ty));
    }
    let events = channel.events.iter().flat_map(|event| &event.fields);
    types.extend(events.map(|field| &field.ty));
    types
}

/// Forms of an intersection that are written out; beyond that its parts are looked at one after the other, which tells less apart.
const MAX_FORMS: usize = 64;

/// How deep names are followed, as they may go in circles.
const MAX_DEPTH: usize = 16;
