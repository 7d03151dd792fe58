//! Enums in the four taggings.

use super::fields::{is_flat, plain};
use super::{Grower, LEAVES, unnamed};
use crate::fidelity::names::{RULES, TAGS, Taken, VARIANTS, literal};
use crate::fidelity::types::{Body, Facts, Field, Fields, Model, Nullable, Ty, Variant};

impl Grower {
    /// `"A"`, `{"B": …}`.
    pub(super) fn external(&mut self) -> Model {
        let mut taken = Taken::default();
        let has_rest = self.random.chance(8);
        // Serde then buffers all of it.
        self.context.is_buffered |= has_rest;
        let mut variants = self.variants(&mut taken, |grower, first| grower.any_fields(first));
        let has_units = variants
            .iter()
            .any(|variant| matches!(variant.fields, Fields::Unit));
        if has_rest {
            self.rest(&mut variants, &mut taken);
        }
        let facts = Facts {
            keys: Some(taken.into_names()),
            // A name alone is a text, which glue-codegen refuses beside fields.
            is_flat: !(has_rest || has_units),
            ..self.facts_of(&variants)
        };
        let mut model = unnamed(Body::Enum(variants), facts);
        model.serde = self.rules();
        model
    }

    /// `{"tag": "A", …}`. Serde refuses tuples there, and can only put objects beside the tag.
    pub(super) fn internal(&mut self) -> Model {
        self.context.is_buffered = true;
        let tag = *self.random.choose(TAGS);
        let mut keys = Taken::default();
        keys.take(tag);
        let own = keys.clone();
        let variants = self.variants(&mut Taken::default(), |grower, first| {
            let mut taken = own.clone();
            let fields = match grower.random.below(10) {
                0..=1 => Fields::Unit,
                2..=3 if !first => grower.beside_tag(&mut taken),
                _ => Fields::Named(grower.fields_that_end(first, &mut taken)),
            };
            for name in taken.into_names() {
                keys.take(&name);
            }
            fields
        });
        let facts = Facts {
            keys: Some(keys.into_names()),
            is_flat: true,
            ..self.facts_of(&variants)
        };
        let mut model = unnamed(Body::Enum(variants), facts);
        model.serde = self.rules();
        model.serde.push(format!("tag = {}", literal(tag)));
        model
    }

    /// `{"tag": "A", "content": …}`.
    pub(super) fn adjacent(&mut self) -> Model {
        // Where the content comes before the tag, as JavaScript may send it.
        self.context.is_buffered = true;
        let mut keys = Taken::default();
        let tag = *self.random.choose(TAGS);
        keys.take(tag);
        let content = keys.fresh(&mut self.random, TAGS);
        let variants = self.variants(&mut Taken::default(), |grower, first| grower.any_fields(first));
        let facts = Facts {
            keys: Some(keys.into_names()),
            is_flat: true,
            ..self.facts_of(&variants)
        };
        let mut model = unnamed(Body::Enum(variants), facts);
        model.serde = self.rules();
        model
            .serde
            .push(format!("tag = {}, content = {}", literal(tag), literal(&content)));
        model
    }

    /// Whatever the variants are. Serde takes the first that fits, so no two may fit one JSON value: there is at most one each of
    /// `null`, booleans, numbers and texts, arrays differ in length, and objects in a name that each of them must have.
    pub(super) fn untagged(&mut self) -> Model {
        self.context.is_buffered = true;
        // A variant with a parameter may be read out of any object where its argument is an `Option`, so there is one, the last.
        self.context.params.truncate(1);
        let mut taken = Taken::default();
        let mut variants = Vec::new();
        let mut nullable = Nullable::Never;
        // First of all, so that what is recursive has an end: an array or object of leaves would do as well.
        let mut picked = vec![
            Ty::Leaf(&LEAVES[0]),
            Ty::Leaf(&LEAVES[1]),
            Ty::Leaf(&LEAVES[4]),
            Ty::Leaf(&LEAVES[15]),
        ];
        // One of the numbers, as 1 is an integer and a float.
        let number = 2 + self.random.below(2);
        picked.remove(number);
        for ty in picked {
            if variants.is_empty() || self.random.chance(40) {
                variants.push(self.variant(&mut taken, Fields::Tuple(vec![plain(String::new(), ty)])));
            }
        }
        if self.random.chance(25) {
            variants.push(self.variant(&mut taken, Fields::Unit));
            nullable = Nullable::Sometimes;
        }
        // Before the objects: serde reads a struct out of an array, too.
        for count in 2..4 {
            if self.random.chance(25) {
                let mut fields = self.tuple_fields(count);
                // None of another length than it looks.
                for field in &mut fields {
                    field.is_skipped = false;
                    field.serde.clear();
                }
                variants.push(self.variant(&mut taken, Fields::Tuple(fields)));
            }
        }
        let mut keys = Taken::default();
        for number in 0..self.random.below(4) {
            let fields = self.named_with_mark(&mut keys, number);
            variants.push(self.variant(&mut taken, Fields::Named(fields)));
        }
        let facts = Facts {
            nullable,
            ..self.facts_of(&variants)
        };
        let mut model = unnamed(Body::Enum(variants), facts);
        model.serde = vec!["untagged".to_owned()];
        model
    }

    /// A last variant without a tag.
    fn rest(&mut self, variants: &mut Vec<Variant>, taken: &mut Taken) {
        let mut keys = taken.clone();
        let mut fields = self.named_with_mark(&mut keys, 0);
        // With one field it could be another variant with its content.
        let second = keys.fresh(&mut self.random, &["second"]);
        fields.push(self.required_field(second));
        let mut variant = self.variant(taken, Fields::Named(fields));
        variant.serde = vec!["untagged".to_owned()];
        variants.push(variant);
    }

    /// Fields with names that no other variant has, one of them required.
    fn named_with_mark(&mut self, keys: &mut Taken, number: usize) -> Vec<Field> {
        let mark = keys.fresh(&mut self.random, &["mark", "r#use", "delete", "is_this"]);
        let mark = if mark.starts_with("mark") {
            format!("mark_{number}")
        } else {
            mark
        };
        keys.take(&mark);
        let mut fields = vec![self.required_field(mark)];
        fields.extend(self.named_fields(keys, 0));
        fields
    }

    /// A few variants, the first of which ends any recursion.
    fn variants(
        &mut self,
        taken: &mut Taken,
        mut fields: impl FnMut(&mut Self, bool) -> Fields,
    ) -> Vec<Variant> {
        let count = 1 + self.random.below(5);
        let mut variants = Vec::new();
        for number in 0..count {
            let fields = fields(self, number == 0);
            variants.push(self.variant(taken, fields));
        }
        if self.random.chance(6) {
            let mut skipped = self.variant(taken, Fields::Unit);
            skipped.serde = vec!["skip".to_owned()];
            skipped.is_skipped = true;
            variants.push(skipped);
        }
        variants
    }

    fn variant(&mut self, taken: &mut Taken, fields: Fields) -> Variant {
        let ident = taken.fresh(&mut self.random, VARIANTS);
        let mut serde = Vec::new();
        if self.random.chance(12) {
            let name = self.odd_name();
            if taken.take(name) {
                serde.push(format!("rename = {}", literal(name)));
            }
        }
        if self.random.chance(5) {
            let alias = taken.fresh(&mut self.random, VARIANTS);
            serde.push(format!("alias = {}", literal(&alias)));
        }
        if matches!(fields, Fields::Named(_)) && self.random.chance(10) {
            let rule = *self.random.choose(RULES);
            serde.push(format!("rename_all = {}", literal(rule)));
        }
        Variant {
            ident,
            docs: self.docs(),
            serde,
            fields,
            is_skipped: false,
        }
    }

    /// Any kind of variant.
    fn any_fields(&mut self, first: bool) -> Fields {
        match self.random.below(10) {
            0..=2 => Fields::Unit,
            3..=5 => Fields::Tuple(self.ending(first, |grower| grower.tuple_fields(1))),
            6..=7 => {
                let count = *self.random.choose(&[0, 2, 2, 3]);
                Fields::Tuple(self.ending(first, |grower| grower.tuple_fields(count)))
            }
            _ => Fields::Named(self.fields_that_end(first, &mut Taken::default())),
        }
    }

    fn fields_that_end(&mut self, first: bool, taken: &mut Taken) -> Vec<Field> {
        self.ending(first, |grower| {
            let mut fields = grower.named_fields(taken, 0);
            // `Box<Self>` without an `Option`, as there is a first variant.
            if !first && grower.context.may_recurse && grower.random.chance(15) {
                let args = (0..grower.context.params.len()).map(Ty::Param).collect();
                let own = Ty::Boxed(Box::new(Ty::Model(grower.models.len(), args)));
                fields.push(plain(
                    taken.fresh(&mut grower.random, &["inner", "left", "r#else"]),
                    own,
                ));
            }
            fields
        })
    }

    fn ending<R>(&mut self, first: bool, make: impl FnOnce(&mut Self) -> R) -> R {
        let recursion = self.context.may_recurse;
        self.context.may_recurse = recursion && !first;
        let made = make(self);
        self.context.may_recurse = recursion;
        made
    }

    /// A newtype variant of an internally tagged enum. Not around a map, which is refused.
    fn beside_tag(&mut self, taken: &mut Taken) -> Fields {
        let choices: Vec<_> = self
            .models
            .iter()
            .enumerate()
            .filter(|(_, model)| is_flat(model))
            .collect();
        let keys = |model: &Model| model.facts.keys.clone().unwrap_or_default();
        if choices.is_empty() {
            return Fields::Unit;
        }
        let &(number, model) = self.random.choose(&choices);
        let (keys, weight) = (keys(model), model.facts.weight);
        if !taken.take_all(&keys) || weight >= super::HEAVY {
            return Fields::Unit;
        }
        Fields::Tuple(vec![plain(String::new(), Ty::Model(number, Vec::new()))])
    }

    /// `rename_all` and `rename_all_fields`.
    fn rules(&mut self) -> Vec<String> {
        let mut serde = Vec::new();
        for key in ["rename_all", "rename_all_fields"] {
            if self.random.chance(25) {
                let rule = *self.random.choose(RULES);
                serde.push(format!("{key} = {}", literal(rule)));
            }
        }
        serde
    }

    fn facts_of(&self, variants: &[Variant]) -> Facts {
        let fields = |variant: &Variant| -> usize {
            let weights = variant
                .fields
                .list()
                .iter()
                .map(|field| field.ty.weight(&self.models));
            weights.sum()
        };
        Facts {
            // Values end in the first variant.
            weight: 1 + variants.first().map_or(0, fields),
            ..Facts::default()
        }
    }
}

/// Adds a variant with this field; behind all others but those without a tag, which serde wants at the end.
pub(super) fn add(variants: &mut Vec<Variant>, ident: String, ty: Ty) {
    let is_rest = |variant: &Variant| variant.serde.iter().any(|entry| entry == "untagged");
    let place = variants.iter().position(is_rest).unwrap_or(variants.len());
    let added = Variant {
        ident: format!("Added{}", variants.len()),
        docs: Vec::new(),
        serde: Vec::new(),
        fields: Fields::Named(vec![plain(ident, ty)]),
        is_skipped: false,
    };
    variants.insert(place, added);
}
