//! How long a file may be.

use crate::sources::File;

/// Lines that a file may have before its unit tests.
const MOST: usize = 600;

/// Files that are longer, with the reason.
pub(crate) const LONGER: &[(&str, &str)] = &[];

/// Returns the files that are too long, and the entries of the list that have become needless.
pub(crate) fn check(files: &[File], longer: &[(&str, &str)]) -> Vec<String> {
    let mut problems = Vec::new();
    for file in files {
        let lines = file.lines_before_tests();
        let listed = longer.iter().any(|(path, _)| *path == file.path);
        if lines > MOST && !listed {
            problems.push(format!(
                "{} has {lines} lines without its tests, more than {MOST}: split it",
                file.path
            ));
        } else if lines <= MOST && listed {
            problems.push(format!(
                "{} is short enough again: take it off the list",
                file.path
            ));
        }
    }
    for (path, reason) in longer {
        if reason.is_empty() || files.iter().all(|file| file.path != *path) {
            problems.push(format!(
                "{path} is on the list without a reason, or without being there"
            ));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_needs_a_reason() {
        let long = [File::of("a.rs", &"x\n".repeat(601))];

        assert_eq!(
            check(&long, &[]),
            ["a.rs has 601 lines without its tests, more than 600: split it"]
        );
        assert!(check(&long, &[("a.rs", "one table")]).is_empty());
        assert_eq!(check(&long, &[("a.rs", "")]).len(), 1);
    }

    #[test]
    fn tests_and_short_files_do_not_count() {
        let text = format!(
            "{}#[cfg(test)]\nmod tests {{\n{}}}\n",
            "x\n".repeat(600),
            "y\n".repeat(600)
        );

        assert!(check(&[File::of("a.rs", &text)], &[]).is_empty());
        assert_eq!(
            check(&[File::of("a.rs", "x\n")], &[("a.rs", "was long")]).len(),
            1
        );
        assert_eq!(check(&[], &[("gone.rs", "was long")]).len(), 1);
    }
}
