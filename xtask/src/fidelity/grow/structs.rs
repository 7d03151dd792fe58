//! Structs.

use super::fields::{has_flattened, plain};
use super::{Grower, nullable, unnamed};
use crate::fidelity::names::{RULES, TAGS, Taken, VARIANTS, literal};
use crate::fidelity::types::{Body, Facts, Field, Fields, Model, Nullable, Ty, Variant};

impl Grower {
    pub(super) fn named_struct(&mut self) -> Model {
        let mut taken = Taken::default();
        // Serde buffers all fields of a struct with a flattened one, so it has to be known before there are any.
        let flattens = self.random.chance(20);
        self.context.is_buffered |= flattens;
        let mut serde = Vec::new();
        if self.random.chance(6) {
            let tag = *self.random.choose(TAGS);
            taken.take(tag);
            serde.push(format!("tag = {}", literal(tag)));
        }
        let mut fields = self.named_fields(&mut taken, 0);
        if flattens {
            for _ in 0..=self.random.below(2) {
                fields.extend(self.flattened(&mut taken));
            }
        }
        if self.context.may_recurse && self.random.chance(10) {
            fields.push(self.next_link(&mut taken));
        }
        if self.random.chance(30) {
            let rule = *self.random.choose(RULES);
            serde.push(format!("rename_all = {}", literal(rule)));
        }
        let body = Body::Struct(Fields::Named(fields));
        // Refused together with a tag, and with what is flattened.
        let is_tagged = serde.iter().any(|entry| entry.starts_with("tag"));
        if !has_flattened(&body) && !is_tagged && self.random.chance(8) {
            serde.push("deny_unknown_fields".to_owned());
        }
        let mut derives = vec!["Debug"];
        let has_default = body.fields().iter().all(|field| field.ty.has_default());
        // Of a struct with parameters each argument would need a default.
        if has_default && self.context.params.is_empty() && self.random.chance(10) {
            derives.push("Default");
            serde.push("default".to_owned());
        }
        let is_strict = serde.iter().any(|entry| entry == "deny_unknown_fields");
        let weight = 1 + body
            .fields()
            .iter()
            .map(|field| field.ty.weight(&self.models))
            .sum::<usize>();
        let facts = Facts {
            keys: Some(taken.into_names()),
            // One that refuses other fields refuses those that stand beside its own.
            // Of one without fields glue-codegen says that it cannot be flattened.
            is_flat: !is_strict && body.fields().iter().any(|field| !field.is_skipped),
            weight,
            ..Facts::default()
        };
        Model {
            serde,
            derives,
            ..unnamed(body, facts)
        }
    }

    /// `Option<Box<Self>>`: a struct is never `null`, so here it may be.
    fn next_link(&mut self, taken: &mut Taken) -> Field {
        let args = (0..self.context.params.len()).map(Ty::Param).collect();
        let own = Ty::Model(self.models.len(), args);
        let mut field = plain(
            taken.fresh(&mut self.random, &["next", "parent", "left", "r#box"]),
            Ty::Option(Box::new(Ty::Boxed(Box::new(own)))),
        );
        if self.context.params.is_empty() && self.random.chance(40) {
            field
                .serde
                .push("default, skip_serializing_if = \"Option::is_none\"".to_owned());
        }
        field
    }

    /// None, or two and more fields: one is a newtype.
    pub(super) fn tuple_struct(&mut self) -> Model {
        let count = *self.random.choose(&[0, 2, 2, 3, 4]);
        let fields = self.tuple_fields(count);
        let weight = 1 + fields
            .iter()
            .map(|field| field.ty.weight(&self.models))
            .sum::<usize>();
        let facts = Facts {
            weight,
            ..Facts::default()
        };
        unnamed(Body::Struct(Fields::Tuple(fields)), facts)
    }

    pub(super) fn newtype(&mut self) -> Model {
        // Around itself it would be nothing but itself.
        self.context.may_recurse = false;
        // It has room for one parameter.
        self.context.params.truncate(1);
        let mut fields = self.tuple_fields(1);
        if !self.context.params.is_empty() {
            let bare = Ty::Param(0);
            fields[0].ty = if self.random.chance(50) {
                bare
            } else {
                Ty::Vec(Box::new(bare))
            };
        }
        let facts = Facts {
            nullable: nullable(&fields[0].ty, &self.models),
            weight: fields[0].ty.weight(&self.models),
            ..Facts::default()
        };
        let mut model = unnamed(Body::Struct(Fields::Tuple(fields)), facts);
        if self.random.chance(40) {
            model.serde.push("transparent".to_owned());
        }
        model
    }

    pub(super) fn unit_struct(&mut self) -> Model {
        let (fields, nullable) = if self.random.chance(70) {
            (Fields::Unit, Nullable::Sometimes)
        } else {
            (Fields::Named(Vec::new()), Nullable::Never)
        };
        let facts = Facts {
            nullable,
            weight: 1,
            ..Facts::default()
        };
        unnamed(Body::Struct(fields), facts)
    }

    /// What can be the key of a map: a newtype of a text or an integer, or an enum of names.
    pub(super) fn key(&mut self) -> Model {
        let mut facts = Facts {
            is_hashable: true,
            is_key: true,
            weight: 1,
            ..Facts::default()
        };
        let mut serde = Vec::new();
        let body = match self.random.below(4) {
            0 => {
                self.context.is_hashable = true;
                self.context.may_recurse = false;
                facts.is_key = false;
                let fields = self.named_fields(&mut Taken::default(), 1);
                facts.weight = 1 + fields
                    .iter()
                    .map(|field| field.ty.weight(&self.models))
                    .sum::<usize>();
                Body::Struct(Fields::Named(fields))
            }
            1 => {
                let inner = self.key_of_map();
                Body::Struct(Fields::Tuple(vec![plain(String::new(), inner)]))
            }
            _ => {
                let mut taken = Taken::default();
                let count = 1 + self.random.below(5);
                if self.random.chance(40) {
                    let rule = *self.random.choose(RULES);
                    serde.push(format!("rename_all = {}", literal(rule)));
                }
                let variants = (0..count).map(|_| Variant {
                    ident: taken.fresh(&mut self.random, VARIANTS),
                    docs: Vec::new(),
                    serde: Vec::new(),
                    fields: Fields::Unit,
                    is_skipped: false,
                });
                Body::Enum(variants.collect())
            }
        };
        Model {
            serde,
            derives: vec!["Debug", "PartialEq", "Eq", "Hash", "PartialOrd", "Ord"],
            ..unnamed(body, facts)
        }
    }
}

/// Adds a field.
pub(super) fn add(fields: &mut Fields, ident: String, ty: Ty) {
    match fields {
        Fields::Unit => *fields = Fields::Named(vec![plain(ident, ty)]),
        Fields::Tuple(list) => list.push(plain(String::new(), ty)),
        Fields::Named(list) => list.push(plain(ident, ty)),
    }
}
