//! The rules of docs/PROTOCOL.md and the tests that cite them.

use std::collections::BTreeSet;

use crate::sources::File;

/// Returns the rules that no test cites, and the citations of rules that aren't there.
pub(crate) fn check(protocol: &str, tests: &[File]) -> Vec<String> {
    let defined: BTreeSet<_> = protocol.lines().filter_map(defined).collect();
    let mut cited = BTreeSet::new();
    let mut problems = Vec::new();
    for file in tests {
        for id in citations(&file.text) {
            if !defined.contains(id) && !cited.contains(id) {
                problems.push(format!(
                    "{} cites [{id}], which docs/PROTOCOL.md doesn't have",
                    file.path
                ));
            }
            cited.insert(id);
        }
    }
    let untested = defined
        .difference(&cited)
        .map(|id| format!("[{id}] of docs/PROTOCOL.md is cited by no vector or test"));
    problems.extend(untested);
    problems
}

/// Returns the rule that a line of the protocol lays down: it begins with its id, as an item of a list or the row of a table.
fn defined(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("- ").or_else(|| line.strip_prefix("| "))?;
    rest.starts_with('[').then(|| citations(rest).next())?
}

/// Returns all `[X-1]` of a text.
fn citations(text: &str) -> impl Iterator<Item = &str> {
    text.split('[').skip(1).filter_map(|rest| {
        let (id, _) = rest.split_once(']')?;
        let (letter, number) = id.split_once('-')?;
        let is_id = letter.len() == 1
            && letter.bytes().all(|byte| byte.is_ascii_uppercase())
            && !number.is_empty()
            && number.bytes().all(|byte| byte.is_ascii_digit());
        is_id.then_some(id)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROTOCOL: &str =
        "Rules such as [F-1].\n- [F-1] One, see [F-2].\n- [F-2] Two.\n| [L-1] | three |\n| x | [Z-9] |\n";

    #[test]
    fn every_rule_must_be_cited() {
        let tests = [File::of("a.json", "\"rule\": \"[F-1] [L-1]\"")];

        let found = check(PROTOCOL, &tests);

        assert_eq!(found, ["[F-2] of docs/PROTOCOL.md is cited by no vector or test"]);
    }

    #[test]
    fn a_citation_must_have_its_rule() {
        let tests = [File::of(
            "a.rs",
            "// [F-1], [F-2], [L-1], and [Q-7]; let [a-z] = x[i-1];",
        )];

        assert_eq!(
            check(PROTOCOL, &tests),
            ["a.rs cites [Q-7], which docs/PROTOCOL.md doesn't have"]
        );
    }
}
