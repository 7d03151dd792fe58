//! Who may import whom, in Rust.

use crate::sources::File;
use crate::tables::{quoted, table};

/// What one module may use.
#[derive(Debug, Clone)]
pub(crate) struct Layer {
    name: String,
    /// Paths of ours, `*` for all.
    may: Vec<String>,
    /// Paths of others that it must not use.
    pub(crate) never: Vec<String>,
}

impl Layer {
    fn may_use_all(&self) -> bool {
        self.may.iter().any(|may| may == "*")
    }

    /// Returns whether the layer may use a path of ours, such as `rpc::context`.
    pub(crate) fn may_use(&self, path: &str, separator: &str) -> bool {
        let own = is_within(path, &self.name, separator);
        own || self
            .may
            .iter()
            .any(|may| may == "*" || is_within(path, may, separator))
    }
}

/// Reads the table under a heading of ARCHITECTURE.md.
pub(crate) fn layers(markdown: &str, heading: &str) -> Vec<Layer> {
    let rows = table(markdown, heading).into_iter();
    let layers = rows.flat_map(|row| {
        let cell = move |index: usize| row.get(index).cloned().unwrap_or_default();
        let may = if cell(1) == "all" {
            vec!["*".to_owned()]
        } else {
            quoted(&cell(1))
        };
        quoted(&cell(0)).into_iter().map(move |name| Layer {
            name,
            may: may.clone(),
            never: quoted(&cell(2)),
        })
    });
    layers.collect()
}

/// Returns the layer that a module belongs to.
pub(crate) fn layer_of<'a>(layers: &'a [Layer], module: &str) -> Result<&'a Layer, String> {
    let layer = layers.iter().find(|layer| layer.name == module);
    layer.ok_or_else(|| format!("`{module}` has no row in docs/ARCHITECTURE.md"))
}

/// Returns what a file of glue-runtime uses against the table, each with its line.
pub(crate) fn check(layers: &[Layer], file: &File) -> Vec<String> {
    let module = module_of(&file.name);
    let own = module.first().map_or("lib", String::as_str);
    let layer = match layer_of(layers, own) {
        Ok(layer) => layer,
        Err(problem) => return vec![format!("{}: {problem}", file.path)],
    };

    let mut problems = Vec::new();
    for (line, path) in paths(file, &module) {
        let problem = match path {
            Path::Ours(path) => {
                let first = path.split("::").next().unwrap_or_default();
                if layer_of(layers, first).is_err() && !layer.may_use_all() {
                    format!("takes `{path}` by way of lib.rs; name its module")
                } else if !layer.may_use(&path, "::") {
                    format!("`{own}` must not use `{path}`")
                } else {
                    continue;
                }
            }
            Path::Foreign(path) => match layer.never.iter().find(|never| is_within(&path, never, "::")) {
                Some(never) => format!("`{own}` must not use `{never}`"),
                None => continue,
            },
        };
        problems.push(format!("{}:{line}: {problem}", file.path));
    }
    problems
}

/// A path in code.
enum Path {
    /// From the crate's root, without `crate::`.
    Ours(String),
    /// As written.
    Foreign(String),
}

/// Returns the paths that a file names in `use` lines, and those beginning with `crate::` or a crate's name elsewhere.
fn paths(file: &File, module: &[String]) -> Vec<(usize, Path)> {
    let mut found = Vec::new();
    let mut open: Option<(usize, bool, String)> = None;
    for (number, line) in file.code() {
        let code = line.trim();
        if let Some((_, _, statement)) = &mut open {
            statement.push_str(code);
        } else if let Some(tree) = use_tree(code) {
            // Inside of a function or of `mod tests`, where `super` is this very file.
            open = Some((number, line.starts_with(' '), tree.to_owned()));
        } else {
            found.extend(inline_paths(code).map(|path| (number, path)));
        }
        if let Some((number, nested, statement)) = open.take_if(|(_, _, statement)| statement.ends_with(';'))
        {
            let paths = expand(statement.trim_end_matches(';'));
            found.extend(paths.iter().map(|path| (number, resolve(path, module, nested))));
        }
    }
    found
}

/// Returns what stands behind `use`.
fn use_tree(code: &str) -> Option<&str> {
    let rest = if let Some(public) = code.strip_prefix("pub") {
        let public = public.strip_prefix('(').map_or(public, |inside| {
            inside.split_once(')').map_or("", |(_, rest)| rest)
        });
        public.trim_start()
    } else {
        code
    };
    rest.strip_prefix("use ")
}

/// Writes out a tree: `a::{b, c::{d, e}}` is `a::b`, `a::c::d`, `a::c::e`.
fn expand(tree: &str) -> Vec<String> {
    let tree = tree.trim();
    let Some((prefix, rest)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default();
        return vec![path.trim_end_matches("::self").to_owned()];
    };
    let inside = rest.strip_suffix('}').unwrap_or(rest);
    let mut depth = 0;
    let items = inside.split(|char| {
        depth += i32::from(char == '{') - i32::from(char == '}');
        char == ',' && depth == 0
    });
    let items = items.map(str::trim).filter(|item| !item.is_empty());
    items
        .flat_map(expand)
        .map(|path| {
            if path == "self" {
                prefix.trim_end_matches("::").to_owned()
            } else {
                format!("{prefix}{path}")
            }
        })
        .collect()
}

fn resolve(path: &str, module: &[String], nested: bool) -> Path {
    let mut segments = path.trim_start_matches("::").split("::").peekable();
    // How far up the path begins: 0 is this module.
    let mut up = None;
    while let Some(first) = segments.next_if(|segment| matches!(*segment, "crate" | "self" | "super")) {
        up = match (first, up) {
            ("crate", _) => Some(module.len()),
            ("super", None) => Some(usize::from(!nested)),
            ("super", Some(up)) => Some(up + 1),
            (_, up) => Some(up.unwrap_or(0)),
        };
    }
    let Some(up) = up else {
        return Path::Foreign(path.to_owned());
    };
    let base = module
        .iter()
        .take(module.len().saturating_sub(up))
        .map(String::as_str);
    Path::Ours(base.chain(segments).collect::<Vec<_>>().join("::"))
}

/// Returns the paths in a line that is no import.
fn inline_paths(code: &str) -> impl Iterator<Item = Path> {
    let words =
        code.split(|char: char| !(char.is_alphanumeric() || char == '_' || char == ':' || char == '$'));
    words
        .filter(|word| word.contains("::") && !word.starts_with("::<"))
        .filter_map(|word| {
            let word = word.trim_matches(':');
            match word.strip_prefix("crate::") {
                Some(ours) => Some(Path::Ours(ours.to_owned())),
                None => word
                    .starts_with(char::is_lowercase)
                    .then(|| Path::Foreign(word.to_owned())),
            }
        })
}

/// Returns the path of the module in a file: `rpc/mod.rs` is `rpc`, `lib.rs` the root.
fn module_of(name: &str) -> Vec<String> {
    let stem = name.trim_end_matches(".rs").trim_end_matches("/mod");
    if stem == "lib" {
        Vec::new()
    } else {
        stem.split('/').map(str::to_owned).collect()
    }
}

/// Returns whether `path` is `outer` or lies within it.
fn is_within(path: &str, outer: &str, separator: &str) -> bool {
    path.strip_prefix(outer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(separator))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
### Rust

| module | may use | never |
| --- | --- | --- |
| `proto` | – | `tokio`, `std::time::Instant` |
| `rpc` | `proto`, `session::CloseReason` | `hyper` |
| `session` | `proto` | |
| `private`, `lib` | all | |
";

    fn problems(name: &str, text: &str) -> Vec<String> {
        check(&layers(TABLE, "### Rust"), &File::of(name, text))
    }

    #[test]
    fn a_reverse_arrow_is_named_with_its_line() {
        let found = problems("proto/frame.rs", "//! Frames.\n\nuse crate::session::Session;\n");

        assert_eq!(
            found,
            ["proto/frame.rs:3: `proto` must not use `session::Session`"]
        );
    }

    #[test]
    fn a_tree_over_several_lines_is_taken_apart() {
        let found = problems(
            "rpc/mod.rs",
            "pub(crate) use crate::{\n    proto::{self, code::Code as C},\n    session::{CloseReason, Event},\n};\n",
        );

        assert_eq!(found, ["rpc/mod.rs:1: `rpc` must not use `session::Event`"]);
    }

    #[test]
    fn super_is_followed() {
        assert_eq!(problems("session/mod.rs", "use super::rpc::Context;").len(), 1);
        assert_eq!(problems("session/timer.rs", "use super::super::rpc;").len(), 1);
        assert_eq!(problems("session/timer.rs", "use super::Session;").len(), 0);
        assert_eq!(
            problems("session.rs", "mod tests {\n    use super::*;\n}").len(),
            0
        );
    }

    #[test]
    fn foreign_crates_are_found_wherever_they_are_named() {
        assert_eq!(
            problems("proto/a.rs", "use std::time::{Duration, Instant};").len(),
            1
        );
        assert_eq!(problems("proto/a.rs", "    tokio::spawn(async {});").len(), 1);
        assert_eq!(
            problems("proto/a.rs", "use tokio_util::codec;\n/// Unlike tokio::spawn.").len(),
            0
        );
    }

    #[test]
    fn paths_in_expressions_count() {
        assert_eq!(
            problems("proto/a.rs", "    let id = crate::session::id();").len(),
            1
        );
        assert_eq!(
            problems("session/a.rs", "    match crate::proto::MAIN {").len(),
            0
        );
    }

    #[test]
    fn the_front_page_is_no_way_round() {
        let found = problems("rpc/a.rs", "use crate::CloseReason;");

        assert_eq!(
            found,
            ["rpc/a.rs:1: takes `CloseReason` by way of lib.rs; name its module"]
        );
    }

    #[test]
    fn a_module_without_a_row_is_a_problem() {
        assert_eq!(problems("cluster/mod.rs", "").len(), 1);
        assert_eq!(
            problems("lib.rs", "pub use crate::rpc::Context;\npub use server::Server;").len(),
            0
        );
    }
}
