//! What tells the arms of a union apart without looking at all of them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Expr, is_literal, reach::Reach};
use crate::syntax::Type;

/// By what the arms of a union differ, where a look at one member tells.
pub(super) enum Told {
    /// By their kinds: there is but one array and one object.
    Kind,
    /// By the value of this member.
    Tag(String),
    /// By the name of their only member.
    Key,
}

/// What a value of an arm is in JSON.
enum Form {
    /// A text, a number, a boolean, null.
    Scalar(Type),
    Array,
    /// Its members by their names.
    Object(BTreeMap<String, Key>),
}

/// A member of an object.
#[derive(Clone)]
struct Key {
    required: bool,
    /// Its only value.
    literal: Option<String>,
}

impl Key {
    fn tag(&self) -> Option<&String> {
        self.literal.as_ref().filter(|_| self.required)
    }
}

/// The arms of a union that hold something.
pub(super) fn without_null(types: &[Type]) -> Vec<Type> {
    let holds = |ty: &&Type| !matches!(ty, Type::Name { name, .. } if matches!(name.as_str(), "null" | "undefined" | "void"));
    types.iter().filter(holds).cloned().collect()
}

/// By what `arms` differ; none if only the whole value tells.
pub(super) fn told_apart(reach: &Reach<'_>, arms: &[Type], params: &[String]) -> Option<Told> {
    let mut forms = Vec::new();
    for arm in arms {
        find(reach, arm, params, 0, &mut forms)?;
    }
    let arrays = forms.iter().filter(|form| matches!(form, Form::Array)).count();
    let objects: Vec<_> = forms
        .iter()
        .filter_map(|form| match form {
            Form::Object(members) => Some(members),
            Form::Array | Form::Scalar(_) => None,
        })
        .collect();
    if arrays > 1 {
        return None;
    }
    let Some((first, _)) = objects.split_first().filter(|(_, rest)| !rest.is_empty()) else {
        return Some(Told::Kind);
    };
    let tag = first.keys().find(|key| {
        let values = objects.iter().filter_map(|members| members.get(*key)?.tag());
        values.collect::<BTreeSet<_>>().len() == objects.len()
    });
    if let Some(tag) = tag {
        return Some(Told::Tag(tag.clone()));
    }
    let only =
        |members: &&&BTreeMap<String, Key>| members.len() == 1 && members.values().all(|key| key.required);
    let keys = objects.iter().filter(only).flat_map(|members| members.keys());
    (keys.collect::<BTreeSet<_>>().len() == objects.len()).then_some(Told::Key)
}

/// Adds the forms of `ty`; none if they can't be known.
fn find(reach: &Reach<'_>, ty: &Type, params: &[String], depth: usize, forms: &mut Vec<Form>) -> Option<()> {
    match ty {
        Type::Array(_) | Type::Tuple(_) => forms.push(Form::Array),
        Type::Object(members) => {
            let members = members.iter().map(|member| {
                let key = Key {
                    required: !member.optional,
                    literal: literal(&member.ty),
                };
                (member.key.clone(), key)
            });
            forms.push(Form::Object(members.collect()));
        }
        Type::Mapped { .. } => forms.push(Form::Object(BTreeMap::new())),
        Type::Union(types) => {
            for ty in types {
                find(reach, ty, params, depth, forms)?;
            }
        }
        Type::Intersection(parts) => {
            let mut members = BTreeMap::new();
            for part in parts {
                let mut found = Vec::new();
                let known = find(reach, part, params, depth, &mut found);
                match (known, found.as_slice()) {
                    (Some(()), [Form::Object(part)]) => members.extend(part.clone()),
                    // It has members of which nothing is known, so what is known isn't the only one.
                    _ => {
                        let unknown = Key {
                            required: false,
                            literal: None,
                        };
                        members.insert(UNKNOWN.to_owned(), unknown);
                    }
                }
            }
            forms.push(Form::Object(members));
        }
        Type::Name { name, args } => match (name.as_str(), args.as_slice()) {
            (name, _) if params.iter().any(|param| param == name) => return None,
            ("Map" | "Set", _) => forms.push(Form::Array),
            ("Record", [_, _]) => forms.push(Form::Object(BTreeMap::new())),
            ("never", []) => {}
            ("string" | "number" | "boolean" | "bigint" | "Date" | "Uint8Array", []) => {
                forms.push(Form::Scalar(ty.clone()));
            }
            (name, []) if name.starts_with('`') => forms.push(Form::Scalar(Type::name("string"))),
            (name, []) if is_literal(name) => forms.push(Form::Scalar(ty.clone())),
            (name, _) => {
                let named = reach.named(name).filter(|_| depth < MAX_DEPTH)?;
                // What stands for a parameter of another type isn't looked up.
                find(reach, named.ty, &named.params, depth + 1, forms)?;
            }
        },
        Type::Verbatim(_) => return None,
    }
    Some(())
}

/// Checks of the members that tell an object from others.
pub(super) fn tags(reach: &Reach<'_>, ty: &Type) -> Vec<(String, Expr)> {
    let mut forms = Vec::new();
    find(reach, ty, &[], 0, &mut forms);
    let [Form::Object(members)] = forms.as_slice() else {
        return Vec::new();
    };
    let tags = members.iter().filter_map(|(key, member)| {
        let literal = Expr::call("literal", vec![Expr::name(member.tag()?)]);
        Some((key.clone(), literal))
    });
    tags.collect()
}

fn literal(ty: &Type) -> Option<String> {
    match ty {
        Type::Name { name, .. } if is_literal(name) => Some(name.clone()),
        _ => None,
    }
}

impl Told {
    /// The codec of an arm that needs none: it only says whether a value is of that arm.
    pub(super) fn check(&self, reach: &Reach<'_>, arm: &Type) -> Expr {
        let mut forms = Vec::new();
        find(reach, arm, &[], 0, &mut forms);
        let mut checks: Vec<_> = forms.iter().map(|form| self.check_form(form)).collect();
        match checks.len() {
            1 => checks.remove(0),
            _ => Expr::call("oneOf", checks),
        }
    }

    fn check_form(&self, form: &Form) -> Expr {
        let members = match form {
            Form::Array => return Expr::call("array", vec![Expr::any()]),
            Form::Scalar(Type::Name { name, .. }) if is_literal(name) => {
                return Expr::call("literal", vec![Expr::name(name)]);
            }
            Form::Scalar(Type::Name { name, .. }) => return Expr::name(name),
            Form::Scalar(_) => return Expr::any(),
            Form::Object(members) => members,
        };
        let told = members.iter().filter(|(key, _)| match self {
            Self::Kind => false,
            Self::Tag(tag) => tag == *key,
            Self::Key => true,
        });
        let told = told.map(|(key, member)| {
            let check = member.tag().map_or_else(Expr::any, |literal| {
                Expr::call("literal", vec![Expr::name(literal)])
            });
            (key.clone(), check)
        });
        Expr::call("object", vec![Expr::Object(told.collect())])
    }
}

/// How deep names are followed, as they may go in circles.
const MAX_DEPTH: usize = 16;

/// Name of a member that stands for some of which nothing is known; no type of ts-rs has it.
const UNKNOWN: &str = "*";
