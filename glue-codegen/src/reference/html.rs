//! The reference as one HTML page.

use std::{collections::BTreeSet, fmt::Write};

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd};

use super::{
    header,
    page::{Block, Cell, Page, pieces},
};

pub(super) const DOCTYPE: &str = "<!doctype html>\n";

pub(super) fn print(page: &Page) -> String {
    let title = text(&page.title);
    let mut out = format!(
        "{DOCTYPE}{}<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n",
        header()
    );
    contents(&mut out, page);
    let _ = write!(out, "<main>\n<h1>{title}</h1>\n");
    for block in &page.blocks {
        match block {
            Block::Heading {
                level,
                id,
                title,
                note,
            } => {
                let note = if note.is_empty() {
                    String::new()
                } else {
                    format!(" <small>{}</small>", inline(std::slice::from_ref(note)))
                };
                let (id, title) = (text(id), text(title));
                let _ = writeln!(
                    out,
                    "<h{level} id=\"{id}\"><a href=\"#{id}\">{title}</a>{note}</h{level}>"
                );
            }
            Block::Text(lines) => out.push_str(&markdown(lines)),
            Block::Code(code) => {
                let _ = writeln!(out, "<pre><code>{}</code></pre>", linked(code, &page.types));
            }
            Block::Entry { label, ty, text } => {
                let ty = ty
                    .as_ref()
                    .map(|ty| format!(" <code>{}</code>", linked(ty, &page.types)));
                let dash = if ty.is_some() { " –" } else { "" };
                let _ = write!(out, "<p><b>{label}:</b>{}", ty.unwrap_or_default());
                let html = markdown(text);
                let _ = match paragraph(&html) {
                    Some("") => writeln!(out, "</p>"),
                    Some(text) => writeln!(out, "{dash} {text}</p>"),
                    None => write!(out, "</p>\n{html}"),
                };
            }
            Block::Table { head, rows } => table(&mut out, head, rows, &page.types),
        }
    }
    out + "</main>\n</body>\n</html>\n"
}

fn contents(out: &mut String, page: &Page) {
    out.push_str("<nav aria-label=\"Contents\">\n<ul>\n");
    let mut depth = 2;
    let mut is_first = true;
    for block in &page.blocks {
        let Block::Heading { level, id, title, .. } = block else {
            continue;
        };
        match (*level > depth, *level < depth) {
            (true, _) => out.push_str("\n<ul>\n"),
            (_, true) => out.push_str("</li>\n</ul>\n</li>\n"),
            _ if !is_first => out.push_str("</li>\n"),
            _ => {}
        }
        let _ = write!(out, "<li><a href=\"#{}\">{}</a>", text(id), text(title));
        (depth, is_first) = (*level, false);
    }
    if !is_first {
        out.push_str("</li>\n");
    }
    if depth > 2 {
        out.push_str("</ul>\n</li>\n");
    }
    if is_first {
        out.push_str("<li>nothing</li>\n");
    }
    out.push_str("</ul>\n</nav>\n");
}

fn table(out: &mut String, head: &[&str], rows: &[Vec<Cell>], types: &BTreeSet<String>) {
    let has_text = rows
        .iter()
        .any(|row| matches!(row.last(), Some(Cell::Text(text)) if !text.is_empty()));
    let columns = if has_text { head.len() } else { head.len() - 1 };
    out.push_str("<div class=\"table\"><table>\n<thead><tr>");
    for cell in &head[..columns] {
        let cell = if cell.is_empty() { "About" } else { cell };
        let _ = write!(out, "<th scope=\"col\">{cell}</th>");
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        out.push_str("<tr>");
        for cell in &row[..columns] {
            let cell = match cell {
                Cell::Code(code) => format!("<code>{}</code>", linked(code, types)),
                Cell::Text(lines) => inline(lines),
            };
            let _ = write!(out, "<td>{}</td>", cell.trim_end());
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table></div>\n");
}

/// Markdown of somebody else as HTML, of which nothing is theirs.
fn markdown(lines: &[String]) -> String {
    let source = lines.join("\n");
    // Of a link that leads elsewhere its text is left, and of images too.
    let mut dropped = Vec::new();
    let events = Parser::new_ext(&source, Options::ENABLE_TABLES).filter_map(|event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
        Event::Start(Tag::HtmlBlock) => Some(Event::Start(Tag::Paragraph)),
        Event::End(TagEnd::HtmlBlock) => Some(Event::End(TagEnd::Paragraph)),
        Event::Start(Tag::Link { ref dest_url, .. }) => {
            let is_dropped = !leads_somewhere(dest_url);
            dropped.push(is_dropped);
            (!is_dropped).then_some(event)
        }
        Event::End(TagEnd::Link) => (!dropped.pop().unwrap_or_default()).then_some(event),
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => None,
        // The page has its own.
        Event::Start(Tag::Heading { .. }) => Some(Event::Start(Tag::Paragraph)),
        Event::End(TagEnd::Heading(_)) => Some(Event::End(TagEnd::Paragraph)),
        event => Some(event),
    });
    let mut out = String::new();
    pulldown_cmark::html::push_html(&mut out, events);
    // What is written `<hr />` for XML's sake.
    out.replace(" />", ">")
}

/// Whether a link is of a kind that runs nothing.
pub(super) fn leads_somewhere(target: &CowStr<'_>) -> bool {
    ["#", "https://", "http://", "mailto:"]
        .iter()
        .any(|start| target.starts_with(start))
}

/// Markdown that is one paragraph without that paragraph's tags; anything else as it is.
fn inline(lines: &[String]) -> String {
    let html = markdown(lines);
    paragraph(&html).map(ToOwned::to_owned).unwrap_or(html)
}

/// The text of the only paragraph in `html`, if that is all.
fn paragraph(html: &str) -> Option<&str> {
    let html = html.trim_end();
    if html.is_empty() {
        return Some(html);
    }
    let text = html.strip_prefix("<p>")?.strip_suffix("</p>")?;
    (!text.contains("<p>")).then_some(text)
}

/// TypeScript, whose types lead to their headings.
fn linked(code: &str, types: &BTreeSet<String>) -> String {
    let pieces = pieces(code, types).into_iter().map(|(piece, is_type)| {
        let shown = text(piece);
        if is_type {
            format!("<a href=\"#{shown}\">{shown}</a>")
        } else {
            shown
        }
    });
    pieces.collect()
}

fn text(text: &str) -> String {
    let mut out = String::new();
    for char in text.chars() {
        match char {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            _ => out.push(char),
        }
    }
    out
}

const STYLE: &str = "\
:root { color-scheme: light dark; --line: light-dark(#d8d8de, #3a3a42); --soft: light-dark(#f5f5f8, #24242a); }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.55 system-ui, sans-serif; background: light-dark(#fff, #18181c); color: light-dark(#1c1c22, #e6e6ea); }
a { color: light-dark(#1452b8, #8ab4ff); text-decoration: none; }
a:hover, a:focus { text-decoration: underline; }
nav { padding: 1rem; border-bottom: 1px solid var(--line); }
nav ul { margin: 0; padding-left: 1rem; list-style: none; }
nav > ul { padding: 0; }
main { max-width: 56rem; padding: 1rem; }
h1 { margin-top: 0; font-size: 1.6rem; overflow-wrap: anywhere; }
h2 { margin-top: 3rem; padding-bottom: .3rem; border-bottom: 1px solid var(--line); }
h3 { margin-top: 2.2rem; }
h2 a, h3 a { color: inherit; overflow-wrap: anywhere; }
small { font-weight: normal; font-size: .85rem; opacity: .75; }
code { font: .9em ui-monospace, monospace; }
pre { padding: .7rem .9rem; overflow-x: auto; background: var(--soft); border-radius: 6px; }
.table { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
td p { margin: 0 0 .4rem; }
@media (min-width: 60rem) {
  body { display: grid; grid-template-columns: 17rem 1fr; }
  nav { position: sticky; top: 0; height: 100vh; overflow-y: auto; border: 0; border-right: 1px solid var(--line); }
  main { padding: 1.5rem 2.5rem; }
}
";
