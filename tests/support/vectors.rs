//! The test vectors, for tests that send them over a real connection.

use std::path::Path;

use serde::Deserialize;

/// What a test over a connection needs of a vector.
#[derive(Clone, Debug, Deserialize)]
pub struct Vector {
    /// Unique in its file.
    pub id: String,
    /// The text on the wire; version cases of `init` have none.
    #[serde(default)]
    pub text: String,
    /// The error that reading the text gives.
    pub error: Option<String>,
    /// Which side's init the text is.
    pub role: Option<String>,
    /// Whether lengths count UTF-16 units.
    #[serde(default)]
    pub utf16: bool,
}

/// Reads one file of `tests/vectors`.
///
/// # Panics
/// When the file is missing or not what its README says.
pub fn read(file: &str) -> Vec<Vector> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors").join(file);
    let json = std::fs::read_to_string(path).expect("the vectors are there");
    serde_json::from_str(&json).expect("vectors are what their README says")
}
