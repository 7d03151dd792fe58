//! The TypeScript of the guide, against what glue-codegen writes for the Rust beside it. The Rust by itself is compiled by the doc
//! tests of `glue-tests`.

use crate::markdown::{Block, blocks_under};
use crate::node;
use crate::run::{Failure, cargo, run};
use crate::scratch::{self, Scratch};
use crate::workspace;

/// Checks the types of each snippet.
pub(crate) fn guide() -> Result<(), Failure> {
    let page = scratch::read(&workspace::root().join("docs/GUIDE.md"))?;
    let blocks = blocks_under(&page, "# Guide");
    let snippets: Vec<_> = blocks.iter().filter(|block| block.language == "ts").collect();
    if snippets.is_empty() {
        return Err(Failure::new("docs/GUIDE.md has no TypeScript"));
    }

    let home = Scratch::new("guide")?;
    let file = |name: &str| home.path().join(name);
    let runtime = workspace::root().join("glue-runtime");
    let runtime = runtime.display().to_string().replace('\\', "/");
    scratch::write(&file("Cargo.toml"), &MANIFEST.replace("RUNTIME", &runtime))?;
    scratch::write(&file("src/lib.rs"), &library(&blocks))?;
    scratch::write(&file("package.json"), r#"{ "type": "module" }"#)?;
    for (number, snippet) in snippets.iter().enumerate() {
        let text = format!("{AROUND}{}", snippet.text);
        scratch::write(&file(&format!("web/snippet-{number}.ts")), &text)?;
    }
    scratch::lock(home.path())?;

    run(&mut cargo([
        "build",
        "--quiet",
        "--locked",
        "--package",
        "glue-codegen",
    ]))?;
    let mut codegen = scratch::command(workspace::built("glue-codegen")?, home.path())?;
    run(codegen.args(["--out", "web/generated", "--fakes"]))?;
    node::install_once(&node::runtime_folder())?;
    let mut tsc = node::tsc();
    tsc.current_dir(home.path());
    tsc.args([
        "--noEmit", "--strict", "--target", "es2022", "--module", "nodenext",
    ]);
    run(tsc.args((0..snippets.len()).map(|number| format!("web/snippet-{number}.ts"))))
}

/// Puts each channel of the page into a module; one that is shown again in another light is left out.
fn library(blocks: &[Block]) -> String {
    let mut library = "#![allow(warnings)]\n".to_owned();
    let mut seen = Vec::new();
    for (number, block) in blocks.iter().enumerate() {
        let Some(channel) = block
            .text
            .split("#[glue::channel]")
            .nth(1)
            .filter(|_| block.language == "rust")
        else {
            continue;
        };
        let name = channel
            .split("trait ")
            .nth(1)
            .and_then(|rest| rest.split(' ').next());
        if seen.contains(&name) {
            continue;
        }
        seen.push(name);
        // Lines that the page hides are marked so.
        let lines = block
            .text
            .lines()
            .map(|line| line.strip_prefix("# ").unwrap_or(line));
        let text: String = lines.map(|line| format!("{line}\n")).collect();
        library.push_str(&format!("mod block_{number} {{\n{text}}}\n"));
    }
    library
}

const MANIFEST: &str = r#"
[package]
name = "guide"
version = "0.0.0"
edition = "2024"

[dependencies]
futures-util = "0.3"
glue = { package = "glue-runtime", path = "RUNTIME" }
tokio = { version = "1", features = ["sync"] }
"#;

/// What the snippets take for granted.
const AROUND: &str = "\
import type * as generated from \"./generated/index.js\";
declare const chat: generated.Chat;
declare const board: generated.Board;
declare const rooms: generated.Rooms;
declare const lounge: generated.Lounge;
declare const text: string;
declare function freshToken(): Promise<string>;
declare function showSignIn(): void;
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_channel_is_taken_once_with_its_hidden_lines() {
        let block = |text: &str| Block {
            language: "rust".to_owned(),
            text: text.to_owned(),
        };
        let blocks = [
            block("use glue::Server;\n"),
            block("#[glue::channel]\ntrait Chat {}\n# fn main() {}\n"),
            block("#[glue::channel]\ntrait Chat { }\n"),
        ];

        let library = library(&blocks);

        assert_eq!(
            library,
            "#![allow(warnings)]\nmod block_1 {\n#[glue::channel]\ntrait Chat {}\nfn main() {}\n}\n"
        );
    }
}
