//! The command as users meet it: settings, exit codes, messages.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests are outside of test functions"
)]

mod support;

use std::{fs, process::Command};

use support::{APP, Fixture, error, schema};

#[test]
fn with_settings_in_cargo_toml_no_flags_are_needed() {
    let fixture =
        Fixture::app("[package.metadata.glue]\nout = \"web/generated\"\nemit = \"js\"\nfakes = true\n");

    // Paths are relative to Cargo.toml, wherever one is.
    let said = fixture.says("app/src", "", 0);
    assert!(said.contains("glue-codegen: 1 channel, "), "{said}");
    let names = fixture.names("app/web/generated");
    assert!(
        names.contains(&"chat.js".to_owned()) && names.contains(&"chat.fake.d.ts".to_owned()),
        "{names:?}"
    );

    let said = fixture.says("app", "--check", 0);
    assert!(
        said.ends_with("glue-codegen: web/generated is up to date\n"),
        "{said}"
    );
    fixture.write("app/src/chat.json", &schema("say"));
    let said = fixture.says("app", "--check", 3);
    assert!(said.contains("~ chat.js\n"), "{said}");
    assert!(fixture.text("app/web/generated/chat.js").contains("post("));
}

#[test]
fn flags_go_before_the_package_and_the_package_before_the_workspace() {
    let package = |name: &str, settings: &str| {
        APP.replace("app", name)
            .replace("[workspace]", "")
            .replace("../runtime", "../../runtime")
            + settings
    };
    let fixture = Fixture::new(&[
        (
            "all/Cargo.toml",
            "[workspace]\nresolver = \"3\"\nmembers = [\"one\", \"two\"]\n\
             [workspace.metadata.glue]\nout = \"all\"\nemit = \"js\"\npackage = \"two\"\n",
        ),
        (
            "all/one/Cargo.toml",
            &package("one", "[package.metadata.glue]\nout = \"own\"\n"),
        ),
        ("all/one/src/lib.rs", "$CHANNEL"),
        ("all/one/src/chat.json", &schema("first")),
        ("all/two/Cargo.toml", &package("two", "")),
        ("all/two/src/lib.rs", "$CHANNEL"),
        ("all/two/src/chat.json", &schema("second")),
    ]);

    fixture.says("all", "", 0);
    assert!(fixture.text("all/all/chat.js").contains("second("));

    fixture.says("all/one", "-p one", 0);
    assert!(fixture.text("all/one/own/chat.js").contains("first("));

    fixture.says("all/one", "-p one --out flag --emit ts", 0);
    assert!(fixture.text("all/one/flag/chat.ts").contains("first("));
}

#[test]
fn folders_may_have_any_name() {
    for folder in ["über", "日本 1", "a b#c"] {
        let manifest = format!("{APP}[package.metadata.glue]\nout = \"web\"\n");
        let fixture = Fixture::new(&[
            (&format!("{folder}/Cargo.toml"), &manifest),
            (&format!("{folder}/src/lib.rs"), "$CHANNEL"),
            (&format!("{folder}/src/chat.json"), &schema("post")),
        ]);

        fixture.says(folder, "", 0);

        assert!(fixture.text(&format!("{folder}/web/chat.ts")).contains("post("));
        fixture.says(folder, "--check", 0);
    }
}

#[test]
fn mistakes_in_settings_name_the_key_and_the_file() {
    let cases = [
        ("outt = \"web\"", "unknown key `outt`; there are out, emit, "),
        ("out = 7", "`out` must be a path, not `7`"),
        ("emit = \"py\"", "`emit` must be \"ts\" or \"js\", not `\"py\"`"),
        (
            "out = \"web\"\nfakes = \"yes\"",
            "`fakes` must be true or false, not `\"yes\"`",
        ),
        (
            "features = [1]",
            "`features` must be a string or a list of strings, not `[1]`",
        ),
    ];
    let fixture = Fixture::app("");
    for (settings, message) in cases {
        fixture.write(
            "app/Cargo.toml",
            &format!("{APP}[package.metadata.glue]\n{settings}\n"),
        );

        let said = fixture.says("app", "", 2);

        let start = "$ROOT/app/Cargo.toml: [package.metadata.glue]: ";
        assert!(error(&said).starts_with(&format!("{start}{message}")), "{said}");
    }
    fixture.write(
        "app/Cargo.toml",
        &format!("{APP}[workspace.metadata]\nglue = \"web\"\n"),
    );
    assert_eq!(
        error(&fixture.says("app", "", 2)),
        "$ROOT/app/Cargo.toml: [workspace.metadata.glue]: expected a table"
    );
    fixture.write("app/Cargo.toml", APP);
    assert!(error(&fixture.says("app", "", 2)).starts_with("no folder to write to: give --out DIR"));
}

#[test]
fn a_package_without_typed_channels_gets_the_runtime_alone() {
    let fixture = Fixture::app("");
    fixture.write("app/src/lib.rs", "");

    let said = fixture.says("app", "--out web", 0);

    assert!(
        said.contains("warning: no #[glue::channel] trait found in lib app of package app (targets with"),
        "{said}"
    );
    assert_eq!(fixture.names("app/web"), ["index.ts", "runtime"]);

    // What is there already is not lost for a feature that was forgotten.
    fixture.write(
        "app/src/lib.rs",
        "#[cfg(feature = \"rpc\")]\ninclude!(\"channel.rs\");",
    );
    fixture.write("app/src/channel.rs", &fixture.text("runtime/channel.rs"));
    fixture.write("app/Cargo.toml", &format!("{APP}[features]\nrpc = []\n"));
    fixture.says("app", "--out web -F rpc", 0);
    assert!(
        error(&fixture.says("app", "--out web", 1)).starts_with("no #[glue::channel] trait found in lib app")
    );
    assert!(
        error(&fixture.says("app", "--out web", 1))
            .contains(", but there are some in web and glue.lock.json; remove what is there if ")
    );
    assert!(fixture.path("app/web/chat.ts").exists());
    // The contract would be lost just so.
    assert!(
        error(&fixture.says("app", "--out other", 1)).contains(", but there are some in glue.lock.json; ")
    );
    assert!(!fixture.path("app/other").exists());

    // A document alone is named, and nothing that hasn't any.
    fixture.says("app", "--out web -F rpc --asyncapi api.json", 0);
    fs::remove_file(fixture.path("app/glue.lock.json")).unwrap();
    let said = fixture.says("app", "--out other --asyncapi api.json", 1);
    assert!(
        error(&said).contains(", but there are some in api.json; "),
        "{said}"
    );
}

#[test]
fn a_package_that_is_not_there_is_named_before_a_folder_is_missed() {
    let said = Fixture::app("").says("app", "-p nope", 1);

    assert!(error(&said).contains("`nope`"), "{said}");
}

#[test]
fn outside_of_packages_it_says_so() {
    let fixture = Fixture::new(&[("empty/file", "")]);
    // A Cargo.toml above the system's folder for temporary files would be found.
    let said = fixture.says("empty", "--out web", 1);

    assert_eq!(
        error(&said),
        "there is no Cargo.toml in $ROOT/empty or above it; run glue-codegen in a package, or start one with \
         glue-codegen init"
    );
}

#[test]
fn without_cargo_it_says_so() {
    let fixture = Fixture::app("");
    let output = fixture
        .command("app", "--out web")
        .env("CARGO", "/no/cargo")
        .output()
        .unwrap();

    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        error(&said).starts_with("cargo was not found; install Rust"),
        "{said}"
    );
}

#[test]
fn a_runtime_of_another_version_is_named_with_the_command_that_helps() {
    let app = |version: &str, schema: &str| {
        let files = [
            ("app/Cargo.toml", APP),
            ("app/src/lib.rs", "$CHANNEL"),
            ("app/src/chat.json", schema),
        ];
        Fixture::with_runtime(version, &files)
    };
    let own = env!("CARGO_PKG_VERSION");

    let said = app("9.4.2", r#"{"v":99}"#).says("app", "--out web", 1);
    assert_eq!(
        error(&said).lines().next(),
        Some(
            format!(
                "glue-codegen {own} does not fit glue-runtime 9.4.2, which `app` uses; install the same version: \
                 cargo install --locked glue-codegen --version 9.4.2"
            )
            .as_str()
        )
    );

    let said = app(own, r#"{"v":99}"#).says("app", "--out web", 1);
    assert!(
        error(&said).contains("is older or newer than the glue-runtime"),
        "{said}"
    );

    let said = app("9.4.2", &schema("post")).says("app", "--out web", 0);
    assert!(
        said.contains(&format!(
            "warning: this glue-codegen is {own}, but glue-runtime is 9.4.2; "
        )),
        "{said}"
    );
}

#[test]
fn folders_that_cannot_be_written_to_are_named() {
    let fixture = Fixture::app("");
    fixture.write("app/file", "");
    assert_eq!(
        error(&fixture.says("app", "--out file", 1)),
        "file is a file, and not a folder to write to"
    );
    let said = fixture.says("app", "--out file/web", 1);
    assert!(error(&said).starts_with("file/web/"), "{said}");
    assert!(error(&said).contains("\n  because: "), "{said}");

    fs::create_dir_all(fixture.path("app/web/chat.ts")).unwrap();
    let said = fixture.says("app", "--out web", 1);
    assert!(error(&said).starts_with("web/chat.ts\n  because: "), "{said}");
}

/// Even root can't write there.
#[cfg(target_os = "linux")]
#[test]
fn a_read_only_folder_is_named() {
    let said = Fixture::app("").says("app", "--out /proc/self/glue", 1);

    assert!(
        error(&said).starts_with("/proc/self/glue/chat.ts\n  because: "),
        "{said}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_and_leaves_nothing_half_written() {
    let fixture = Fixture::app("");
    fs::create_dir(fixture.path("app/web")).unwrap();
    std::os::unix::fs::symlink("/dev/full", fixture.path("app/web/chat.ts.glue-codegen-new")).unwrap();

    let said = fixture.says("app", "--out web", 1);

    assert!(
        error(&said).starts_with("web/chat.ts\n  because: No space left on device"),
        "{said}"
    );
    assert!(!fixture.path("app/web/chat.ts").exists());
    fixture.says("app", "--out web", 0);

    let lock = fixture.text("app/glue.lock.json");
    fixture.write("app/src/chat.json", &schema("say"));
    std::os::unix::fs::symlink("/dev/full", fixture.path("app/glue.lock.json.glue-codegen-new")).unwrap();
    let said = fixture.says("app", "--out web", 1);

    assert!(
        error(&said).contains("glue.lock.json\n  because: No space left on device"),
        "{said}"
    );
    assert_eq!(fixture.text("app/glue.lock.json"), lock);
}

/// The harness has to run here, whatever the configuration builds for.
#[test]
fn a_configured_target_is_not_that_of_the_harness() {
    let fixture = Fixture::app("");
    fixture.write(
        "app/.cargo/config.toml",
        "[build]\ntarget = \"wasm32-unknown-unknown\"\n",
    );

    let said = fixture.says("app", "--out web", 0);

    assert!(said.contains("1 channel, "), "{said}");
}

#[test]
fn foreign_files_are_neither_overwritten_nor_removed() {
    let fixture = Fixture::app("");
    fixture.write("app/web/chat.ts", "// mine\n");
    fixture.write("app/web/other.ts", "// mine, too\n");

    assert_eq!(
        error(&fixture.says("app", "--out web", 1)),
        "web/chat.ts was not written by glue-codegen and is in the way; move it or choose another --out folder"
    );
    assert_eq!(fixture.names("app/web"), ["chat.ts", "other.ts"]);

    fs::remove_file(fixture.path("app/web/chat.ts")).unwrap();
    fixture.says("app", "--out web", 0);
    assert_eq!(fixture.text("app/web/other.ts"), "// mine, too\n");
    assert_eq!(
        fixture.names("app/web"),
        ["chat.ts", "index.ts", "other.ts", "runtime"]
    );
}

#[test]
fn colours_are_for_terminals_and_for_who_asks() {
    let fixture = Fixture::app("");
    let run = |command: &mut Command| {
        let output = command.env("TERM", "xterm").output().unwrap();
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    };
    let mut command = fixture.command("app", "");
    command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");

    assert!(!run(&mut command).contains('\u{1b}'));
    assert!(run(command.env("CLICOLOR_FORCE", "1")).contains("\u{1b}["));

    #[cfg(target_os = "linux")]
    {
        // A terminal for the command; it shows all on its standard output.
        let mut terminal = Command::new("script");
        terminal.args([
            "--quiet",
            "--command",
            env!("CARGO_BIN_EXE_glue-codegen"),
            "/dev/null",
        ]);
        terminal.current_dir(fixture.path("app"));
        terminal.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
        assert!(run(&mut terminal).contains("\u{1b}[31merror"));
        assert!(run(terminal.env("NO_COLOR", "1")).contains("glue-codegen: error: no folder"));
    }
}

#[test]
fn quiet_says_nothing_and_verbose_shows_the_commands() {
    let fixture = Fixture::app("");

    assert_eq!(fixture.says("app", "--out web --quiet", 0), "");
    let said = fixture.says("app", "--out web --verbose", 0);
    assert!(said.contains("cargo test --no-run"), "{said}");
}

#[test]
fn completions_are_scripts_of_their_shells() {
    let script = |shell: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_glue-codegen"));
        let output = command.args(["completions", shell]).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };

    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = script(shell);
        for word in ["manifest-path", "completions", "init", "watch"] {
            assert!(script.contains(word), "{shell} lacks {word}");
        }
    }
    #[cfg(unix)]
    {
        let mut bash = Command::new("bash");
        let status = bash.args(["-n", "-c", &script("bash")]).status();
        assert!(status.unwrap().success());
    }
}

#[test]
fn init_keeps_what_is_there_and_joins_a_workspace() {
    let fixture = Fixture::new(&[
        ("all/Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = []\n"),
        ("all/old/web/main.js", "// mine\n"),
    ]);

    let said = fixture.says("all", "init old --runtime-path ../runtime", 1);
    assert_eq!(
        error(&said),
        "old/web/main.js is there already; choose a folder without it"
    );
    assert_eq!(fixture.names("all/old"), ["web"]);
    let said = fixture.says("all", "init new --runtime-path ..", 1);
    assert_eq!(
        error(&said),
        ".. has no glue-runtime; --runtime-path takes a clone of Glue, or the folder glue-runtime in it"
    );

    // The runtime here has no macros, so the server can't be built; the project is there all the same.
    let said = fixture.says("all", "init new --name hello --runtime-path ../runtime", 1);
    assert!(said.contains("glue-codegen: set up hello in new\n"), "{said}");
    assert!(
        said.contains("warning: the project is set up, but its client is not written"),
        "{said}"
    );
    assert!(fixture.text("all/Cargo.toml").contains("members = [\"new\"]"));
    let manifest = fixture.text("all/new/Cargo.toml");
    assert!(
        manifest.contains("name = \"hello\"") && manifest.contains("path = \"../../runtime\""),
        "{manifest}"
    );
    assert!(
        fixture
            .text("all/new/web/index.html")
            .contains("<title>hello</title>")
    );
    assert_eq!(fixture.text("all/new/.gitignore"), "/target\n");
    assert!(
        fixture
            .text("all/new/package.json")
            .contains("\"type\": \"module\"")
    );
    fixture.write("all/mine/package.json", "{}");
    fixture.says("all", "init mine --runtime-path ../runtime", 1);
    assert_eq!(fixture.text("all/mine/package.json"), "{}");
    let said = fixture.says("all", "init mine --emit ts --runtime-path ../runtime", 1);
    assert!(error(&said).contains(" is there already"), "{said}");

    let said = fixture.says("all", "init new", 1);
    assert!(
        error(&said).starts_with("new/web/index.html is there already"),
        "{said}"
    );
}

#[test]
fn init_without_a_runtime_writes_nothing_and_names_the_flag() {
    let fixture = Fixture::new(&[("all/Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = []\n")]);

    // Offline, nothing is published; said twice, as nothing of the first time is in the way.
    for _ in 0..2 {
        let said = fixture.says("all", "init hello", 1);

        assert!(
            error(&said).starts_with("cargo finds no published glue-runtime@0.")
                && error(&said).ends_with("name the folder of a clone: --runtime-path DIR"),
            "{said}"
        );
        assert!(!fixture.path("all/hello").exists());
    }
    assert!(fixture.text("all/Cargo.toml").contains("members = []"));
}

#[test]
fn init_finds_the_runtime_in_a_clone() {
    let fixture = Fixture::new(&[
        (
            "clone/Cargo.toml",
            "[workspace]\nresolver = \"3\"\nmembers = [\"glue-runtime\"]\n",
        ),
        (
            "clone/glue-runtime/Cargo.toml",
            "[package]\nname = \"glue-runtime\"\n",
        ),
        ("clone/glue-runtime/src/lib.rs", ""),
        ("other/Cargo.toml", "[package]\nname = \"other\"\n"),
        ("other/src/lib.rs", ""),
    ]);

    let said = fixture.says(".", "init hello --runtime-path other", 1);
    assert!(error(&said).starts_with("other has no glue-runtime; "), "{said}");
    assert!(!fixture.path("hello").exists());

    // This runtime has no macros, so that there is no client.
    for (name, path) in [("root", "clone"), ("member", "clone/glue-runtime")] {
        let said = fixture.says(".", &format!("init {name} --runtime-path {path}"), 1);

        assert!(
            said.contains(&format!("glue-codegen: set up {name} in {name}\n")),
            "{said}"
        );
        let manifest = fixture.text(&format!("{name}/Cargo.toml"));
        assert!(
            manifest.contains("path = \"../clone/glue-runtime\""),
            "{manifest}"
        );
    }
}
