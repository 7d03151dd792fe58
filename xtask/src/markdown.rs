//! Code blocks of a Markdown file.

/// A fenced block of code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    /// What stands behind the opening fence.
    pub(crate) language: String,
    pub(crate) text: String,
}

impl Block {
    /// Returns the file that the first line names in a comment: `// src/main.rs`, `# Cargo.toml`.
    pub(crate) fn file(&self) -> Option<&str> {
        let first = self.text.lines().next()?;
        let comment = first.strip_prefix("// ").or_else(|| first.strip_prefix("# "))?;
        let name = comment.split([',', ' ']).next()?;
        name.contains('.').then_some(name)
    }
}

/// Returns the blocks under a heading, up to the next heading of the same level or one above.
pub(crate) fn blocks_under(markdown: &str, heading: &str) -> Vec<Block> {
    let level = heading.bytes().take_while(|byte| *byte == b'#').count();
    let mut blocks = Vec::new();
    let mut inside = false;
    let mut open: Option<Block> = None;
    for line in markdown.lines() {
        if let Some(mut block) = open.take() {
            if line.trim_end() == "```" {
                if inside {
                    blocks.push(block);
                }
            } else {
                block.text.push_str(line);
                block.text.push('\n');
                open = Some(block);
            }
        } else if let Some(language) = line.strip_prefix("```") {
            open = Some(Block {
                language: language.trim().to_owned(),
                text: String::new(),
            });
        } else if line == heading {
            inside = true;
        } else if line.starts_with('#') && line.bytes().take_while(|byte| *byte == b'#').count() <= level {
            inside = false;
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(language: &str, text: &str) -> Block {
        Block {
            language: language.to_owned(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn blocks_of_other_sections_are_left_out() {
        let page =
            "# A\n```sh\nno\n```\n## B\n```rust\n# yes\n```\n### C\n```\n\nlast\n```\n## D\n```\nno\n```\n";

        let found = blocks_under(page, "## B");

        assert_eq!(found, [block("rust", "# yes\n"), block("", "\nlast\n")]);
    }

    #[test]
    fn the_first_comment_names_the_file() {
        assert_eq!(
            block("rust", "// src/main.rs\nfn main() {}").file(),
            Some("src/main.rs")
        );
        assert_eq!(
            block("toml", "# Cargo.toml, at its end\n").file(),
            Some("Cargo.toml")
        );
        assert_eq!(block("sh", "# Start it\ncargo run").file(), None);
    }
}
