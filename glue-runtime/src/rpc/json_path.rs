//! Where in a JSON text something is wrong: `filter.tags[2]`.
//!
//! Runs on the way to an error message only, so that reading itself keeps no path.

use std::fmt::Write;

/// Returns the path, below `root`, of the value that `text` is in, or has just ended, after `offset` bytes.
pub(super) fn path_at(root: &str, text: &str, offset: usize) -> String {
    let mut stack = Vec::new();
    let mut bytes = text.bytes().enumerate().take(offset);
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'{' => stack.push(Step::Member(None)),
            b'[' => stack.push(Step::Item(0)),
            b'}' | b']' => {
                stack.pop();
            }
            b',' => match stack.last_mut() {
                Some(Step::Member(key)) => *key = None,
                Some(Step::Item(index)) => *index += 1,
                None => {}
            },
            b'"' => {
                let mut end = at + 1;
                while let Some((next, byte)) = bytes.next() {
                    end = next;
                    match byte {
                        b'\\' => {
                            bytes.next();
                        }
                        b'"' => break,
                        _ => {}
                    }
                }
                if let Some(Step::Member(key @ None)) = stack.last_mut() {
                    *key = text.get(at + 1..end);
                }
            }
            _ => {}
        }
    }

    let mut path = root.to_owned();
    for step in stack {
        // Writing to a String cannot fail.
        let _ = match step {
            Step::Member(Some(key)) if is_plain(key) => write!(path, ".{key}"),
            Step::Member(Some(key)) => write!(path, "[\"{key}\"]"),
            Step::Member(None) => Ok(()),
            Step::Item(index) => write!(path, "[{index}]"),
        };
    }
    path
}

/// Returns how many bytes of `text` lie before the place that serde_json counts as `line` and `column`.
pub(super) fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let before = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum::<usize>();
    before.saturating_add(column).min(text.len())
}

enum Step<'a> {
    Member(Option<&'a str>),
    Item(usize),
}

fn is_plain(key: &str) -> bool {
    !key.is_empty()
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_value_that_has_just_ended() {
        assert_eq!(path_at("a", "5", 1), "a");
        assert_eq!(path_at("a", r#"{"b":[1,"x"]}"#, 11), "a.b[1]");
        assert_eq!(path_at("a", r#"{"b":{"c":1}}"#, 12), "a.b");
        assert_eq!(path_at("a", r#"{"b":1,"c":2}"#, 12), "a.c");
    }

    #[test]
    fn quotes_keys_that_are_not_names() {
        assert_eq!(path_at("a", r#"{"b c":5"#, 8), r#"a["b c"]"#);
        assert_eq!(path_at("a", r#"{"b\"}":5"#, 9), r#"a["b\"}"]"#);
    }

    #[test]
    fn survives_texts_that_are_not_json() {
        assert_eq!(path_at("a", "}],,\"\\", 99), "a");
        assert_eq!(path_at("a", "{\"ü", 4), "a");
    }

    #[test]
    fn lines_count_from_one_and_columns_in_bytes() {
        assert_eq!(offset_of("ab\ncd", 2, 1), 4);
        assert_eq!(offset_of("ab", 1, 2), 2);
        assert_eq!(offset_of("ab", 9, 9), 2);
    }
}
