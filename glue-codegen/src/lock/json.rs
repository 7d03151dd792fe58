//! JSON for reviews: keys sorted, what fits on a line on one line.

use std::fmt::Write;

use serde_json::Value;

/// Columns of a line; a longer object or list takes one line for each member.
const WIDTH: usize = 110;

/// Returns `value` as text with a line end behind it.
pub(crate) fn pretty(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value, 0, 0);
    out.push('\n');
    out
}

/// `at` is the column at which the value begins.
fn write(out: &mut String, value: &Value, indent: usize, at: usize) {
    if is_leaf(value) {
        let text = flat(value);
        if at + text.chars().count() < WIDTH {
            out.push_str(&text);
            return;
        }
    }
    match value {
        Value::Object(members) => {
            out.push('{');
            for (index, (key, value)) in sorted(members).enumerate() {
                let key = format!("{}: ", Value::from(key.as_str()));
                begin(out, index, indent + 1);
                out.push_str(&key);
                write(out, value, indent + 1, 2 * (indent + 1) + key.chars().count());
            }
            begin(out, 0, indent);
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                begin(out, index, indent + 1);
                write(out, item, indent + 1, 2 * (indent + 1));
            }
            begin(out, 0, indent);
            out.push(']');
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}

fn begin(out: &mut String, index: usize, indent: usize) {
    let comma = if index > 0 { "," } else { "" };
    let _ = write!(out, "{comma}\n{:width$}", "", width = 2 * indent);
}

/// Whether a value may stand on one line: lists of one, and objects without objects.
fn is_leaf(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.values().all(|value| !value.is_object()),
        Value::Array(items) => items.len() < 2,
        _ => true,
    }
}

fn flat(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members =
                sorted(members).map(|(key, value)| format!("{}: {}", Value::from(key.as_str()), flat(value)));
            let members = members.collect::<Vec<_>>().join(", ");
            if members.is_empty() {
                "{}".to_owned()
            } else {
                format!("{{ {members} }}")
            }
        }
        Value::Array(items) => format!("[{}]", items.iter().map(flat).collect::<Vec<_>>().join(", ")),
        scalar => scalar.to_string(),
    }
}

/// Whatever feature of `serde_json` another crate has turned on: the version first, then by name.
fn sorted(members: &serde_json::Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    let mut members: Vec<_> = members.iter().collect();
    members.sort_by_key(|(key, _)| (!matches!(key.as_str(), "lock" | "accept"), key.as_str()));
    members.into_iter()
}
