//! Rust doc comments, read: their links, and the sections that TypeScript has tags for.

use std::collections::BTreeMap;

use crate::model::Model;

/// A doc comment in parts. Lines are Markdown in which no link of rustdoc is left.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Docs {
    /// All that is in none of the parts below. Blocks of Rust, `# Panics` and `# Safety` are left out.
    pub(crate) text: Vec<String>,
    /// `# Arguments`: the names as in Rust, and what is said of each.
    pub(crate) params: Vec<(String, Vec<String>)>,
    /// `# Returns`.
    pub(crate) returns: Vec<String>,
    /// `# Errors`.
    pub(crate) errors: Vec<String>,
    /// Blocks of TypeScript or JavaScript in `# Examples`, with their fences.
    pub(crate) examples: Vec<Vec<String>>,
    /// Why it should not be used any more, if it should not; the reason may be empty.
    pub(crate) deprecated: Option<String>,
}

impl Docs {
    /// Reads `lines`, one per `#[doc]` as the schema has them; `link` writes what a link shows, and to where it leads.
    pub(crate) fn read(lines: &[String], link: &dyn Fn(&Link<'_>) -> String) -> Self {
        let lines = clean(lines);
        let definitions = definitions(&lines);
        let mut docs = Self::default();
        let mut section = Section::Text;
        let mut depth = 0;
        let mut fence: Option<Fence> = None;
        for line in &lines {
            if let Some(open) = &mut fence {
                let ends = open.is_closed_by(line);
                open.lines.push(line.clone());
                if ends && let Some(open) = fence.take() {
                    docs.block(&section, open);
                }
                continue;
            }
            if let Some(open) = Fence::open(line) {
                fence = Some(open);
                continue;
            }
            if definition(line).is_some() {
                continue;
            }
            if let Some(reason) = line.strip_prefix("@deprecated") {
                docs.deprecated = Some(replace_links(reason.trim(), &definitions, link));
                continue;
            }
            if let Some((level, title)) = heading(line)
                && (section == Section::Text || level <= depth)
            {
                (section, depth) = (Section::of(title), level);
                if section != Section::Text {
                    continue;
                }
            }
            let line = replace_links(line, &definitions, link);
            docs.line(&section, line);
        }
        // rustdoc takes a fence that isn't closed to the end.
        if let Some(open) = fence {
            docs.block(&section, open);
        }
        let params = docs.params.iter_mut().map(|(_, lines)| lines);
        for lines in params.chain([&mut docs.text, &mut docs.returns, &mut docs.errors]) {
            trim(lines);
        }
        docs
    }

    fn line(&mut self, section: &Section, line: String) {
        match section {
            // What was taken out leaves the lines around it.
            Section::Text if line.is_empty() && self.text.last().is_some_and(String::is_empty) => {}
            Section::Text => self.text.push(line),
            Section::Returns => self.returns.push(line),
            Section::Errors => self.errors.push(line),
            Section::Params => match (parameter(&line), self.params.last_mut()) {
                (Some((name, text)), _) => self.params.push((name, vec![text])),
                // What stands before the list has no parameter.
                (None, None) => self.line(&Section::Text, line),
                (None, Some((_, lines))) => lines.push(line.trim_start().to_owned()),
            },
            Section::Examples | Section::Dropped => {}
        }
    }

    fn block(&mut self, section: &Section, fence: Fence) {
        if *section == Section::Examples {
            if fence.is_script() {
                self.examples.push(fence.lines);
            }
        } else if !fence.is_rust() {
            for line in fence.lines {
                self.line(section, line);
            }
        }
    }
}

/// A link of rustdoc to something in Rust.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Link<'a> {
    /// Its path: `crate::Foo`, `Self::bar`.
    pub(crate) path: &'a str,
    /// What it shows, as Markdown; none if that is the path.
    pub(crate) text: Option<&'a str>,
}

impl Link<'_> {
    /// What is shown where there is nothing to lead to.
    pub(crate) fn plain(&self) -> String {
        self.text
            .map_or_else(|| format!("`{}`", self.path), ToOwned::to_owned)
    }
}

/// What can be linked to, by its names in Rust.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// Names of types in Rust and in TypeScript, to the latter.
    types: BTreeMap<String, String>,
    /// By class: names of methods on the wire, to those in TypeScript.
    channels: BTreeMap<String, BTreeMap<String, String>>,
}

/// What a link leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target<'a> {
    /// A named type.
    Type(&'a str),
    /// A class.
    Channel(&'a str),
    /// A method of a class, by its name in TypeScript.
    Method(&'a str, &'a str),
}

impl Names {
    /// Everything in `model`.
    pub(crate) fn of(model: &Model) -> Self {
        let mut types = BTreeMap::new();
        for decl in &model.types {
            let last = decl.path.rsplit("::").next().unwrap_or(&decl.path);
            types.entry(last.to_owned()).or_insert_with(|| decl.name.clone());
        }
        // A name in TypeScript goes before one in Rust that another type has been renamed from.
        types.extend(
            model
                .types
                .iter()
                .map(|decl| (decl.name.clone(), decl.name.clone())),
        );
        let channels = model.channels.iter().map(|channel| {
            let methods = channel.methods.iter();
            let methods = methods.map(|method| (method.wire.clone(), method.name.clone()));
            (channel.class.clone(), methods.collect())
        });
        Self {
            types,
            channels: channels.collect(),
        }
    }

    /// Finds what `path` means in the docs of `this`, which is a class or a type.
    pub(crate) fn find(&self, path: &str, this: &str) -> Option<Target<'_>> {
        let mut segments: Vec<&str> = path.split("::").collect();
        if segments.first() == Some(&"Self") {
            segments[0] = this;
        }
        let last = *segments.last()?;
        let owner = segments.len().checked_sub(2).map(|at| segments[at]);
        if let Some(owner) = owner {
            if let Some((class, methods)) = self.channels.get_key_value(owner) {
                return Some(match methods.get(last) {
                    Some(method) => Target::Method(class, method),
                    None => Target::Channel(class),
                });
            }
            if let Some(name) = self.types.get(owner) {
                return Some(Target::Type(name));
            }
        }
        if let Some((class, _)) = self.channels.get_key_value(last) {
            return Some(Target::Channel(class));
        }
        self.types.get(last).map(|name| Target::Type(name))
    }
}

/// One entry per line, without the space that `///` leaves and without empty lines at both ends.
pub(crate) fn clean(lines: &[String]) -> Vec<String> {
    let lines: Vec<&str> = lines
        .iter()
        .flat_map(|line| line.split('\n'))
        .map(str::trim_end)
        .collect();
    let common = lines
        .iter()
        .filter(|line| !line.is_empty())
        .all(|line| line.starts_with(' ') || line.starts_with("@deprecated"));
    let text = |line: &&str| {
        let line = if common {
            line.strip_prefix(' ').unwrap_or(line)
        } else {
            line
        };
        line.to_owned()
    };
    let mut lines = lines.iter().map(text).collect();
    trim(&mut lines);
    lines
}

/// Removes empty lines at both ends.
fn trim(lines: &mut Vec<String>) {
    let end = lines.iter().rposition(|line| !line.is_empty());
    lines.truncate(end.map_or(0, |last| last + 1));
    let start = lines.iter().position(|line| !line.is_empty());
    lines.drain(..start.unwrap_or(0));
}

#[derive(Debug, PartialEq, Eq)]
enum Section {
    Text,
    Params,
    Returns,
    Errors,
    Examples,
    /// What says nothing to callers in another process.
    Dropped,
}

impl Section {
    fn of(title: &str) -> Self {
        match title.to_lowercase().as_str() {
            "arguments" | "parameters" | "args" | "params" => Self::Params,
            "returns" => Self::Returns,
            "errors" => Self::Errors,
            "examples" | "example" => Self::Examples,
            "panics" | "safety" => Self::Dropped,
            _ => Self::Text,
        }
    }
}

/// The level and title of a heading: `## Errors`.
fn heading(line: &str) -> Option<(usize, &str)> {
    let title = line.trim_start_matches('#');
    let level = line.len() - title.len();
    let title = title.strip_prefix(' ')?.trim().trim_end_matches([':', '#']);
    (1..=6).contains(&level).then_some((level, title.trim_end()))
}

/// A block of code.
struct Fence {
    mark: String,
    label: String,
    lines: Vec<String>,
}

impl Fence {
    fn open(line: &str) -> Option<Self> {
        let text = line.trim_start();
        let first = text.chars().next().filter(|char| matches!(char, '`' | '~'))?;
        let label = text.trim_start_matches(first);
        let mark = &text[..text.len() - label.len()];
        // ```x``` on one line is a code span.
        if mark.len() < 3 || label.contains('`') {
            return None;
        }
        Some(Self {
            mark: mark.to_owned(),
            label: label.trim().to_lowercase(),
            lines: vec![line.to_owned()],
        })
    }

    fn is_closed_by(&self, line: &str) -> bool {
        let line = line.trim();
        line.starts_with(&self.mark) && line.chars().all(|char| self.mark.starts_with(char))
    }

    /// Whether rustdoc takes it for Rust: all of its label are words for that, or there is none.
    fn is_rust(&self) -> bool {
        let mut words = self.label.split([',', ' ']).filter(|word| !word.is_empty());
        words.all(|word| {
            let word = word.split('-').next().unwrap_or(word);
            let known = [
                "rust",
                "ignore",
                "no_run",
                "should_panic",
                "compile_fail",
                "test_harness",
                "standalone_crate",
                "standalone",
            ];
            known.contains(&word) || word.starts_with("edition")
        })
    }

    fn is_script(&self) -> bool {
        let word = self.label.split([',', ' ']).next().unwrap_or_default();
        matches!(word, "ts" | "typescript" | "tsx" | "js" | "javascript" | "jsx")
    }
}

/// An entry of a list of parameters: ``* `name` - text``, `- name: text`.
fn parameter(line: &str) -> Option<(String, String)> {
    let entry = line
        .strip_prefix("* ")
        .or_else(|| line.strip_prefix("- "))
        .or_else(|| line.strip_prefix("+ "))?;
    let entry = entry.trim_start_matches(['*', '`', '_', ' ']);
    let end = entry
        .find(|char: char| !char.is_alphanumeric() && char != '_')
        .unwrap_or(entry.len());
    let (name, rest) = entry.split_at(end);
    let text = rest
        .trim_start_matches(['*', '`', '_', ' '])
        .trim_start_matches(['-', '–', '—', ':', '='])
        .trim_start_matches(['*', '`', '_'])
        .trim();
    // A sentence in a list is no parameter: those have a mark behind their name.
    let marked = rest
        .trim_start_matches(['*', '`', '_', ' '])
        .starts_with(['-', '–', '—', ':', '=']);
    (!name.is_empty() && (marked || rest.trim_matches(['*', '`', '_', ' ']).is_empty()))
        .then(|| (name.to_owned(), text.to_owned()))
}

/// A definition of a link: `[label]: target "title"`.
fn definition(line: &str) -> Option<(&str, &str)> {
    let (label, rest) = line.trim_start().strip_prefix('[')?.split_once("]:")?;
    let target = rest
        .trim()
        .split(' ')
        .next()
        .filter(|target| !target.is_empty())?;
    let is_label = !label.is_empty() && !label.contains(['[', ']']);
    is_label.then(|| (label, target.trim_matches(['<', '>'])))
}

fn definitions(lines: &[String]) -> BTreeMap<String, String> {
    let found = lines.iter().filter_map(|line| definition(line));
    found
        .map(|(label, target)| (label.to_lowercase(), target.to_owned()))
        .collect()
}

/// Replaces the links in a line of Markdown, outside of code.
fn replace_links(
    line: &str,
    definitions: &BTreeMap<String, String>,
    link: &dyn Fn(&Link<'_>) -> String,
) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some(at) = rest.find(['`', '[', '\\']) {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let (shown, len) = match rest.as_bytes()[0] {
            b'`' => {
                let len = code_len(rest);
                (rest[..len].to_owned(), len)
            }
            b'\\' => {
                let len = rest.chars().take(2).map(char::len_utf8).sum();
                (rest[..len].to_owned(), len)
            }
            _ => bracket(rest, definitions, link).unwrap_or_else(|| ("[".to_owned(), 1)),
        };
        text.push_str(&shown);
        rest = &rest[len..];
    }
    text + rest
}

/// Length of the code span at the start of `text`, or of its backticks if nothing closes them.
fn code_len(text: &str) -> usize {
    let ticks = text.len() - text.trim_start_matches('`').len();
    let mut at = ticks;
    while let Some(next) = text[at..].find('`') {
        let start = at + next;
        let run = text[start..].len() - text[start..].trim_start_matches('`').len();
        at = start + run;
        if run == ticks {
            return at;
        }
    }
    ticks
}

/// What stands for the link at the start of `text`, and its length; none if it is no link.
fn bracket(
    text: &str,
    definitions: &BTreeMap<String, String>,
    link: &dyn Fn(&Link<'_>) -> String,
) -> Option<(String, usize)> {
    let shown = &text[1..closing(text, '[', ']')?];
    let len = shown.len() + "[]".len();
    let rest = &text[len..];
    let defined = |label: &str| definitions.get(&label.to_lowercase()).map(String::as_str);
    let bare = shown.trim_matches('`');
    if rest.starts_with('(') {
        let end = closing(rest, '(', ')')?;
        let target = rest[1..end].split(' ').next().unwrap_or_default();
        let target = target.trim_matches(['<', '>']);
        return Some((leads(shown, target, link), len + end + 1));
    }
    if rest.starts_with('[') {
        let end = closing(rest, '[', ']')?;
        let label = &rest[1..end];
        let label = if label.is_empty() { shown } else { label };
        let target = defined(label).unwrap_or_else(|| label.trim_matches('`'));
        return Some((leads(shown, target, link), len + end + 1));
    }
    if let Some(target) = defined(shown) {
        return Some((leads(shown, target, link), len));
    }
    let path = rust_path(bare)?;
    // `[1]`, `[x]` and `[optional]` are text that has brackets.
    let intended = shown.starts_with('`') || path.contains("::") || path.starts_with(char::is_uppercase);
    intended.then(|| (link(&Link { path, text: None }), len))
}

/// What stands for a link that shows `shown` and leads to `target`.
fn leads(shown: &str, target: &str, link: &dyn Fn(&Link<'_>) -> String) -> String {
    if ["https://", "http://", "mailto:"]
        .iter()
        .any(|scheme| target.starts_with(scheme))
    {
        return format!("[{shown}]({target})");
    }
    match rust_path(target) {
        Some(path) => {
            let same = shown.trim_matches('`') == path;
            let text = (!same).then_some(shown);
            link(&Link { path, text })
        }
        // A page or a place in rustdoc's output.
        None => shown.to_owned(),
    }
}

/// The path in a target of rustdoc: without `struct@`, `()`, `!` and type arguments.
fn rust_path(target: &str) -> Option<&str> {
    let path = target.split_once('@').map_or(target, |(_, path)| path);
    let path = path.split(['#', '<', '(', '!']).next()?.trim_end_matches("::");
    let is_path = path.split("::").all(|segment| {
        segment.starts_with(|char: char| char.is_alphabetic() || char == '_')
            && segment.chars().all(|char| char.is_alphanumeric() || char == '_')
    });
    is_path.then_some(path)
}

/// Where the bracket that `text` starts with is closed.
fn closing(text: &str, open: char, close: char) -> Option<usize> {
    let mut depth = 0_usize;
    text.char_indices().find_map(|(at, char)| {
        if char == open {
            depth += 1;
        } else if char == close {
            depth = depth.saturating_sub(1);
        }
        (depth == 0).then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Docs {
        let lines: Vec<_> = text.lines().map(|line| format!(" {line}")).collect();
        Docs::read(&lines, &|link| match link.text {
            Some(text) => format!("<{}|{text}>", link.path),
            None => format!("<{}>", link.path),
        })
    }

    #[test]
    fn links_of_rustdoc_are_found_in_each_of_their_forms() {
        let cases = [
            ("[`Foo`], [Foo], [`Foo::bar`].", "<Foo>, <Foo>, <Foo::bar>."),
            (
                "[text](crate::Foo) and [`Foo`](Foo)",
                "<crate::Foo|text> and <Foo>",
            ),
            ("[a][Foo], [b][`Foo`], [Foo][]", "<Foo|a>, <Foo|b>, <Foo>"),
            (
                "[`struct@Foo`] [`go()`] [`m!`] [`Vec<T>`]",
                "<Foo> <go> <m> <Vec>",
            ),
            (
                "[web](https://a.b/c_(d)) [x](#here) [y](../struct.A.html)",
                "[web](https://a.b/c_(d)) x y",
            ),
            (
                "`[Foo]` ``[`Foo`]`` \\[Foo] [1] [ ] [x] a[i]",
                "`[Foo]` ``[`Foo`]`` \\[Foo] [1] [ ] [x] a[i]",
            ),
            ("open [Foo and `tick", "open [Foo and `tick"),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text).text, [expected], "{text}");
        }
    }

    #[test]
    fn definitions_are_followed_and_left_out() {
        let docs = read(
            "See [the Room] and [it][r] and [docs].\n\n[the room]: crate::Room\n[r]: Room \"title\"\n[docs]: https://x.y",
        );

        assert_eq!(
            docs.text,
            ["See <crate::Room|the Room> and <Room|it> and [docs](https://x.y)."]
        );
    }

    #[test]
    fn sections_become_parts() {
        let docs = read(
            "Posts.\n\n# Arguments\n\n* `room` - where to,\n  and why\n- **text**: what\n* `last`\n\n# Returns\nthe id\n\n# Errors\n\
             If [`Room`] is gone.\n\n## Much later\nnever\n\n# Panics\nnever\n\n# Notes\nmore",
        );

        assert_eq!(docs.text, ["Posts.", "", "# Notes", "more"]);
        assert_eq!(
            docs.params,
            [
                (
                    "room".to_owned(),
                    vec!["where to,".to_owned(), "and why".to_owned()]
                ),
                ("text".to_owned(), vec!["what".to_owned()]),
                ("last".to_owned(), vec![]),
            ]
        );
        assert_eq!(docs.returns, ["the id"]);
        assert_eq!(docs.errors, ["If <Room> is gone.", "", "## Much later", "never"]);
    }

    #[test]
    fn rust_is_left_out_and_scripts_are_examples() {
        let docs = read(
            "A.\n```\nlet a = [Foo];\n```\n```json\n{\"a\": [Foo]}\n```\n# Examples\nLike so:\n```rust,no_run\nx()\n```\n\
             ~~~ts\nawait y();\n# Errors\n~~~",
        );

        assert_eq!(docs.text, ["A.", "```json", "{\"a\": [Foo]}", "```"]);
        assert_eq!(docs.examples, [["~~~ts", "await y();", "# Errors", "~~~"]]);
        assert!(docs.errors.is_empty());
    }

    #[test]
    fn what_is_deprecated_says_so() {
        let lines = [" Old.".to_owned(), "@deprecated use [`new`]".to_owned()];

        let docs = Docs::read(&lines, &|link| link.plain());

        assert_eq!(docs.text, ["Old."]);
        assert_eq!(docs.deprecated.as_deref(), Some("use `new`"));
    }

    #[test]
    fn any_text_is_read() {
        for text in [
            "[", "[]", "[](", "[a](b", "[a][", "````", "```ts", "# ", "[]: x", "[ä](ö)", "\\", "`", "[a]:",
        ] {
            read(text);
        }
    }
}
