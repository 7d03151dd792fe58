//! The command on real packages: a workspace with what users have, built by cargo.
//!
//! All tests share one target folder, so glue-runtime and its dependencies are built once. The fixtures use this workspace's
//! Cargo.lock and no network.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests are outside of test functions"
)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// A workspace in a folder of its own, which stays the same from run to run so that cargo's cache holds.
struct Fixture(PathBuf);

impl Fixture {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("discover").join(name);
        let _ = fs::remove_dir_all(&root);
        let fixture = Self(root);
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        fixture.write(
            "Cargo.lock",
            &fs::read_to_string(workspace.join("Cargo.lock")).unwrap(),
        );
        let runtime = workspace
            .join("glue-runtime")
            .to_str()
            .unwrap()
            .replace('\\', "/");
        for (path, text) in files {
            fixture.write(path, &text.replace("$RUNTIME", &runtime).replace("$NAME", name));
        }
        fixture
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn run(&self, folder: &str, args: &str) -> Output {
        Command::new(env!("CARGO_BIN_EXE_glue-codegen"))
            .args(["--offline", "--out"])
            .arg(self.0.join("web"))
            .args(args.split_whitespace())
            .current_dir(self.0.join(folder))
            .env(
                "CARGO_TARGET_DIR",
                Path::new(env!("CARGO_TARGET_TMPDIR")).join("discover/target"),
            )
            .output()
            .unwrap()
    }

    /// Runs the command, and returns the stubs that are there afterwards.
    fn stubs(&self, folder: &str, args: &str) -> Vec<String> {
        let output = self.run(folder, args);
        assert!(output.status.success(), "{}", stderr(&output));

        let entries = fs::read_dir(self.0.join("web"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = entries.map(|name| name.into_string().unwrap()).collect();
        names.retain(|name| name.ends_with(".ts") && name != "index.ts" && name != "types.ts");
        names.sort();
        names
    }

    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.0.join("web").join(path)).unwrap()
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The last line that is ours.
fn error(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", stderr(output));
    let text = stderr(output);
    let line = text
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("glue-codegen: error: "));
    line.unwrap_or_else(|| panic!("no error in {text}")).to_owned()
}

/// A library that has the dependency under another name, a server that is only a binary and uses it, and a package with a
/// library and a binary whose dependency is optional.
const WORKSPACE: &[(&str, &str)] = &[
    (
        "Cargo.toml",
        r#"
            [workspace]
            resolver = "3"
            members = ["api", "server", "both", "unrelated"]

            [workspace.package]
            edition = "2024"

            [workspace.dependencies]
            serde = { version = "1", features = ["derive"] }
        "#,
    ),
    (
        "api/Cargo.toml",
        r#"
            [package]
            name = "api"
            edition.workspace = true

            [dependencies]
            glue = { package = "glue-runtime", path = "$RUNTIME", default-features = false, features = ["server", "macros"] }
        "#,
    ),
    (
        "api/src/lib.rs",
        r#"
            mod private {
                #[glue::model]
                pub struct Message {
                    /// Rises with each line.
                    pub id: u64,
                    pub text: String,
                }

                /// Rooms.
                #[glue::channel]
                pub trait Chat {
                    /// Says something.
                    async fn post(&self, room: String, text: String) -> Result<Message, String>;
                    async fn history(&self, room: String, limit: Option<u32>) -> Vec<Message>;
                    async fn import(&self, room: String, messages: glue::Incoming<Message>) -> u64;
                    #[event]
                    fn joined(user_name: String);
                    #[client]
                    async fn confirm(question: String) -> Result<bool, String>;
                }
            }
            pub use private::Chat;
        "#,
    ),
    (
        "server/Cargo.toml",
        r#"
            [package]
            name = "server"
            edition.workspace = true

            [dependencies]
            api = { path = "../api" }
            glue-runtime = { path = "$RUNTIME", default-features = false, features = ["server", "macros"] }

            [[bin]]
            name = "server"
            path = "src/main.rs"

            [[bin]]
            name = "custom"
            path = "src/custom.rs"
            harness = false
        "#,
    ),
    (
        "server/src/main.rs",
        r#"
            #[glue::channel(name = "admin.panel")]
            trait Admin {
                async fn restart(&self);
            }

            fn main() {
                panic!("the server was started");
            }
        "#,
    ),
    (
        "server/src/custom.rs",
        r#"
            #[glue::channel]
            trait Hidden {
                async fn restart(&self);
            }

            fn main() {
                std::fs::write("was-started", "").expect("a folder to write to");
            }
        "#,
    ),
    (
        "both/Cargo.toml",
        r#"
            [package]
            name = "both"
            edition.workspace = true

            [features]
            rpc = ["dep:glue"]

            [dependencies]
            glue = { package = "glue-runtime", path = "$RUNTIME", default-features = false, features = ["server", "macros"], optional = true }
        "#,
    ),
    ("both/src/lib.rs", "#[cfg(feature = \"rpc\")]\npub mod shared;\n"),
    (
        "both/src/main.rs",
        "#![allow(dead_code)]\n#[cfg(feature = \"rpc\")]\nmod shared;\nfn main() {}\n",
    ),
    (
        "both/src/shared.rs",
        r#"
            #[glue::channel]
            pub trait Clock {
                async fn now(&self) -> f64;
            }
        "#,
    ),
    (
        "unrelated/Cargo.toml",
        "[package]\nname = \"unrelated\"\nedition.workspace = true\n",
    ),
    (
        "unrelated/src/lib.rs",
        "compile_error!(\"nobody has to build this\");\n",
    ),
];

/// A package by itself, named like its fixture: cargo tells packages of one name and version in one target folder apart by
/// where they are in their workspace, so two of these would take each other's programs for their own.
const LONE: &str = r#"
    [package]
    name = "$NAME"
    edition = "2024"

    [workspace]

    [dependencies]
    glue-runtime = { path = "$RUNTIME", default-features = false, features = ["server", "macros"] }
"#;

#[test]
fn a_workspace_gives_the_channels_of_where_it_is_run() {
    let fixture = Fixture::new("workspace", WORKSPACE);

    assert_eq!(
        fixture.stubs(".", "--features rpc"),
        ["admin-panel.ts", "chat.ts", "clock.ts"]
    );
    let chat = fixture.text("chat.ts");
    assert!(
        chat.contains(
            "post(room: string, text: string, options?: CallOptions): Promise<Message> & Throws<string> {"
        ),
        "{chat}"
    );
    assert!(
        chat.contains("readonly joined: { readonly user_name: string };"),
        "{chat}"
    );
    assert!(
        chat.contains("messages: AsyncIterable<Message> | Iterable<Message>,"),
        "{chat}"
    );
    assert!(
        chat.contains("readonly confirm: Handler<{ readonly question: string }, boolean, string>;"),
        "{chat}"
    );
    assert!(chat.contains("/** Rooms. */"), "{chat}");
    assert!(
        fixture
            .text("types.ts")
            .contains("/** Rises with each line. */\n  id: number;")
    );

    // In a member, what it reaches by path counts too; the stub of the third package is stale, and later so are the fakes.
    assert_eq!(
        fixture.stubs("server/src", "--fakes"),
        ["admin-panel.fake.ts", "admin-panel.ts", "chat.fake.ts", "chat.ts"]
    );
    assert_eq!(fixture.stubs("server/src", ""), ["admin-panel.ts", "chat.ts"]);
    assert!(!fixture.0.join("server/was-started").exists());

    assert!(fixture.run("server", "--check").status.success());
    fixture.write("web/chat.ts", &chat.replace("post", "say"));
    let output = fixture.run("server", "--check");
    assert_eq!(output.status.code(), Some(3));
    assert!(
        stderr(&output).ends_with("run glue-codegen without --check\n  ~ chat.ts\n"),
        "{}",
        stderr(&output)
    );
    assert!(fixture.text("chat.ts").contains("say(room"));

    assert_eq!(fixture.stubs(".", "-p api"), ["chat.ts"]);
    assert_eq!(
        error(&fixture.run(".", "-p nobody")),
        "there is no package `nobody` in this workspace"
    );
    assert_eq!(
        error(&fixture.run(".", "-p unrelated")),
        "the package `unrelated` does not depend on glue-runtime"
    );
    assert!(error(&fixture.run("unrelated", "")).starts_with("no package here depends on glue-runtime"));
}

/// The half of a package that is its binary has the same crate name as its library.
#[test]
fn traits_of_one_name_in_library_and_binary_are_both_seen() {
    let channel = |name| {
        format!("#[glue::channel(name = \"{name}\")]\npub trait Chat {{\n    async fn post(&self);\n}}\n")
    };
    let fixture = Fixture::new(
        "halves",
        &[
            ("Cargo.toml", LONE),
            ("src/lib.rs", &channel("chat")),
            ("src/main.rs", &format!("{}fn main() {{}}\n", channel("admin"))),
        ],
    );

    let message = error(&fixture.run(".", ""));

    assert!(
        message.contains("src/lib.rs:1") && message.contains("src/main.rs:1"),
        "{message}"
    );
}

/// The search path for libraries is what cargo gives to the tests it runs, and to nothing that is run without it.
#[cfg(target_os = "linux")]
#[test]
fn libraries_that_a_build_script_makes_are_found() {
    let build = r##"
        fn main() {
            let out = std::env::var("OUT_DIR").unwrap();
            std::fs::write(format!("{out}/made.rs"), "#[unsafe(no_mangle)] pub extern \"C\" fn made() -> u8 { 1 }").unwrap();
            let rustc = std::env::var_os("RUSTC").unwrap();
            let args = ["--edition=2024", "--crate-type=cdylib", "-o", "libmade.so", "made.rs"];
            assert!(std::process::Command::new(rustc).args(args).current_dir(&out).status().unwrap().success());
            println!("cargo::rustc-link-search=native={out}");
            println!("cargo::rustc-link-lib=dylib=made");
        }
    "##;
    let library = r#"
        unsafe extern "C" {
            safe fn made() -> u8;
        }

        pub fn answer() -> u8 {
            made()
        }

        #[glue::channel]
        pub trait Chat {
            async fn post(&self);
        }
    "#;
    let fixture = Fixture::new(
        "shared-library",
        &[("Cargo.toml", LONE), ("build.rs", build), ("src/lib.rs", library)],
    );

    assert_eq!(fixture.stubs(".", ""), ["chat.ts"]);
}

#[test]
fn broken_tests_are_told_from_a_broken_crate() {
    let channel = "#[glue::channel]\npub trait Chat {\n    async fn post(&self);\n}\n";
    let test = "#[test]\nfn broken() {\n    let _: u8 = \"\";\n}\n";
    let fixture = Fixture::new(
        "broken",
        &[("Cargo.toml", LONE), ("src/lib.rs", &format!("{channel}{test}"))],
    );

    let output = fixture.run(".", "");
    assert!(error(&output).starts_with("your crate compiles but its unit tests do not"));
    assert!(
        stderr(&output).contains("mismatched types"),
        "{}",
        stderr(&output)
    );

    fixture.write("src/lib.rs", &format!("{channel}pub const BROKEN: u8 = \"\";\n"));
    assert_eq!(
        error(&fixture.run(".", "")),
        "the crate does not compile; see the errors above"
    );

    assert_eq!(
        error(&fixture.run(".", "--features nosuch")),
        "cargo test failed; see above"
    );

    assert!(!fixture.0.join("web").exists());
}

/// Where a trait may stand, and what of it is seen.
#[test]
fn traits_in_odd_places_are_seen_unless_nothing_can_name_them() {
    let library = r#"
        #![allow(dead_code)]

        mod outer {
            mod inner {
                #[glue::channel]
                pub(super) trait Deep {
                    async fn a(&self);
                }
            }
        }

        macro_rules! channel {
            ($name:ident) => {
                #[glue::channel]
                pub trait $name {
                    async fn a(&self);
                }
            };
        }
        channel!(Expanded);

        const _: () = {
            #[glue::channel]
            trait Nameless {
                async fn a(&self);
            }
        };

        fn body() {
            #[glue::channel]
            trait Inside {
                async fn a(&self);
            }
        }

        #[cfg(not(test))]
        #[glue::channel]
        pub trait Untested {
            async fn a(&self);
        }

        #[cfg(test)]
        mod tests {
            #[glue::channel]
            trait Tested {
                async fn a(&self);
            }
        }

        #[glue::channel]
        pub trait Gated {
            async fn always(&self, class: u32, delete: u32);
            #[cfg(feature = "admin")]
            async fn delete(&self);
        }

        #[cfg(feature = "bad")]
        mod bad {
            #[glue::model]
            pub struct Formless {
                pub value: Strange,
            }

            pub mod one {
                #[glue::model]
                pub struct Same(u8);
            }
            pub mod two {
                #[glue::model]
                pub struct Same(bool);
            }

            #[derive(serde::Serialize, serde::Deserialize)]
            pub struct Strange;

            impl glue::__private::ts_rs::TS for Strange {
                type WithoutGenerics = Self;
                type OptionInnerType = Self;
                fn name(_: &glue::__private::ts_rs::Config) -> String {
                    "Strange".to_owned()
                }
                fn inline(_: &glue::__private::ts_rs::Config) -> String {
                    panic!("Strange cannot be inlined")
                }
                fn decl(_: &glue::__private::ts_rs::Config) -> String {
                    panic!("Strange cannot be written")
                }
                fn output_path() -> Option<std::path::PathBuf> {
                    Some("strange.ts".into())
                }
            }

            #[glue::channel]
            pub trait Bad {
                async fn formless(&self) -> Formless;
                async fn first(&self) -> one::Same;
                async fn second(&self) -> two::Same;
            }
        }
    "#;
    let fixture = Fixture::new(
        "odd",
        &[
            (
                "Cargo.toml",
                &format!("{LONE}\nserde = \"1\"\n[features]\nadmin = []\nbad = []\n"),
            ),
            ("src/lib.rs", library),
        ],
    );

    assert_eq!(
        fixture.stubs(".", ""),
        ["deep.ts", "expanded.ts", "gated.ts", "tested.ts"]
    );
    let gated = fixture.text("gated.ts");
    assert!(
        gated.contains("always(class_: number, delete_: number,"),
        "{gated}"
    );
    assert!(!gated.contains("delete("), "{gated}");

    fixture.stubs(".", "-F admin");
    assert!(fixture.text("gated.ts").contains("delete(options?: CallOptions)"));
    assert_eq!(fixture.run(".", "--check").status.code(), Some(3));

    let output = fixture.run(".", "-F bad");
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    for problem in [
        "`odd::bad::Strange` has no TypeScript form: Strange cannot be written (used by channel Bad, src/lib.rs:",
        "`Same` is both odd::bad::one::Same and odd::bad::two::Same; give one another TypeScript name",
    ] {
        assert!(said.contains(problem), "{said}");
    }
}

/// A program without a test harness must not be started.
#[test]
fn programs_with_a_harness_of_their_own_are_not_started() {
    let main = "#[glue::channel]\ntrait Chat {\n    async fn post(&self);\n}\n\
                fn main() {\n    std::fs::write(\"was-started\", \"\").expect(\"a folder to write to\");\n}\n";
    let manifest = format!("{LONE}\n[[bin]]\nname = \"harness\"\npath = \"src/main.rs\"\nharness = false\n");
    let fixture = Fixture::new("harness", &[("Cargo.toml", &manifest), ("src/main.rs", main)]);

    let output = fixture.run(".", "");

    assert!(output.status.success(), "{}", stderr(&output));
    assert!(
        stderr(&output)
            .contains("no #[glue::channel] trait found in bin harness of package harness (targets with"),
        "{}",
        stderr(&output)
    );
    assert!(!fixture.0.join("was-started").exists());
}
