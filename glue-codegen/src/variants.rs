//! Which variant of a Rust enum an arm of a TypeScript union stands for.

use glue::schema::{ModelSchema, VariantSchema};

use crate::syntax::Type;

/// The arms of a type: those of a union, or the type itself.
pub(crate) fn arms(ty: &Type) -> &[Type] {
    match ty {
        Type::Union(arms) => arms,
        ty => std::slice::from_ref(ty),
    }
}

/// Returns the variant of each of `ty`'s [arms], where it can be told.
///
/// ts-rs writes an arm per variant in their order. Where some have become several (an `Option` in an untagged enum), only
/// arms that hold their variant's name are known.
pub(crate) fn of_arms<'a>(ty: &Type, model: &'a ModelSchema) -> Vec<Option<&'a VariantSchema>> {
    let (arms, variants) = (arms(ty), &model.variants);
    if arms.len() == variants.len() {
        return variants.iter().map(Some).collect();
    }
    arms.iter()
        .map(|arm| variants.iter().find(|variant| is_named(arm, &variant.name)))
        .collect()
}

/// Whether an arm holds the name of a variant, in one of the three taggings that write it.
fn is_named(arm: &Type, name: &str) -> bool {
    match arm {
        Type::Name { .. } => literal(arm) == Some(name),
        Type::Object(members) => {
            let external = members.len() == 1 && members[0].key == name;
            external || members.first().is_some_and(|tag| literal(&tag.ty) == Some(name))
        }
        Type::Intersection(parts) => parts.first().is_some_and(|part| is_named(part, name)),
        _ => false,
    }
}

/// The text of a literal of text.
pub(crate) fn literal(ty: &Type) -> Option<&str> {
    match ty {
        Type::Name { name, args } if args.is_empty() => name.strip_prefix('"')?.strip_suffix('"'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str, variants: &[&str]) -> Vec<Option<String>> {
        let variant = |name: &&str| VariantSchema {
            name: (*name).to_owned(),
            aliases: vec![],
            fields: vec![],
            docs: vec![],
        };
        let model = ModelSchema {
            variants: variants.iter().map(variant).collect(),
            ..ModelSchema::default()
        };
        let found = of_arms(&Type::parse(text), &model);
        found
            .into_iter()
            .map(|variant| variant.map(|variant| variant.name.clone()))
            .collect()
    }

    #[test]
    fn arms_are_variants_in_their_order() {
        assert_eq!(
            names("number | null", &["Count", "None"]),
            [Some("Count".to_owned()), Some("None".to_owned())]
        );
        assert_eq!(names("\"Only\"", &["Only"]), [Some("Only".to_owned())]);
    }

    #[test]
    fn arms_that_are_more_than_variants_are_told_by_name() {
        let some = |name: &str| Some(name.to_owned());

        assert_eq!(
            names("\"A\" | { \"B\": X } | number | null", &["A", "B", "C"]),
            [some("A"), some("B"), None, None]
        );
        assert_eq!(
            names(
                "{ \"t\": \"A\" } & X | { \"t\": \"B\", c: Y } | null",
                &["A", "B"]
            ),
            [some("A"), some("B"), None]
        );
    }
}
