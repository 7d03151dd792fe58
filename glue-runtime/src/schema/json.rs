//! The JSON form of a [`ChannelSchema`].

use serde::{Deserialize, Serialize};

use super::ChannelSchema;

/// Version of the JSON form, its member `v`. A reader takes its own version only.
pub const FORMAT: u32 = 3;

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
