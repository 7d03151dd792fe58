//! `#[ts(…)]` that says something else than serde writes.

use super::entries::{Entries, Entry};
use crate::ctxt::Ctxt;

/// What changes the type without changing the JSON. The name of the type itself is TypeScript's alone.
pub(super) const CONTAINER: [&str; 7] = [
    "rename_all",
    "rename_all_fields",
    "tag",
    "content",
    "untagged",
    "optional_fields",
    "repr",
];
pub(super) const MEMBER: [&str; 5] = ["rename", "rename_all", "flatten", "untagged", "optional_fields"];

/// Reports each of these keys.
pub(super) fn check(cx: &Ctxt, entries: &Entries, refused: &[&str]) {
    for entry in &entries.ts {
        let key = entry.key.to_string();
        if !refused.contains(&key.as_str()) {
            continue;
        }
        if key == "optional_fields" {
            cx.error(
                entry,
                "the fields are sent as `null`, not left out: write \
                 `#[serde(default, skip_serializing_if = \"Option::is_none\")]` on each",
            );
        } else if key == "repr" {
            cx.error(
                entry,
                "serde writes the names of variants, as TypeScript has them without `repr`: remove it",
            );
        } else {
            cx.error(
                entry,
                format!(
                    "the JSON would not change with it: write `#[serde({entry})]`, which TypeScript follows"
                ),
            );
        }
    }
}

/// A tag is named after the type: ts-rs takes its own name for that.
pub(super) fn check_tag(cx: &Ctxt, container: &Entries) {
    let rename = container.ts.iter().find(|entry| entry.key == "rename");
    if let Some(rename) = rename.filter(|_| container.has("tag")) {
        cx.error(
            rename,
            format!(
                "the tag is the name that serde has: write `#[serde({rename})]`, which TypeScript follows"
            ),
        );
    }
}

/// `#[ts(skip)]` leaves out what serde writes.
pub(super) fn check_skip(cx: &Ctxt, entries: &Entries) {
    let skip = entries.ts.iter().find(|entry| entry.key == "skip");
    if let Some(skip) = skip.filter(|_| !entries.has("skip")) {
        cx.error(
            skip,
            "the JSON would have it all the same: write `#[serde(skip)]`, which TypeScript follows",
        );
    }
}

/// A type that is stated is the author's word, but for names that mean a form of ours, and those that JSON can't be.
pub(super) fn check_type(cx: &Ctxt, entries: &Entries) {
    let of_key = |key: &'static str| entries.ts.iter().filter(move |entry| entry.key == key);
    for entry in of_key("type") {
        let text = entry.text().unwrap_or_default();
        if let Some(name) = names(&text).find(|name| EXACT.contains(&name.as_str())) {
            cx.error(
                entry,
                format!(
                    "`{name}` is what the generated client makes of an exact value: write `#[glue(exact)]` instead, or state what \
                     the JSON is, such as `string`"
                ),
            );
        } else if let Some(name) = names(&text).find(|name| NOT_JSON.contains(&name.as_str())) {
            cx.error(
                entry,
                format!("JSON has no `{name}`: state what is sent, such as `null`"),
            );
        } else if text.contains(JOINED) {
            cx.error(entry, "ts-rs would take out the ` } & { `: write one object");
        }
    }
    for entry in of_key("as") {
        if names(&entry.text().unwrap_or_default()).any(|name| name == "Exact") {
            cx.error(
                entry,
                "`Exact` has its own form in JSON: write `#[glue(exact)]` instead",
            );
        }
    }
}

/// Reports `optional` where it doesn't match what is left out.
pub(super) fn check_optional(cx: &Ctxt, entries: &Entries) {
    let is_omitted = entries.has("skip_serializing_if") || entries.has("skip_serializing");
    for entry in entries.ts.iter().filter(|entry| entry.key == "optional") {
        let is_false = |entry: &Entry| {
            entry
                .value
                .as_ref()
                .is_some_and(|value| value.to_string() == "false")
        };
        if entry.value.is_none() && !is_omitted {
            cx.error(
                entry,
                "the field is sent as `null`, not left out: add \
                 `#[serde(default, skip_serializing_if = \"Option::is_none\")]`",
            );
        } else if is_false(entry) && is_omitted {
            cx.error(entry, "the field may be left out: remove `optional = false`");
        }
    }
}

/// The names in a type of TypeScript, without what is quoted and the names of members.
fn names(text: &str) -> impl Iterator<Item = String> {
    let unquoted: String = text
        .split(['"', '\'', '`'])
        .step_by(2)
        .collect::<Vec<_>>()
        .join(" ");
    let mut names = Vec::new();
    let mut rest = unquoted.as_str();
    let is_word = |char: char| char.is_alphanumeric() || matches!(char, '_' | '$');
    while let Some(start) = rest.find(is_word) {
        let word = rest.get(start..).unwrap_or_default();
        let (name, after) = word.split_at(word.find(|char| !is_word(char)).unwrap_or(word.len()));
        let next = after.trim_start();
        if !next.starts_with(':')
            && !next
                .strip_prefix('?')
                .is_some_and(|next| next.trim_start().starts_with(':'))
        {
            names.push(name.to_owned());
        }
        rest = after;
    }
    names.into_iter()
}

/// Names of TypeScript that stand for exact values, wherever they come from.
const EXACT: [&str; 5] = ["bigint", "Date", "Map", "Set", "Uint8Array"];

/// What ts-rs takes out of its text, wherever it stands, to make one object of two.
pub(super) const JOINED: &str = " } & { ";

/// Names of TypeScript that no JSON is.
const NOT_JSON: [&str; 9] = [
    "undefined",
    "void",
    "symbol",
    "Function",
    "RegExp",
    "ArrayBuffer",
    "Buffer",
    "Blob",
    "File",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_neither_quoted_nor_members() {
        let names: Vec<_> =
            names(r#"{ Date: Array<Map>, "Set"?: 'bigint' | (Date), Blob ?: number }"#).collect();

        assert_eq!(names, ["Array", "Map", "Date", "number"]);
    }
}
