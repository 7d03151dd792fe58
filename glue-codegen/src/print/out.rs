//! The buffer that printers write to: it indents, and it breaks what is too long.

use super::doc;

/// Columns of a line; what is longer is broken where the syntax allows. The width of the runtime's sources.
pub(super) const WIDTH: usize = 110;

/// TypeScript text under construction.
pub(super) struct Out {
    text: String,
    indent: usize,
}

impl Out {
    pub(super) fn new(header: &str) -> Self {
        Self {
            text: header.to_owned(),
            indent: 0,
        }
    }

    /// Writes `text`, which may hold lines that are indented relative to this one.
    pub(super) fn line(&mut self, text: &str) {
        for line in text.lines() {
            if !line.is_empty() {
                self.text.extend(std::iter::repeat_n("  ", self.indent));
                self.text.push_str(line);
            }
            self.text.push('\n');
        }
    }

    /// Writes an empty line between two things.
    pub(super) fn blank(&mut self) {
        self.text.push('\n');
    }

    /// Writes `head` and a brace, runs `body` one step deeper, and closes the brace.
    pub(super) fn block(&mut self, head: &str, body: impl FnOnce(&mut Self)) {
        self.line(&format!("{head} {{"));
        self.indent += 1;
        body(self);
        self.indent -= 1;
        self.line("}");
    }

    /// Writes a doc comment, or nothing if there is nothing to say.
    pub(super) fn doc(&mut self, lines: &[String]) {
        let columns = self.columns();
        if let Some(comment) = doc::comment(lines, columns) {
            self.line(&comment);
        }
    }

    /// Writes `prefix`, then `items` between brackets, then `suffix`: on one line, or one item a line if that is too long.
    pub(super) fn group(&mut self, prefix: &str, open: char, items: &[String], suffix: &str) {
        let text = group(prefix, open, items, suffix, self.columns());
        self.line(&text);
    }

    /// Columns that are left behind the indent.
    pub(super) fn columns(&self) -> usize {
        WIDTH - 2 * self.indent
    }

    pub(super) fn finish(self) -> String {
        self.text
    }
}

/// See [`Out::group`]; `columns` is what the line may take.
pub(super) fn group(prefix: &str, open: char, items: &[String], suffix: &str, columns: usize) -> String {
    let (space, close) = match open {
        '{' => (" ", '}'),
        '[' => ("", ']'),
        '<' => ("", '>'),
        _ => ("", ')'),
    };
    let list = items.join(", ");
    let space = if items.is_empty() { "" } else { space };
    let flat = format!("{prefix}{open}{space}{list}{space}{close}{suffix}");
    let first = flat.lines().next().unwrap_or_default();
    if items.is_empty() || !flat.contains('\n') && first.chars().count() <= columns {
        return flat;
    }
    let lines: Vec<_> = items.iter().map(|item| indented(item)).collect();
    // Type arguments are the one list that may not end with a comma.
    let last = if open == '<' { "" } else { "," };
    format!("{prefix}{open}\n{}{last}\n{close}{suffix}", lines.join(",\n"))
}

/// Sorts names as formatters do: letter by letter, where the large form of a letter comes before its small one.
pub(super) fn sort_names(names: &mut [String]) {
    let key = |name: &String| -> Vec<_> {
        let name = name.strip_prefix("type ").unwrap_or(name);
        name.chars()
            .map(|char| (char.to_ascii_lowercase(), char.is_ascii_lowercase()))
            .collect()
    };
    names.sort_by_cached_key(key);
}

/// Moves every line of `text` one step to the right.
pub(super) fn indented(text: &str) -> String {
    let lines: Vec<_> = text
        .lines()
        .map(|line| {
            if line.is_empty() {
                String::new()
            } else {
                format!("  {line}")
            }
        })
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_indent_what_is_inside() {
        let mut out = Out::new("// x\n");
        out.block("class A", |out| {
            out.line("b();");
            out.blank();
            out.line("c({\n  d,\n});");
        });

        assert_eq!(
            out.finish(),
            "// x\nclass A {\n  b();\n\n  c({\n    d,\n  });\n}\n"
        );
    }

    #[test]
    fn groups_break_when_they_are_too_long() {
        let items = ["a".to_owned(), "b".to_owned()];

        assert_eq!(group("f", '(', &items, ";", 10), "f(a, b);");
        assert_eq!(group("f", '(', &items, ";", 7), "f(\n  a,\n  b,\n);");
        assert_eq!(group("x = ", '{', &items, "", 80), "x = { a, b }");
        assert_eq!(group("x = ", '{', &[], "", 1), "x = {}");
    }

    #[test]
    fn names_are_sorted_letter_by_letter() {
        let mut names = [
            "call",
            "type Rpc",
            "glue",
            "type Callers",
            "Glue",
            "GlueError",
            "CALL",
        ]
        .map(str::to_owned);

        sort_names(&mut names);

        assert_eq!(
            names,
            [
                "CALL",
                "type Callers",
                "call",
                "Glue",
                "GlueError",
                "glue",
                "type Rpc"
            ]
        );
    }
}
