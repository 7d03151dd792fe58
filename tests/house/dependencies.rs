//! The crates that ours depend on, and why.

use crate::sources::File;
use crate::tables::quoted;

/// Returns the dependencies of a package that are not used or not explained, and explanations of what is none.
pub(crate) fn check(package: &str, manifest: &str, sources: &[File], reasons: &[Vec<String>]) -> Vec<String> {
    let dependencies = dependencies(manifest);
    let explained: Vec<_> = reasons
        .iter()
        .filter(|row| {
            row.first()
                .is_some_and(|cell| quoted(cell).iter().any(|name| name == package))
        })
        .filter(|row| row.get(2).is_some_and(|reason| !reason.is_empty()))
        .flat_map(|row| quoted(row.get(1).map_or("", String::as_str)))
        .collect();

    let mut problems = Vec::new();
    for name in &dependencies {
        if !explained.iter().any(|explained| explained == name) {
            problems.push(format!(
                "{package}: docs/ARCHITECTURE.md has no reason for `{name}`"
            ));
        }
        let used = sources
            .iter()
            .any(|file| names_crate(&file.text, &name.replace('-', "_")));
        // Turned on for its types alone, whose TypeScript form ts-rs knows.
        let is_for_ts_rs = manifest.contains(&format!("\"ts-rs?/{name}-impl\""));
        if !used && !is_for_ts_rs {
            problems.push(format!("{package}: `{name}` is not used"));
        }
    }
    let gone = explained.iter().filter(|name| !dependencies.contains(name));
    problems.extend(
        gone.map(|name| format!("{package}: docs/ARCHITECTURE.md explains `{name}`, which is no dependency")),
    );
    problems
}

/// Returns the names in the section `[dependencies]`.
fn dependencies(manifest: &str) -> Vec<String> {
    let section = manifest
        .lines()
        .skip_while(|line| *line != "[dependencies]")
        .skip(1);
    let lines = section.take_while(|line| !line.starts_with('['));
    let names = lines.filter_map(|line| {
        line.split_once(['.', '='])
            .map(|(name, _)| name.trim().to_owned())
    });
    names.filter(|name| !name.starts_with('#')).collect()
}

/// Returns whether code names this crate.
fn names_crate(text: &str, name: &str) -> bool {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let mut words = code.flat_map(|line| line.split(|char: char| !(char.is_alphanumeric() || char == '_')));
    words.any(|word| word == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "[package]\nname = \"x\"\n\n[dependencies]\nserde.workspace = true\nts-rs = { version = \"12\" }\n\n[dev-dependencies]\nproptest = \"1\"\n";

    fn reasons(names: &[&str]) -> Vec<Vec<String>> {
        names
            .iter()
            .map(|name| vec!["`x`, `y`".to_owned(), format!("`{name}`"), "because".to_owned()])
            .collect()
    }

    #[test]
    fn each_dependency_is_used_and_explained() {
        let sources = [File::of("a.rs", "use serde::Serialize;\n// ts_rs would do.")];

        let found = check("x", MANIFEST, &sources, &reasons(&["serde", "tokio"]));

        assert_eq!(
            found,
            [
                "x: docs/ARCHITECTURE.md has no reason for `ts-rs`",
                "x: `ts-rs` is not used",
                "x: docs/ARCHITECTURE.md explains `tokio`, which is no dependency",
            ]
        );
    }

    #[test]
    fn a_crate_whose_types_ts_rs_knows_needs_no_other_use() {
        let manifest = format!("[features]\nserde = [\"ts-rs?/serde-impl\"]\n{MANIFEST}");
        let sources = [File::of("a.rs", "#[derive(ts_rs::TS)]")];

        assert!(check("x", &manifest, &sources, &reasons(&["serde", "ts-rs"])).is_empty());
    }

    #[test]
    fn nothing_is_said_when_all_is_well() {
        let sources = [File::of("a.rs", "#[derive(ts_rs::TS)]\nuse serde::Serialize;")];

        assert!(check("x", MANIFEST, &sources, &reasons(&["serde", "ts-rs"])).is_empty());
    }
}
