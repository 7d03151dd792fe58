//! What a call that failed with its connection may have done.

use std::fmt::Debug;

use glue::{CallError, Code};

/// Returns what such a call says of that.
pub(crate) fn outcome<T: Debug>(result: Result<T, CallError>) -> String {
    match result.unwrap_err() {
        CallError::Rpc(error) => {
            assert_eq!(error.code(), Code::Unavailable);
            error.data().unwrap_or_default().to_owned()
        }
        CallError::Application(never) => match never {},
    }
}

pub(crate) const UNKNOWN: &str = r#"{"outcome":"unknown"}"#;
pub(crate) const NOT_SENT: &str = r#"{"outcome":"not_sent"}"#;
