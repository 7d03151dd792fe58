//! Names that `rename_all` gives.
//!
//! ts-rs has one rule for fields and variants, serde has two; they differ where a name isn't in Rust's style (`A_B`, `_X`, `userId`).
//! There the name that serde gives is stated for ts-rs.

use syn::ext::IdentExt;
use syn::{Attribute, Data, DeriveInput, Fields, Ident, LitStr};

use super::entries::Entries;

/// Adds `#[ts(rename = "…")]` to the fields and variants that serde and ts-rs would name differently.
pub(super) fn state(input: &mut DeriveInput) {
    let container = Entries::of(&input.attrs);
    let rename_all = rule(&container, "rename_all");
    match &mut input.data {
        Data::Struct(data) => state_fields(&mut data.fields, rename_all.as_deref()),
        Data::Enum(data) => {
            let of_fields = rule(&container, "rename_all_fields");
            for variant in &mut data.variants {
                let own = rule(&Entries::of(&variant.attrs), "rename_all");
                state_fields(&mut variant.fields, own.as_deref().or(of_fields.as_deref()));
                if let Some(rule) = &rename_all {
                    state_name(&mut variant.attrs, &variant.ident, rule, by_serde_for_variant);
                }
            }
        }
        Data::Union(_) => {}
    }
}

fn state_fields(fields: &mut Fields, rule: Option<&str>) {
    let Some(rule) = rule else { return };
    for field in fields {
        if let Some(ident) = &field.ident {
            state_name(&mut field.attrs, ident, rule, by_serde_for_field);
        }
    }
}

fn state_name(
    attrs: &mut Vec<Attribute>,
    ident: &Ident,
    rule: &str,
    by_serde: fn(&str, &str) -> Option<String>,
) {
    let entries = Entries::of(attrs);
    if ["rename", "skip", "flatten"].iter().any(|key| entries.has(key)) {
        return;
    }
    let name = ident.unraw().to_string();
    let Some(stated) = by_serde(rule, &name) else {
        return;
    };
    if by_ts_rs(rule, &name).as_ref() != Some(&stated) {
        attrs.push(syn::parse_quote!(#[ts(rename = #stated)]));
    }
}

/// The value of `key`, if it is a string.
pub(super) fn rule(entries: &Entries, key: &str) -> Option<String> {
    let entry = entries.serde.iter().find(|entry| entry.key == key)?;
    let literal: LitStr = syn::parse2(entry.value.clone()?).ok()?;
    Some(literal.value())
}

/// serde's `RenameRule::apply_to_variant`; none where serde reports the rule or the name.
pub(super) fn by_serde_for_variant(rule: &str, variant: &str) -> Option<String> {
    Some(match rule {
        "lowercase" => variant.to_ascii_lowercase(),
        "UPPERCASE" => variant.to_ascii_uppercase(),
        "PascalCase" => variant.to_owned(),
        "camelCase" => decapitalized(variant)?,
        "snake_case" => snake(variant),
        "SCREAMING_SNAKE_CASE" => snake(variant).to_ascii_uppercase(),
        "kebab-case" => snake(variant).replace('_', "-"),
        "SCREAMING-KEBAB-CASE" => snake(variant).to_ascii_uppercase().replace('_', "-"),
        _ => return None,
    })
}

/// serde's `RenameRule::apply_to_field`; none where serde reports the rule or the name.
pub(super) fn by_serde_for_field(rule: &str, field: &str) -> Option<String> {
    Some(match rule {
        "lowercase" | "snake_case" => field.to_owned(),
        "UPPERCASE" | "SCREAMING_SNAKE_CASE" => field.to_ascii_uppercase(),
        "PascalCase" => pascal(field),
        "camelCase" => decapitalized(&pascal(field))?,
        "kebab-case" => field.replace('_', "-"),
        "SCREAMING-KEBAB-CASE" => field.to_ascii_uppercase().replace('_', "-"),
        _ => return None,
    })
}

/// `Inflection::apply` of ts-rs.
fn by_ts_rs(rule: &str, name: &str) -> Option<String> {
    Some(match rule {
        "lowercase" => name.to_lowercase(),
        "UPPERCASE" => name.to_uppercase(),
        "PascalCase" => pascal(name),
        "camelCase" => decapitalized(&pascal(name))?,
        _ => return by_serde_for_variant(rule, name),
    })
}

fn snake(name: &str) -> String {
    let mut snake = String::new();
    for (at, char) in name.char_indices() {
        if at > 0 && char.is_uppercase() {
            snake.push('_');
        }
        snake.push(char.to_ascii_lowercase());
    }
    snake
}

fn pascal(name: &str) -> String {
    let words = name.split('_').filter(|word| !word.is_empty());
    words
        .map(|word| {
            let mut chars = word.chars();
            let first = chars.next().map(|first| first.to_ascii_uppercase());
            first.into_iter().chain(chars).collect::<String>()
        })
        .collect()
}

/// None if the first letter is none of ASCII's: both would panic.
fn decapitalized(name: &str) -> Option<String> {
    let first = name.get(..1)?;
    Some(first.to_ascii_lowercase() + name.get(1..)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_the_style_of_rust_are_the_same_for_both() {
        for rule in RULES {
            assert_eq!(
                by_serde_for_field(rule, "user_name"),
                by_ts_rs(rule, "user_name"),
                "{rule}"
            );
            assert_eq!(
                by_serde_for_variant(rule, "UserName"),
                by_ts_rs(rule, "UserName"),
                "{rule}"
            );
        }
    }

    #[test]
    fn other_names_are_not() {
        assert_eq!(by_serde_for_variant("camelCase", "A_B").as_deref(), Some("a_B"));
        assert_eq!(by_ts_rs("camelCase", "A_B").as_deref(), Some("aB"));
        assert_eq!(by_serde_for_field("snake_case", "cD").as_deref(), Some("cD"));
        assert_eq!(by_ts_rs("snake_case", "cD").as_deref(), Some("c_d"));
    }

    const RULES: [&str; 8] = [
        "lowercase",
        "UPPERCASE",
        "PascalCase",
        "camelCase",
        "snake_case",
        "SCREAMING_SNAKE_CASE",
        "kebab-case",
        "SCREAMING-KEBAB-CASE",
    ];
}
