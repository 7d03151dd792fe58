//! What the command writes beside the client: a reference, an AsyncAPI document, options for TanStack Query.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests are outside of test functions"
)]

mod support;

use support::{APP, Fixture, error, schema};

const SETTINGS: &str = "[package.metadata.glue]\nout = \"web\"\nreference = [\"docs/api.md\", \"docs/api.html\"]\n\
                        asyncapi = \"asyncapi.json\"\ntanstack = \"vue\"\n";

#[test]
fn documents_are_written_where_the_settings_say_and_are_part_of_check() {
    let fixture = Fixture::app(SETTINGS);

    let said = fixture.says("app", "", 0);
    assert!(said.contains("glue-codegen: wrote docs/api.md\n"), "{said}");
    assert!(fixture.text("app/docs/api.md").contains("### post"));
    assert!(fixture.text("app/docs/api.html").contains("id=\"Chat.post\""));
    assert!(fixture.text("app/asyncapi.json").contains("\"chat.post\""));
    assert!(
        fixture
            .text("app/web/runtime/tanstack.ts")
            .contains("\"@tanstack/vue-query\"")
    );

    let said = fixture.says("app", "--check", 0);
    assert!(said.ends_with("web is up to date\n"), "{said}");

    // Line ends may be the platform's.
    for path in ["docs/api.md", "docs/api.html", "asyncapi.json"] {
        let path = format!("app/{path}");
        let text = fixture.text(&path).replace('\n', "\r\n");
        fixture.write(&path, &text);
    }
    fixture.says("app", "--check", 0);

    let text = fixture.text("app/docs/api.html").replace("post", "most");
    fixture.write("app/docs/api.html", &text);
    let said = fixture.says("app", "--check", 3);
    assert!(
        said.ends_with("docs/api.html is not up to date; run glue-codegen without --check\n"),
        "{said}"
    );
    assert!(!said.contains("api.md"), "{said}");

    fixture.write("app/src/chat.json", &schema("say"));
    fixture.says("app", "", 0);
    assert!(fixture.text("app/docs/api.html").contains("id=\"Chat.say\""));
    fixture.says("app", "--check", 0);
}

#[test]
fn flags_ask_for_documents_too() {
    let fixture = Fixture::app("[package.metadata.glue]\nout = \"web\"\nreference = \"settings.md\"\n");

    fixture.says("app", "--reference flag.html --asyncapi flag.json --tanstack", 0);

    let names = fixture.names("app");
    assert!(
        names.contains(&"flag.html".to_owned()) && names.contains(&"flag.json".to_owned()),
        "{names:?}"
    );
    assert!(!names.contains(&"settings.md".to_owned()), "{names:?}");
    assert!(
        fixture
            .text("app/web/runtime/tanstack.ts")
            .contains("\"@tanstack/react-query\"")
    );

    for flag in ["--tanstack=solid", "--tanstack vue"] {
        fixture.says("app", &format!("--reference flag.html {flag}"), 0);
        let text = fixture.text("app/web/runtime/tanstack.ts");
        let library = flag.rsplit(['=', ' ']).next().unwrap();
        assert!(text.contains(&format!("\"@tanstack/{library}-query\"")), "{flag}");
    }

    // What isn't asked for any more is removed from the client.
    fixture.says("app", "--reference flag.html", 0);
    assert!(!fixture.names("app/web").contains(&"chat.query.ts".to_owned()));
}

#[test]
fn foreign_documents_are_never_written_over() {
    for (path, text) in [
        ("docs/api.md", "# Mine\n"),
        ("docs/api.html", "<!doctype html>\n<title>Mine</title>\n"),
        ("asyncapi.json", "{\n  \"asyncapi\": \"3.0.0\"\n}\n"),
    ] {
        let fixture = Fixture::app(SETTINGS);
        let path = format!("app/{path}");
        fixture.write(&path, text);

        let said = fixture.says("app", "", 1);

        assert!(
            error(&said).ends_with(
                "was not written by glue-codegen and is in the way; move it or choose another path"
            ),
            "{said}"
        );
        assert_eq!(fixture.text(&path), text);
        assert!(
            !fixture.names("app").contains(&"web".to_owned()),
            "nothing else is written either"
        );
    }
}

#[test]
fn documents_of_no_known_kind_are_refused_before_the_build() {
    let fixture = Fixture::app("");
    // It can't be built, which nobody gets to know.
    fixture.write("app/src/lib.rs", "?");

    let said = fixture.says("app", "--out web --reference api.pdf", 2);
    assert_eq!(
        error(&said),
        "a reference is Markdown or HTML: api.pdf must end with .md or .html"
    );
    for path in ["api.yaml", "api"] {
        let said = fixture.says("app", &format!("--out web --asyncapi {path}"), 2);
        assert_eq!(
            error(&said),
            format!("an AsyncAPI document is JSON here: {path} must end with .json")
        );
    }

    fixture.write(
        "app/Cargo.toml",
        &format!("{APP}[package.metadata.glue]\nout = \"web\"\ntanstack = \"ember\"\n"),
    );
    let said = fixture.says("app", "", 2);
    assert!(
        error(&said).ends_with("`tanstack` must be true, false or the name of a library, not `\"ember\"`"),
        "{said}"
    );
}
