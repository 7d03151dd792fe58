//! The reference as Markdown.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::{
    header,
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
                        let text = escaped(one);
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
    let mut text = String::new();
    for line in lines {
        if line.is_empty() {
            text.push_str("<br>");
        } else {
            if !text.is_empty() && !text.ends_with("<br>") {
                text.push(' ');
            }
            text.push_str(&escaped(line).replace('|', "\\|"));
        }
    }
    text
}

/// Lines of Markdown in which no HTML is left.
fn paragraphs(lines: &[String]) -> String {
    let mut fence: Option<&str> = None;
    let mut out = String::new();
    for line in lines {
        let mark = ["```", "~~~"]
            .into_iter()
            .find(|mark| line.trim_start().starts_with(mark));
        match (fence, mark) {
            (None, Some(mark)) => fence = Some(mark),
            (Some(open), Some(mark)) if open == mark => fence = None,
            _ => {}
        }
        let is_code = fence.is_some() || mark.is_some();
        out.push_str(&if is_code { line.clone() } else { escaped(line) });
        out.push('\n');
    }
    if let Some(mark) = fence {
        out.push_str(mark);
        out.push('\n');
    }
    out
}

/// A line of Markdown in which nothing is HTML but code.
fn escaped(line: &str) -> String {
    let mut out = String::new();
    let mut is_code = false;
    for (at, char) in line.char_indices() {
        match char {
            '`' => {
                is_code = !is_code && line[at + 1..].contains('`');
                out.push(char);
            }
            '<' if !is_code => out.push_str("&lt;"),
            _ => out.push(char),
        }
    }
    out
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
