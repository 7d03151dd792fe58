//! Who may import whom, in TypeScript.

use crate::layers::{Layer, layer_of};
use crate::sources::File;

/// Returns what a file of the TypeScript runtime uses against the table, each with its line.
pub(crate) fn check(layers: &[Layer], file: &File) -> Vec<String> {
    let own = first(file.name.trim_end_matches(".ts"));
    let layer = match layer_of(layers, own) {
        Ok(layer) => layer,
        Err(problem) => return vec![format!("{}: {problem}", file.path)],
    };

    let mut problems = Vec::new();
    for (line, code) in file.code() {
        if let Some(specifier) = specifier(code) {
            let problem = match resolve(&file.name, specifier) {
                None => format!("the runtime has no dependencies, and `{specifier}` is one"),
                Some(path) if layer.may_use(&path, "/") => continue,
                Some(path) => format!("`{own}` must not use `{path}`"),
            };
            problems.push(format!("{}:{line}: {problem}", file.path));
        } else if let Some(never) = layer.never.iter().find(|never| has_word(code, never)) {
            problems.push(format!("{}:{line}: `{own}` must not use `{never}`", file.path));
        }
    }
    problems
}

/// Returns where a line imports from, or exports from.
fn specifier(code: &str) -> Option<&str> {
    let is_import = ["import ", "export ", "} from "]
        .iter()
        .any(|start| code.starts_with(start));
    let (_, rest) = code
        .split_once(" from \"")
        .or_else(|| code.split_once("import \""))
        .filter(|_| is_import)?;
    rest.split('"').next()
}

/// Returns the module that a relative specifier names; `None` where it names a package.
fn resolve(importer: &str, specifier: &str) -> Option<String> {
    let mut folder: Vec<_> = importer.split('/').collect();
    folder.pop();
    let mut parts = specifier.trim_end_matches(".js").split('/').peekable();
    if !matches!(parts.peek(), Some(&"." | &"..")) {
        return None;
    }
    for part in parts {
        match part {
            "." => {}
            ".." => {
                folder.pop()?;
            }
            part => folder.push(part),
        }
    }
    Some(folder.join("/"))
}

fn has_word(code: &str, word: &str) -> bool {
    code.split(|char: char| !(char.is_alphanumeric() || char == '_'))
        .any(|found| found == word)
}

fn first(name: &str) -> &str {
    name.split('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::layers;

    const TABLE: &str = "\
### TypeScript

| module | may use | never |
| --- | --- | --- |
| `proto` | – | `setTimeout` |
| `session` | `proto` | |
| `client` | `session`, `proto/init` | |
";

    fn problems(name: &str, text: &str) -> Vec<String> {
        check(&layers(TABLE, "### TypeScript"), &File::of(name, text))
    }

    #[test]
    fn a_reverse_arrow_is_named_with_its_line() {
        let found = problems(
            "proto/frame.ts",
            "/** Frames. */\nimport {\n  Session,\n} from \"../session/session.js\";\n",
        );

        assert_eq!(
            found,
            ["proto/frame.ts:4: `proto` must not use `session/session`"]
        );
    }

    #[test]
    fn a_single_file_can_be_allowed() {
        assert_eq!(
            problems("client/a.ts", "import type { I } from \"../proto/init.js\";").len(),
            0
        );
        assert_eq!(
            problems("client/a.ts", "export { I } from \"../proto/initial.js\";").len(),
            1
        );
        assert_eq!(problems("client/a.ts", "import \"./b.js\";").len(), 0);
    }

    #[test]
    fn packages_and_globals_are_found() {
        assert_eq!(
            problems("session/a.ts", "import { WebSocket } from \"ws\";").len(),
            1
        );
        assert_eq!(
            problems("proto/a.ts", "  const timer = setTimeout(tick, 1);").len(),
            1
        );
        assert_eq!(
            problems("proto/a.ts", "// No setTimeout here.\nconst setTimeouts = 1;").len(),
            0
        );
    }
}
