//! The files of the repository.

use std::fs;
use std::path::{Path, PathBuf};

/// A source file.
#[derive(Debug, Clone)]
pub(crate) struct File {
    /// From the repository's root, with `/`.
    pub(crate) path: String,
    /// From the folder that was listed.
    pub(crate) name: String,
    pub(crate) text: String,
}

impl File {
    /// Makes up a file.
    #[cfg(test)]
    pub(crate) fn of(name: &str, text: &str) -> Self {
        Self {
            path: name.to_owned(),
            name: name.to_owned(),
            text: text.to_owned(),
        }
    }

    /// Returns the lines that are code, each with its number; comments are cut off.
    pub(crate) fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().filter_map(|(index, line)| {
            let start = line.trim_start();
            let comment = start.starts_with("//") || start.starts_with("/*") || start.starts_with("* ");
            // A `//` inside a text cuts it short, and no import stands behind one.
            (!comment).then(|| (index + 1, line.split("//").next().unwrap_or_default()))
        })
    }

    /// Returns how many lines stand before the unit tests; all of them where the file is nothing else.
    pub(crate) fn lines_before_tests(&self) -> usize {
        if self.is_tests() {
            return 0;
        }
        let lines: Vec<_> = self.text.lines().collect();
        let tests = lines.windows(2).position(|pair| {
            pair.first().is_some_and(|line| line.starts_with("#[cfg(test)]"))
                && pair.get(1).is_some_and(|line| line.starts_with("mod tests"))
        });
        tests.unwrap_or(lines.len())
    }

    /// Keeps the unit tests only.
    pub(crate) fn into_tests(self) -> Self {
        let before = self.lines_before_tests();
        let text: Vec<_> = self.text.lines().skip(before).collect();
        Self {
            text: text.join("\n"),
            ..self
        }
    }

    fn is_tests(&self) -> bool {
        let mut parts = self.path.split('/');
        parts.any(|part| part == "tests" || part == "tests.rs")
    }
}

/// Reads one file of the repository.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Reads all files below a folder that end so; none if there is no such folder.
pub(crate) fn files(folder: &str, ending: &str) -> Vec<File> {
    let base = root().join(folder);
    let mut paths = Vec::new();
    walk(&base, ending, &mut paths);
    paths.sort();
    paths
        .into_iter()
        .map(|path| File {
            path: relative(&path, &root()),
            name: relative(&path, &base),
            text: fs::read_to_string(path).unwrap(),
        })
        .collect()
}

fn walk(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            if !FOREIGN.contains(&name.as_str()) && !name.starts_with('.') {
                walk(&path, ending, found);
            }
        } else if path.extension().is_some_and(|extension| extension == ending) {
            found.push(path);
        }
    }
}

fn relative(path: &Path, base: &Path) -> String {
    let parts: Vec<_> = path
        .strip_prefix(base)
        .unwrap()
        .iter()
        .map(|part| part.to_string_lossy())
        .collect();
    parts.join("/")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Folders that hold nothing we have written.
const FOREIGN: &[&str] = &["node_modules", "target", "dist", "generated"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_no_code() {
        let file = File::of("a.rs", "//! a\nuse b; // c\n    /// d\n * e\nf");

        let code: Vec<_> = file.code().collect();

        assert_eq!(code, [(2, "use b; "), (5, "f")]);
    }

    #[test]
    fn unit_tests_are_told_from_the_rest() {
        let file = File::of("a.rs", "one\ntwo\n#[cfg(test)]\nmod tests {\n}\n");

        assert_eq!(file.lines_before_tests(), 2);
        assert_eq!(file.into_tests().text, "#[cfg(test)]\nmod tests {\n}");
        assert_eq!(File::of("a/tests.rs", "one\n").lines_before_tests(), 0);
    }
}
