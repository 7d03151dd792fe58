//! Names: from Rust's and the wire's to TypeScript's.

/// Returns `room_id` as `roomId`. Underscores at both ends stay, so that `_room` and `type_` keep what sets them apart.
pub(crate) fn camel(name: &str) -> String {
    let core = name.trim_matches('_');
    let start = name.len() - name.trim_start_matches('_').len();
    if core.is_empty() {
        return name.to_owned();
    }
    let mut words = core.split('_').filter(|word| !word.is_empty());
    let mut camel = name[..start].to_owned();
    camel.push_str(words.next().unwrap_or_default());
    for word in words {
        let mut chars = word.chars();
        camel.extend(chars.next().into_iter().flat_map(char::to_uppercase));
        camel.push_str(chars.as_str());
    }
    camel.push_str(&name[start + core.len()..]);
    camel
}

/// Returns the stem of a file for a channel: `chat_room` and `ChatRoom` as `chat-room`.
pub(crate) fn kebab(name: &str) -> String {
    let mut kebab = String::with_capacity(name.len());
    let mut after_lower = false;
    for char in name.chars() {
        if !char.is_alphanumeric() {
            kebab.push('-');
        } else {
            if char.is_uppercase() && after_lower {
                kebab.push('-');
            }
            kebab.extend(char.to_lowercase());
        }
        after_lower = char.is_lowercase() || char.is_numeric();
    }
    let words: Vec<_> = kebab.split('-').filter(|word| !word.is_empty()).collect();
    words.join("-")
}

/// Returns the name of a parameter: camel case, with a `_` behind words that can't name one or would hide what the body calls.
pub(crate) fn parameter(wire: &str) -> String {
    let mut name = camel(wire);
    if RESERVED_WORDS.contains(&name.as_str()) || matches!(name.as_str(), "callWith" | "streamWith") {
        name.push('_');
    }
    name
}

/// Whether `name` may be written without quotes as a key. Beyond ASCII only a table could tell: `m²` is no identifier.
pub(crate) fn is_plain_key(name: &str) -> bool {
    name.is_ascii() && is_identifier(name)
}

/// Whether `name` declares a type.
pub(crate) fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    let first = chars
        .next()
        .is_some_and(|char| char.is_alphabetic() || matches!(char, '_' | '$'));
    first && chars.all(|char| char.is_alphanumeric() || matches!(char, '_' | '$'))
}

/// Whether a type of this name can't be declared, or would hide what the stubs need.
pub(crate) fn is_reserved_type(name: &str) -> bool {
    RESERVED_TYPES.contains(&name) || RESERVED_WORDS.contains(&name)
}

/// Whether a method of this name would break the class: `constructor` is one, and an object with `then` can't be awaited.
pub(crate) fn is_reserved_method(name: &str) -> bool {
    matches!(name, "constructor" | "then") || is_reserved_key(name)
}

/// Whether a key of this name would set an object's prototype instead.
pub(crate) fn is_reserved_key(name: &str) -> bool {
    name == "__proto__"
}

/// What strict code can't bind: the reserved words of ECMAScript and the two names it protects.
const RESERVED_WORDS: &[&str] = &[
    "arguments",
    "await",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "else",
    "enum",
    "eval",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "function",
    "if",
    "implements",
    "import",
    "in",
    "instanceof",
    "interface",
    "let",
    "new",
    "null",
    "package",
    "private",
    "protected",
    "public",
    "return",
    "static",
    "super",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "typeof",
    "var",
    "void",
    "while",
    "with",
    "yield",
];

/// The types of the language, those that generated code names, and those whose values are decoded.
const RESERVED_TYPES: &[&str] = &[
    "any",
    "bigint",
    "boolean",
    "never",
    "number",
    "object",
    "string",
    "symbol",
    "undefined",
    "unknown",
    "Array",
    "AsyncIterable",
    "Date",
    "Iterable",
    "Map",
    "Pick",
    "Promise",
    "Record",
    "Set",
    "Uint8Array",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snake_case_becomes_camel_case() {
        let cases = [
            ("post", "post"),
            ("room_id", "roomId"),
            ("set_2fa", "set2fa"),
            ("a__b", "aB"),
            ("_room", "_room"),
            ("_old_room", "_oldRoom"),
            ("type_", "type_"),
            ("already_camelCase", "alreadyCamelCase"),
            ("__", "__"),
        ];
        for (wire, name) in cases {
            assert_eq!(camel(wire), name);
        }
    }

    #[test]
    fn channels_are_written_to_kebab_case_files() {
        let cases = [
            ("chat", "chat"),
            ("chat_room", "chat-room"),
            ("ChatRoom", "chat-room"),
            ("v2.chat", "v2-chat"),
        ];
        for (wire, stem) in cases {
            assert_eq!(kebab(wire), stem);
        }
        assert_eq!(kebab("_"), "");
    }

    #[test]
    fn parameters_step_around_reserved_words() {
        assert_eq!(parameter("delete"), "delete_");
        assert_eq!(parameter("default"), "default_");
        assert_eq!(parameter("call_with"), "callWith_");
        assert_eq!(parameter("user_name"), "userName");
    }

    #[test]
    fn keys_need_quotes_unless_they_are_identifiers() {
        assert!(is_plain_key("size") && is_plain_key("$ref") && is_plain_key("_1"));
        assert!(!is_plain_key("1st") && !is_plain_key("content-type") && !is_plain_key(""));
        assert!(!is_plain_key("m²") && !is_plain_key("größe"));
    }

    #[test]
    fn types_may_have_letters_of_any_script() {
        assert!(is_identifier("Größe") && !is_identifier("1st"));
    }
}
