//! Rust doc comments as TSDoc.

/// Returns the comment for `lines`, without a final line break; none if all lines are empty.
pub(super) fn comment(lines: &[String], columns: usize) -> Option<String> {
    let lines = clean(lines);
    match lines.as_slice() {
        [] => None,
        [line] if "/**  */".len() + line.chars().count() <= columns => Some(format!("/** {line} */")),
        _ => {
            let body: String = lines
                .iter()
                .map(|line| format!(" * {line}").trim_end().to_owned() + "\n")
                .collect();
            Some(format!("/**\n{body} */"))
        }
    }
}

/// One entry per line, without the space that `///` leaves, without empty lines at both ends, and without anything that would
/// end the comment.
pub(super) fn clean(lines: &[String]) -> Vec<String> {
    let lines: Vec<&str> = lines
        .iter()
        .flat_map(|line| line.split('\n'))
        .map(str::trim_end)
        .collect();
    let common = lines
        .iter()
        .filter(|line| !line.is_empty())
        .all(|line| line.starts_with(' '));
    let text = |line: &&str| {
        let line = if common {
            line.strip_prefix(' ').unwrap_or(line)
        } else {
            line
        };
        line.replace("*/", "*\\/")
    };
    let start = lines
        .iter()
        .position(|line| !line.is_empty())
        .unwrap_or(lines.len());
    let end = lines
        .iter()
        .rposition(|line| !line.is_empty())
        .map_or(start, |last| last + 1);
    lines[start..end].iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doc(lines: &[&str]) -> Option<String> {
        let lines: Vec<_> = lines.iter().map(|&line| line.to_owned()).collect();
        comment(&lines, 40)
    }

    #[test]
    fn short_docs_stay_on_one_line() {
        assert_eq!(doc(&[" Says something."]).unwrap(), "/** Says something. */");
    }

    #[test]
    fn paragraphs_and_code_keep_their_shape() {
        let text = doc(&["", " One.", "", "     code();", ""]).unwrap();

        assert_eq!(text, "/**\n * One.\n *\n *     code();\n */");
    }

    #[test]
    fn a_doc_comment_cannot_end_the_comment() {
        assert_eq!(doc(&[" glob a*/b"]).unwrap(), "/** glob a*\\/b */");
    }

    #[test]
    fn block_comments_arrive_in_one_piece() {
        assert_eq!(
            doc(&["\n Two\n lines.\n"]).unwrap(),
            "/**\n * Two\n * lines.\n */"
        );
    }

    #[test]
    fn no_text_is_no_comment() {
        assert_eq!(doc(&[]), None);
        assert_eq!(doc(&["", " "]), None);
    }
}
