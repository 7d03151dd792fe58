//! What users wrote, as it is kept.

use crate::chat::ChatError;

/// Takes white space off both ends, and control characters out, and checks what is left.
pub(crate) fn tidy(text: &str, limit: u32) -> Result<String, ChatError> {
    let text: String = text
        .trim()
        .chars()
        .filter(|c| !c.is_control() || *c == '\n')
        .collect();
    match text.chars().count() {
        0 => Err(ChatError::Empty),
        count if count > limit as usize => Err(ChatError::TooLong { limit }),
        _ => Ok(text),
    }
}

/// As [`tidy`], for what is one line.
pub(crate) fn tidy_line(text: &str, limit: u32) -> Result<String, ChatError> {
    tidy(&text.split_whitespace().collect::<Vec<_>>().join(" "), limit)
}
