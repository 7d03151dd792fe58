//! Methods that go on in the next session.

use glue::schema::MethodSchema;

/// What becomes of a call when its session ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum OnLoss {
    /// It fails.
    Fail,
    /// It is sent again.
    Repeat,
    /// Its stream is opened again, from a cursor in the argument of this name on the wire.
    ResumeFrom(String),
}

impl OnLoss {
    pub(crate) fn of(method: &MethodSchema) -> Self {
        match &method.resume_from {
            Some(argument) => Self::ResumeFrom(argument.clone()),
            None if method.idempotent => Self::Repeat,
            None => Self::Fail,
        }
    }

    fn note(&self) -> Option<&'static str> {
        match self {
            Self::Fail => None,
            Self::Repeat => Some("Where its session ends before the answer it is sent again in the next."),
            Self::ResumeFrom(_) => {
                Some("Where its session ends it goes on in the next, behind the last item that came.")
            }
        }
    }
}

/// Returns the docs of a method with what its caller should know of sessions that end, ahead of the first section.
pub(crate) fn docs(method: &MethodSchema) -> Vec<String> {
    let mut docs = method.docs.clone();
    let Some(note) = OnLoss::of(method).note() else {
        return docs;
    };
    let is_behind = |line: &String| line.trim_start().starts_with("# ") || line.starts_with("@deprecated");
    let place = docs.iter().position(is_behind).unwrap_or(docs.len());
    let mut lines = vec![format!(" {note}"), String::new()];
    if place > 0 {
        lines.insert(0, String::new());
    }
    docs.splice(place..place, lines);
    docs
}
