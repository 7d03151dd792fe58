//! Names as people have them, and names with which generators go wrong.

use super::random::Random;

/// Names that are one once any rule of `rename_all` has been applied are the same here.
pub(crate) fn same_name(name: &str) -> String {
    let kept = name
        .trim_start_matches("r#")
        .chars()
        .filter(|char| !matches!(char, '_' | '-'));
    kept.flat_map(char::to_lowercase).collect()
}

/// Names that are taken in one object.
#[derive(Debug, Default, Clone)]
pub(crate) struct Taken(Vec<String>);

impl Taken {
    /// Takes a name, and returns whether it was free.
    pub(crate) fn take(&mut self, name: &str) -> bool {
        let name = same_name(name);
        let is_free = !self.0.contains(&name);
        if is_free {
            self.0.push(name);
        }
        is_free
    }

    /// Takes all of these names, or none of them.
    pub(crate) fn take_all(&mut self, names: &[String]) -> bool {
        let is_free = names.iter().all(|name| !self.0.contains(name));
        if is_free {
            self.0.extend_from_slice(names);
        }
        is_free
    }

    pub(crate) fn into_names(self) -> Vec<String> {
        self.0
    }

    /// Returns a free name out of `pool`, numbered if need be.
    pub(crate) fn fresh(&mut self, random: &mut Random, pool: &[&str]) -> String {
        let name = *random.choose(pool);
        if self.take(name) {
            return name.to_owned();
        }
        // A raw identifier with a number behind it needs not be one.
        let name = name.trim_start_matches("r#");
        let mut number = self.0.len();
        loop {
            let numbered = format!("{name}{number}");
            if self.take(&numbered) {
                return numbered;
            }
            number += 1;
        }
    }
}

/// Identifiers of fields: none that begins outside of ASCII, as `rename_all` of serde panics for these; in Rust's style, in other styles, and reserved in one of the languages.
pub(crate) const FIELDS: &[&str] = &[
    "id",
    "name",
    "user_name",
    "first_line",
    "x",
    "y",
    "value",
    "items",
    "total_count",
    "is_open",
    "a1",
    "b_2",
    "node_3_id",
    "r#type",
    "r#match",
    "r#fn",
    "r#async",
    "r#in",
    "r#enum",
    "r#static",
    "r#await",
    "delete",
    "default",
    "function",
    "var",
    "new",
    "class",
    "constructor",
    "prototype",
    "arguments",
    "eval",
    "undefined",
    "null",
    "this",
    "export",
    "import",
    "r#typeof",
    "interface",
    "get",
    "set",
    "length",
    "then",
    "to_string",
    "toString",
    "hasOwnProperty",
    "userId",
    "HTTPCode",
    "A_B",
    "_hidden",
    "trailing_",
    "__proto__",
    "_1",
    "schöne_größe",
];

/// Identifiers of variants.
pub(crate) const VARIANTS: &[&str] = &[
    "None",
    "Some",
    "Ok",
    "Err",
    "Circle",
    "UserJoined",
    "TooLong",
    "A",
    "B2",
    "HTTPError",
    "A_B",
    "Null",
    "True",
    "Object",
    "String",
    "Number",
    "Promise",
    "Map",
    "Default",
    "Delete",
    "Constructor",
    "lower",
    "snake_case",
    "Größe",
    "_Odd",
];

/// Names on the wire that no identifier could be. None that is empty, or has quotes, backslashes, controls or ` } & { `:
/// these are refused.
pub(crate) const ODD: &[&str] = &[
    "first name",
    "a-b",
    "1st",
    "0",
    "42",
    "-1",
    "1e3",
    "a.b",
    "$",
    "$ref",
    "@type",
    "#",
    "ключ-слово",
    "日本",
    "💥",
    "*/",
    "/*",
    "//",
    "&",
    "a&b",
    "'",
    "`",
    "${x}",
    "<T>",
    "[key]",
    "?",
    "a?",
    "{",
    "}",
    ";",
    ",",
    ":",
    "|",
    " ",
    "é",
    "e\u{301}",
    "\u{2028}",
    "\u{feff}",
    "it's",
    "} & {",
    "__proto__",
    "constructor",
    "toString",
    "null",
    "never",
];

/// Tags, and names of contents.
pub(crate) const TAGS: &[&str] = &[
    "type",
    "kind",
    "t",
    "$type",
    "the type",
    "tag-name",
    "@",
    "__tag",
    "ключ",
    "0",
    "data",
    "content",
    "c",
    "value",
    "the value",
    "constructor",
];

/// Rules of `rename_all`.
pub(crate) const RULES: &[&str] = &[
    "lowercase",
    "UPPERCASE",
    "PascalCase",
    "camelCase",
    "snake_case",
    "SCREAMING_SNAKE_CASE",
    "kebab-case",
    "SCREAMING-KEBAB-CASE",
];

/// Doc comments.
pub(crate) const DOCS: &[&str] = &[
    " What it is.",
    " Ends a comment: */ and goes on.",
    " With `code`, {@link Nothing} and \"quotes\" \\ too.",
    "",
    " Zwei Größen: 日本 💥",
    " @deprecated not really",
    " type X = { a: 1 } & { b: 2 };",
];

/// A text as a literal of Rust.
pub(crate) fn literal(text: &str) -> String {
    format!("{text:?}")
}
