//! Fields: their names and what serde does with them.

use super::Grower;
use crate::fidelity::names::{FIELDS, Taken, literal};
use crate::fidelity::types::{Body, Field, Model, Ty};

impl Grower {
    /// A few fields, with names that differ from those that are taken. `plain` are without what leaves them out.
    pub(super) fn named_fields(&mut self, taken: &mut Taken, least: usize) -> Vec<Field> {
        let count = least + self.random.below(4);
        (0..count).map(|_| self.named_field(taken)).collect()
    }

    fn named_field(&mut self, taken: &mut Taken) -> Field {
        let ident = taken.fresh(&mut self.random, FIELDS);
        let is_exact = self.random.chance(6);
        let ty = if is_exact { self.exact() } else { self.ty(0) };
        let mut field = Field {
            ident,
            docs: self.docs(),
            serde: Vec::new(),
            ty,
            is_skipped: false,
            is_exact,
        };
        // Serde takes its bounds from the field's type, which is refused for a parameter.
        if is_exact && (field.ty.mentions(0) || field.ty.mentions(1)) {
            field.is_exact = false;
            field.ty = Ty::Exact(Box::new(field.ty));
        }
        if !field.is_exact && self.random.chance(5) && field.ty.has_default() {
            field.is_skipped = true;
            field.serde.push("skip".to_owned());
            return field;
        }
        if self.random.chance(18) {
            let name = self.odd_name();
            if taken.take(name) {
                field.serde.push(format!("rename = {}", literal(name)));
            }
        }
        if self.random.chance(6) {
            let alias = taken.fresh(&mut self.random, FIELDS);
            field
                .serde
                .push(format!("alias = {}", literal(alias.trim_start_matches("r#"))));
        }
        self.absence(&mut field);
        field
    }

    /// What may be left out.
    fn absence(&mut self, field: &mut Field) {
        let is_empty = match &field.ty {
            Ty::Option(_) => Some("Option::is_none"),
            Ty::Vec(_) => Some("Vec::is_empty"),
            Ty::Map { name: "HashMap", .. } => Some("HashMap::is_empty"),
            Ty::Set { name: "BTreeSet", .. } => Some("BTreeSet::is_empty"),
            Ty::Leaf(leaf) if leaf.rust == "String" => Some("String::is_empty"),
            _ => None,
        };
        if let Some(is_empty) = is_empty.filter(|_| field.ty.has_default() && self.random.chance(35)) {
            field.serde.push("default".to_owned());
            field
                .serde
                .push(format!("skip_serializing_if = {}", literal(is_empty)));
        } else if field.ty.has_default() && self.random.chance(8) {
            field.serde.push("default".to_owned());
        }
    }

    /// A field without which the object can't be read, for what has to be told apart by it.
    pub(super) fn required_field(&mut self, ident: String) -> Field {
        let recursion = std::mem::replace(&mut self.context.may_recurse, false);
        let mut ty = self.ty(1);
        self.context.may_recurse = recursion;
        // A parameter may become anything, and what may be `null` may be left out.
        if matches!(ty, Ty::Param(_)) || ty.is_nullable(&self.models, &self.context.params) {
            ty = self.leaf();
            if ty.is_nullable(&self.models, &[]) {
                ty = Ty::Leaf(&super::LEAVES[2]);
            }
        }
        plain(ident, ty)
    }

    /// Fields of a tuple.
    pub(super) fn tuple_fields(&mut self, count: usize) -> Vec<Field> {
        let mut any_skipped = false;
        let mut fields: Vec<_> = (0..count).map(|_| plain(String::new(), self.ty(0))).collect();
        for field in &mut fields {
            field.docs = self.docs();
            // Where all are skipped serde and ts-rs differ, which is refused.
            if count > 1 && field.ty.has_default() && self.random.chance(3) && !any_skipped {
                any_skipped = true;
                field.is_skipped = true;
                field.serde.push("skip".to_owned());
            }
        }
        fields
    }

    /// A field whose own fields stand in its place, with a model that has other names than those that are taken.
    pub(super) fn flattened(&mut self, taken: &mut Taken) -> Option<Field> {
        let choices: Vec<_> = self
            .models
            .iter()
            .enumerate()
            .filter(|(_, model)| is_flat(model))
            .collect();
        if choices.is_empty() {
            return None;
        }
        let &(number, model) = self.random.choose(&choices);
        let ty = Ty::Model(number, Vec::new());
        if !taken.take_all(model.facts.keys.as_deref()?) || ty.weight(&self.models) >= super::HEAVY {
            return None;
        }
        let mut field = plain(taken.fresh(&mut self.random, FIELDS), ty);
        field.serde.push("flatten".to_owned());
        Some(field)
    }
}

/// Whether a model can be flattened or put beside a tag. Those with parameters can't be told by their names.
pub(super) fn is_flat(model: &Model) -> bool {
    model.facts.is_flat && model.facts.is_bufferable && model.params.is_empty()
}

/// A field with nothing of serde's.
pub(super) fn plain(ident: String, ty: Ty) -> Field {
    Field {
        ident,
        docs: Vec::new(),
        serde: Vec::new(),
        ty,
        is_skipped: false,
        is_exact: false,
    }
}

/// Whether a body has a flattened field.
pub(super) fn has_flattened(body: &Body) -> bool {
    let is_flattened = |field: &&Field| field.serde.iter().any(|entry| entry == "flatten");
    body.fields().iter().any(is_flattened)
}
