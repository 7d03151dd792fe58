//! What must exist in two places.

use crate::sources::File;

/// Stems of the files that are the wire in each language.
const TWINS: &[&str] = &[
    "ajax", "batch", "code", "envelope", "frame", "init", "limits", "pair",
];

/// Returns the twins that are missing from a language.
pub(crate) fn check(rust: &[File], typescript: &[File]) -> Vec<String> {
    let mut problems = Vec::new();
    for stem in TWINS {
        for (files, ending) in [(rust, "rs"), (typescript, "ts")] {
            let name = format!("{stem}.{ending}");
            if !files.iter().any(|file| file.name == name) {
                problems.push(format!("proto/{name} is missing; its twin can't stand alone"));
            }
        }
    }
    problems
}

/// Returns how the table in embed.rs and the files of the runtime differ.
pub(crate) fn check_embedded(table: &str, files: &[File]) -> Vec<String> {
    let list = table
        .split("modules! {")
        .nth(1)
        .and_then(|rest| rest.split('}').next())
        .unwrap_or_default();
    let embedded: Vec<_> = list.split('"').skip(1).step_by(2).collect();

    let missing = files.iter().map(|file| file.name.trim_end_matches(".ts"));
    let missing = missing.filter(|name| !embedded.contains(name));
    let gone = embedded.iter().filter(|name| {
        files
            .iter()
            .all(|file| file.name.trim_end_matches(".ts") != **name)
    });
    missing
        .map(|name| format!("embed.rs does not embed {name}.ts"))
        .chain(gone.map(|name| format!("embed.rs embeds {name}.ts, which is not there")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lonely_twin_is_named() {
        let all = |ending: &str| -> Vec<_> {
            TWINS
                .iter()
                .map(|stem| File::of(&format!("{stem}.{ending}"), ""))
                .collect()
        };

        assert!(check(&all("rs"), &all("ts")).is_empty());
        let found = check(&all("rs"), all("ts").get(1..).unwrap());

        assert_eq!(found, ["proto/ajax.ts is missing; its twin can't stand alone"]);
    }

    #[test]
    fn the_embedded_list_is_compared_both_ways() {
        let table = "modules! {\n    \"clock\",\n    \"proto/gone\",\n}\n";
        let files = [File::of("clock.ts", ""), File::of("rpc/new.ts", "")];

        let found = check_embedded(table, &files);

        assert_eq!(
            found,
            [
                "embed.rs does not embed rpc/new.ts",
                "embed.rs embeds proto/gone.ts, which is not there"
            ]
        );
    }
}
