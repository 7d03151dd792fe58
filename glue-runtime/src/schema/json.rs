//! The JSON form of a [`ChannelSchema`], and the hash by which two peers see that they were built from the same one.

use serde::{Deserialize, Serialize};

use super::{ChannelSchema, MethodSchema};

/// Version of the JSON form, its member `v`. A reader takes its own version only.
pub const FORMAT: u32 = 1;

impl ChannelSchema {
    /// Returns the document that glue-codegen reads: pretty JSON with a final newline, the same for the same channel.
    pub fn to_json(&self) -> String {
        let document = Document {
            v: FORMAT,
            channel: self,
        };
        let mut text =
            serde_json::to_string_pretty(&document).expect("a schema holds only strings and numbers");
        text.push('\n');
        text
    }

    /// Reads what [`to_json`](Self::to_json) wrote.
    ///
    /// # Errors
    /// [`SchemaError::Format`] if another version of glue-runtime wrote it, [`SchemaError::Json`] if it isn't such a document.
    pub fn from_json(text: &str) -> Result<Self, SchemaError> {
        let Version { v } = serde_json::from_str(text)?;
        if v != FORMAT {
            return Err(SchemaError::Format { found: v });
        }
        Ok(serde_json::from_str(text)?)
    }

    /// Returns the hash that peers compare in their greeting: 16 hex digits over what can be seen on the wire.
    ///
    /// That is the channel's name, the methods with their parameters, and the types they reach. Doc comments, the place of
    /// the trait and the order of methods, parameters and types don't count.
    pub fn hash(&self) -> String {
        let mut methods: Vec<_> = self.methods.iter().map(canonical_method).collect();
        methods.sort_unstable();
        let mut types: Vec<_> = self.types.iter().map(|ty| strip_comments(&ty.decl)).collect();
        types.sort_unstable();
        let canonical = serde_json::json!([FORMAT, self.channel, methods, types]).to_string();

        format!("{:016x}", fnv1a(canonical.as_bytes()))
    }
}

/// Why a text isn't a schema that can be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// Another version of glue-runtime wrote the document; bring glue-codegen and glue-runtime to the same version.
    #[error("schema format {found} instead of {FORMAT}")]
    Format {
        /// The version in the document.
        found: u32,
    },
    /// The text isn't JSON of the form that glue-runtime writes.
    #[error("not a channel schema")]
    Json(#[from] serde_json::Error),
}

#[derive(Serialize)]
struct Document<'a> {
    v: u32,
    #[serde(flatten)]
    channel: &'a ChannelSchema,
}

#[derive(Deserialize)]
struct Version {
    v: u32,
}

fn canonical_method(method: &MethodSchema) -> String {
    let mut args: Vec<_> = method
        .args
        .iter()
        .map(|arg| (&arg.name, strip_comments(&arg.ty), arg.optional))
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
