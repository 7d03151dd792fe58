//! What a new project consists of.

use std::path::Path;

use crate::Emit;

/// The server.
pub(super) const SERVER: &str = include_str!("files/main.rs");

/// Everything of the page, by path; `$NAME` stands for the package's name.
pub(super) fn page(emit: Emit) -> Vec<(&'static str, String)> {
    let index = |script| include_str!("files/index.html").replace("$SCRIPT", script);
    match emit {
        Emit::JavaScript => vec![
            ("web/index.html", index("./main.js")),
            ("web/main.js", include_str!("files/main.js").to_owned()),
        ],
        Emit::TypeScript => vec![
            ("web/index.html", index("./build/main.js")),
            ("web/main.ts", include_str!("files/main.ts").to_owned()),
            ("package.json", include_str!("files/package.json").to_owned()),
            ("tsconfig.json", include_str!("files/tsconfig.json").to_owned()),
        ],
    }
}

/// What a folder may have already, and then keeps, by path.
pub(super) fn shared(emit: Emit) -> Vec<(&'static str, &'static str)> {
    // Git keeps the client: whoever clones needs no glue-codegen, and CI can `--check` it.
    match emit {
        Emit::JavaScript => vec![
            (".gitignore", "/target\n"),
            // By this, Node takes the client for modules where it doesn't look into files, as before 20.19.
            (
                "package.json",
                "{\n  \"private\": true,\n  \"type\": \"module\"\n}\n",
            ),
        ],
        Emit::TypeScript => vec![(".gitignore", "/target\n/node_modules\n/web/build\n")],
    }
}

/// Adds to a Cargo.toml, as cargo has just written it, what the server needs and how its client is generated.
pub(super) fn manifest(text: &str, runtime: Option<&Path>, emit: Emit) -> String {
    let source = match runtime {
        // TOML knows `\` as an escape; cargo takes `/` everywhere, but not behind the mark of canonical paths on Windows.
        Some(path) => {
            let path = path.display().to_string();
            let path = path.strip_prefix(r"\\?\").unwrap_or(&path);
            format!("path = \"{}\"", path.replace('\\', "/"))
        }
        None => format!("version = \"{}\"", requirement(env!("CARGO_PKG_VERSION"))),
    };
    let dependencies = format!(
        "[dependencies]\n\
         futures-util = \"0.3\"\n\
         glue = {{ package = \"glue-runtime\", {source} }}\n\
         tokio = {{ version = \"1\", features = [\"macros\", \"rt-multi-thread\"] }}\n"
    );
    let emit = match emit {
        Emit::JavaScript => "\nemit = \"js\"",
        Emit::TypeScript => "",
    };
    let settings = format!(
        "# What glue-codegen does here, and what it compares with --check.\n\
         [package.metadata.glue]\nout = \"web/generated\"{emit}\n"
    );
    let (before, after) = text.split_once("[dependencies]\n").unwrap_or((text, ""));
    let parts = [before, &dependencies, after, &settings].map(str::trim);
    parts
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("\n\n")
        + "\n"
}

/// What fits this version: the same minor version.
pub(super) fn requirement(version: &str) -> String {
    version.split('.').take(2).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_keeps_what_cargo_wrote() {
        let cargo = "[package]\nname = \"a\"\n\n[dependencies]\n\n[lints]\nworkspace = true\n";

        let text = manifest(cargo, Some(Path::new("..\\glue\\glue-runtime")), Emit::JavaScript);

        assert_eq!(
            text,
            "[package]\nname = \"a\"\n\n\
             [dependencies]\nfutures-util = \"0.3\"\n\
             glue = { package = \"glue-runtime\", path = \"../glue/glue-runtime\" }\n\
             tokio = { version = \"1\", features = [\"macros\", \"rt-multi-thread\"] }\n\n\
             [lints]\nworkspace = true\n\n\
             # What glue-codegen does here, and what it compares with --check.\n\
             [package.metadata.glue]\nout = \"web/generated\"\nemit = \"js\"\n"
        );
    }

    #[test]
    fn a_published_runtime_is_that_of_this_version() {
        assert!(manifest("", None, Emit::TypeScript).contains("package = \"glue-runtime\", version = \"0."));
    }
}
