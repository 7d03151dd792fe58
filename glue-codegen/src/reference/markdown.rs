//! The reference as Markdown.

use std::collections::BTreeSet;
use std::fmt::Write;

use pulldown_cmark::{Event, LinkType, Options, Parser, Tag};

use super::{
    header,
    html::leads_somewhere,
    page::{Block, Cell, Page, pieces},
};

pub(super) fn print(page: &Page) -> String {
    let mut out = header();
    let _ = write!(out, "\n# {}\n", text(&page.title));
    contents(&mut out, page);
    for block in &page.blocks {
        out.push('\n');
        match block {
            Block::Heading {
                level,
                id,
                title,
                note,
            } => {
                let marks = "#".repeat(*level);
                let note = if note.is_empty() {
                    String::new()
                } else {
                    format!("\n\n*{note}*")
                };
                let _ = writeln!(out, "<a id=\"{id}\"></a>\n\n{marks} {}{note}", text(title));
            }
            Block::Text(lines) => out.push_str(&paragraphs(lines)),
            Block::Code(code) => {
                let _ = writeln!(out, "```ts\n{code}\n```");
            }
            Block::Entry { label, ty, text } => {
                let ty = ty.as_ref().map(|ty| format!(" {}", linked(ty, &page.types)));
                let dash = if ty.is_some() { " –" } else { "" };
                let line = format!("**{label}:**{}", ty.unwrap_or_default());
                match text.as_slice() {
                    [] => out.push_str(&(line + "\n")),
                    [one] if !one.starts_with(['-', '*', '+']) => {
                        let text = escaped_inline(one);
                        let dash = if text.is_empty() { "" } else { dash };
                        let _ = writeln!(out, "{}", format!("{line}{dash} {text}").trim_end());
                    }
                    lines => {
                        let _ = write!(out, "{line}\n\n{}", paragraphs(lines));
                    }
                }
            }
            Block::Table { head, rows } => table(&mut out, head, rows, &page.types),
        }
    }
    out
}

fn contents(out: &mut String, page: &Page) {
    out.push('\n');
    for block in &page.blocks {
        if let Block::Heading { level, id, title, .. } = block {
            let indent = "  ".repeat(level - 2);
            let _ = writeln!(out, "{indent}- [{}](#{id})", text(title));
        }
    }
}

fn table(out: &mut String, head: &[&str], rows: &[Vec<Cell>], types: &BTreeSet<String>) {
    let has_text = rows
        .iter()
        .any(|row| matches!(row.last(), Some(Cell::Text(text)) if !text.is_empty()));
    let columns = if has_text { head.len() } else { head.len() - 1 };
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    out.push_str(&line(
        head[..columns].iter().map(|&cell| cell.to_owned()).collect(),
    ));
    out.push_str(&line(vec!["---".to_owned(); columns]));
    for row in rows {
        let cells = row[..columns].iter().map(|cell| match cell {
            Cell::Code(code) => linked(code, types).replace('|', "\\|"),
            Cell::Text(lines) => cell_text(lines),
        });
        out.push_str(&line(cells.collect()));
    }
}

/// The text of a cell, which can't hold lines.
fn cell_text(lines: &[String]) -> String {
    let paragraphs = lines.split(String::is_empty).map(|lines| {
        let text = escaped_inline(&lines.join(" "));
        text.replace('|', "\\|")
    });
    paragraphs.collect::<Vec<_>>().join("<br>")
}

/// Lines of Markdown in which no HTML is left.
fn paragraphs(lines: &[String]) -> String {
    let mut out = escaped(&lines.join("\n"));
    out.push('\n');
    // A fence that isn't closed would take the rest of the page.
    if let Some(mark) = open_fence(lines) {
        out.push_str(mark);
        out.push('\n');
    }
    out
}

fn open_fence(lines: &[String]) -> Option<&'static str> {
    let mut open: Option<&str> = None;
    for line in lines {
        let marks = ["```", "~~~"].into_iter();
        let mark = marks.clone().find(|mark| line.trim_start().starts_with(mark));
        match (open, mark) {
            // A line such as ```this``` is none.
            (None, Some(mark)) if !line.trim_start_matches([' ', '`']).contains('`') => open = Some(mark),
            (Some(fence), Some(mark)) if fence == mark => open = None,
            _ => {}
        }
    }
    ["```", "~~~"].into_iter().find(|mark| Some(*mark) == open)
}

/// Markdown in which nothing is HTML, and no address in brackets is one that runs something; code stays as it is.
fn escaped(source: &str) -> String {
    let mut text = source.to_owned();
    loop {
        let mut out = String::new();
        let mut at = 0;
        for (event, range) in Parser::new_ext(&text, Options::ENABLE_TABLES).into_offset_iter() {
            let is_escaped = match event {
                Event::Html(_) | Event::InlineHtml(_) => true,
                Event::Start(Tag::Link {
                    link_type: LinkType::Autolink,
                    dest_url,
                    ..
                }) => !leads_somewhere(&dest_url),
                _ => false,
            };
            // What is within something that is escaped already comes up in the next round.
            if is_escaped && range.start >= at {
                out.push_str(&text[at..range.start]);
                out.push_str(&text[range.clone()].replacen('<', "&lt;", 1));
                at = range.end;
            }
        }
        if at == 0 {
            return text;
        }
        // Each ends with its first character, and what is within may be code then, or what was code may be HTML.
        out.push_str(&text[at..]);
        text = out;
    }
}

/// The same of one line that doesn't begin where it stands: nothing at its start makes it a list or code.
fn escaped_inline(line: &str) -> String {
    const BEFORE: &str = "x ";
    let text = escaped(&format!("{BEFORE}{}", line.trim_start()));
    text[BEFORE.len()..].to_owned()
}

/// Plain text as Markdown.
fn text(text: &str) -> String {
    let mut out = String::new();
    for char in text.chars() {
        match char {
            '<' => out.push_str("&lt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' => out.extend(['\\', char]),
            _ => out.push(char),
        }
    }
    out
}

/// TypeScript on one line, whose types lead to their headings.
fn linked(code: &str, types: &BTreeSet<String>) -> String {
    let pieces = pieces(code, types).into_iter().map(|(text, is_type)| {
        let ticks = if text.contains('`') { "``" } else { "`" };
        let space = if text.starts_with('`') || text.ends_with('`') {
            " "
        } else {
            ""
        };
        let code = format!("{ticks}{space}{text}{space}{ticks}");
        if is_type {
            format!("[{code}](#{text})")
        } else {
            code
        }
    });
    pieces.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a reader of Markdown finds HTML in `text`.
    fn has_html(text: &str) -> bool {
        let mut events = Parser::new_ext(text, Options::ENABLE_TABLES);
        events.any(|event| matches!(event, Event::Html(_) | Event::InlineHtml(_)))
    }

    #[test]
    fn no_html_is_left() {
        for text in [
            "<script>",
            "a <b>",
            "\\` <script> `",
            "``a` <script> `b",
            "```a`b\n<script>",
            "<b title='`'> `<script>`",
            "<!-- a -->",
            "    code\n\n<div>\n    <p>",
            "- <div>\n  <p>",
            "Vec<T>",
        ] {
            let lines: Vec<_> = text.lines().map(str::to_owned).collect();

            assert!(!has_html(&paragraphs(&lines)), "{}", paragraphs(&lines));
            let cell = cell_text(&lines).replace("<br>", "");
            assert!(!has_html(&format!("**Errors:** {cell}")), "{cell}");
        }
    }

    #[test]
    fn code_and_links_stay_as_they_are() {
        for text in [
            "`Vec<T>`",
            "`a\nb<c>`",
            "    Vec<T>",
            "```\nVec<T>\n```",
            "<https://a.example>",
            "1 < 2",
        ] {
            assert_eq!(escaped(text), text);
        }
    }

    #[test]
    fn code_behind_html_is_code() {
        assert_eq!(escaped("<script> | `a<b>`"), "&lt;script> | `a<b>`");
        assert_eq!(escaped("<javascript:a(1)>"), "&lt;javascript:a(1)>");
    }

    #[test]
    fn an_open_fence_is_closed() {
        let lines = ["```text".to_owned(), "<b>".to_owned()];

        assert_eq!(paragraphs(&lines), "```text\n<b>\n```\n");
        assert_eq!(paragraphs(&["```a```".to_owned()]), "```a```\n");
    }
}
