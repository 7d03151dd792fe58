//! The hashes by which two peers see that they were built from the same channel.

use std::collections::{BTreeMap, BTreeSet};

use super::{ChannelSchema, MethodSchema};

/// Version of the canonical form that is hashed. Not that of the document, which also says what can't be seen on the wire.
const CANON: u32 = 2;

impl ChannelSchema {
    /// Returns the hash that peers compare in their greeting: 16 hex digits over what can be seen on the wire.
    ///
    /// That is the channel's name, the methods with their parameters, and the types they reach. Doc comments, the place of
    /// the trait and the order of methods, parameters and types don't count.
    pub fn hash(&self) -> String {
        let mut methods: Vec<_> = self.methods.iter().map(canonical_method).collect();
        methods.sort_unstable();
        let mut types: Vec<_> = self.types.iter().map(|ty| strip_comments(&ty.decl)).collect();
        types.sort_unstable();
        let canonical = serde_json::json!([CANON, self.channel, methods, types]).to_string();

        format!("{:016x}", fnv1a(canonical.as_bytes()))
    }

    /// Returns the hash of each method, event and client method by its name on the wire: 16 hex digits over it and all types
    /// that it reaches, also through other types.
    ///
    /// Two peers whose hashes of a method agree understand each other in it, whatever else of the channel has changed. Doc
    /// comments and order don't count, as in [`hash`](Self::hash). An event or client method that is called like a method, which
    /// may be, has one hash with it.
    pub fn method_hashes(&self) -> BTreeMap<String, String> {
        let decls: BTreeMap<_, _> = self
            .types
            .iter()
            .map(|ty| (ty.ident.as_str(), strip_comments(&ty.decl)))
            .collect();
        let mut forms: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for method in &self.methods {
            let form = serde_json::json!([canonical_method(method), reached(method, &decls)]);
            forms.entry(&method.name).or_default().push(form.to_string());
        }
        let hash = |(name, mut forms): (&str, Vec<String>)| {
            forms.sort_unstable();
            let canonical = serde_json::json!([CANON, forms]).to_string();
            (name.to_owned(), format!("{:016x}", fnv1a(canonical.as_bytes())))
        };
        forms.into_iter().map(hash).collect()
    }
}

/// Returns the declarations that a method reaches, sorted by name.
fn reached<'a>(method: &MethodSchema, decls: &'a BTreeMap<&str, String>) -> Vec<&'a str> {
    let own = method.args.iter().map(|arg| &arg.ty);
    let own = own.chain(&method.ret).chain(&method.err);
    let own: Vec<_> = own.map(|text| strip_comments(text)).collect();

    let mut found = BTreeSet::new();
    let mut unread: Vec<&str> = own.iter().map(String::as_str).collect();
    while let Some(text) = unread.pop() {
        for name in type_names(text) {
            if let Some((ident, decl)) = decls.get_key_value(name)
                && found.insert(*ident)
            {
                unread.push(decl);
            }
        }
    }
    found
        .iter()
        .filter_map(|ident| decls.get(ident))
        .map(String::as_str)
        .collect()
}

/// Returns the words of a TypeScript type that may name another type: all but those in string literals and the names of
/// properties.
fn type_names(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = text;
    let mut before = ' ';
    while let Some(first) = rest.chars().next() {
        let len = match first {
            '"' => string_len(rest),
            _ if is_word(first) => rest.find(|char| !is_word(char)).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (token, after) = rest.split_at(len);
        if is_word(first) && !is_property(before, after) {
            names.push(token);
        }
        if !first.is_whitespace() {
            before = first;
        }
        rest = after;
    }
    names
}

const fn is_word(char: char) -> bool {
    char.is_ascii_alphanumeric() || char == '_' || char == '$' || !char.is_ascii()
}

/// Returns whether a word between these is a property's name: `{ word: …`, `, word?: …`.
fn is_property(before: char, after: &str) -> bool {
    let after = after.trim_start();
    let after = after.strip_prefix('?').unwrap_or(after);
    matches!(before, '{' | ',' | ';') && after.trim_start().starts_with(':')
}

fn canonical_method(method: &MethodSchema) -> String {
    let mut args: Vec<_> = method
        .args
        .iter()
        .map(|arg| (&arg.name, strip_comments(&arg.ty), arg.optional, arg.stream))
        .collect();
    args.sort_unstable();
    let types = [&method.ret, &method.err].map(|ty| ty.as_deref().map(strip_comments));

    serde_json::json!([method.name, method.kind, args, types]).to_string()
}

/// Removes the doc comments that ts-rs puts before fields, and the white space around them.
fn strip_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(['"', '/']) {
        let (before, from) = rest.split_at(start);
        out.push_str(before);
        let end = match from.as_bytes() {
            [b'"', ..] => string_len(from),
            [b'/', b'*', ..] => {
                rest = &from[comment_len(from)..];
                continue;
            }
            _ => 1,
        };
        out.push_str(&from[..end]);
        rest = &from[end..];
    }
    out.push_str(rest);
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Length of the string literal at the start of `text`.
fn string_len(text: &str) -> usize {
    let mut escaped = false;
    for (at, char) in text.char_indices().skip(1) {
        match char {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Length of the comment at the start of `text`.
///
/// ts-rs copies doc comments as they are, so a `*/` in the middle of a line doesn't end one; its own end stands on a
/// line of its own. Only where there is none does the first `*/` count.
fn comment_len(text: &str) -> usize {
    const END: &str = "\n */\n";
    let own_line = if text.starts_with("/**\n") {
        text.find(END).map(|at| at + END.len())
    } else {
        None
    };
    own_line
        .or_else(|| text.find("*/").map(|at| at + 2))
        .unwrap_or(text.len())
}

/// FNV-1a with 64 bits. It has to tell versions of one application apart, not to withstand an attacker, and it needs no
/// dependency in the build of every user.
pub(super) fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
