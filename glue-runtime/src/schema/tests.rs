use super::*;

fn schema() -> ChannelSchema {
    let arg = |name: &str, ty: &str, optional| ArgSchema {
        name: name.into(),
        ty: ty.into(),
        rust: String::new(),
        optional,
        stream: false,
    };
    ChannelSchema {
        krate: "demo".into(),
        module: "demo::chat".into(),
        name: "Chat".into(),
        channel: "chat".into(),
        docs: vec![" A chat.".into()],
        file: "src/chat.rs".into(),
        line: 7,
        errors: vec![],
        methods: vec![
            MethodSchema {
                name: "post".into(),
                docs: vec![],
                kind: MethodKind::Call,
                args: vec![arg("room", "string", false), arg("text", "string | null", true)],
                ret: Some("number".into()),
                ret_rust: Some("u32".into()),
                err: Some("ChatError".into()),
                err_rust: None,
                idempotent: false,
                resume_from: None,
            },
            MethodSchema {
                name: "typing".into(),
                docs: vec![],
                kind: MethodKind::Notification,
                args: vec![],
                ret: None,
                ret_rust: None,
                err: None,
                err_rust: None,
                idempotent: false,
                resume_from: None,
            },
        ],
        types: vec![TypeSchema {
            ident: "ChatError".into(),
            path: "demo::chat::ChatError".into(),
            decl: "type ChatError = { \"a/*\": string, };".into(),
            docs: vec![],
            model: None,
        }],
    }
}

#[test]
fn json_reads_back_as_the_same_schema() {
    let text = schema().to_json();

    assert!(
        text.starts_with("{\n  \"v\": 3,\n  \"crate\": \"demo\","),
        "{text}"
    );
    assert_eq!(ChannelSchema::from_json(&text).unwrap(), schema());
}

#[test]
fn another_format_is_refused_before_its_members_are_read() {
    let error = ChannelSchema::from_json(r#"{"v":1,"something":"else"}"#).unwrap_err();

    assert!(matches!(error, SchemaError::Format { found: 1 }));
    assert_eq!(error.to_string(), "schema format 1 instead of 3");
}

#[test]
fn hash_is_stable() {
    assert_eq!(schema().hash(), "1118c2ca243864bb");
}

#[test]
fn hash_ignores_docs_places_and_order() {
    let mut other = schema();
    other.krate = "elsewhere".into();
    other.docs.clear();
    other.line = 99;
    other.methods.reverse();
    other.methods[1].args.reverse();
    other.methods[0].docs.push(" Doc.".into());
    other.types[0].decl =
        "type ChatError = { \n/**\n * Ends with a */ inside.\n */\n\"a/*\": string, };".into();

    assert_eq!(other.hash(), schema().hash());
}

#[test]
fn hash_sees_what_the_wire_shows() {
    let changes: [fn(&mut ChannelSchema); 7] = [
        |schema| schema.channel = "other".into(),
        |schema| schema.methods[0].args[1].stream = true,
        |schema| schema.methods[0].name = "send".into(),
        |schema| schema.methods[0].args[1].optional = false,
        |schema| schema.methods[0].err = None,
        |schema| schema.methods[1].kind = MethodKind::Event,
        |schema| schema.types[0].decl = "type ChatError = string;".into(),
    ];

    for change in changes {
        let mut other = schema();
        change(&mut other);
        assert_ne!(other.hash(), schema().hash(), "{other:?}");
    }
}

/// Methods `a`, `b` and `c`, of which `a` and `b` reach `Inner`: one by itself, the other through `Outer`.
fn nested() -> ChannelSchema {
    let method = |name: &str, kind, ret: &str| MethodSchema {
        name: name.into(),
        docs: vec![],
        kind,
        args: vec![],
        ret: Some(ret.into()),
        ret_rust: None,
        err: None,
        err_rust: None,
        idempotent: false,
        resume_from: None,
    };
    let ty = |ident: &str, decl: &str| TypeSchema {
        ident: ident.into(),
        path: String::new(),
        decl: decl.into(),
        docs: vec![],
        model: None,
    };
    let mut schema = schema();
    schema.methods = vec![
        method("a", MethodKind::Call, "Array<Inner>"),
        method("b", MethodKind::Stream, "Page<Outer>"),
        method("c", MethodKind::ClientCall, "Twin"),
    ];
    schema.types = vec![
        ty("Inner", "type Inner = { parent: Inner | null, };"),
        ty("Outer", "type Outer = { by: { [key in Inner]?: number }, };"),
        ty("Page", "type Page<T> = { items: Array<T>, };"),
        // Names of properties, and what stands in strings and comments, are no types.
        ty(
            "Twin",
            "type Twin = { Inner: \"Inner\", /** Inner */ Outer?: { \"Inner\": null }, };",
        ),
    ];
    schema
}

#[test]
fn a_type_changes_the_hashes_of_the_methods_that_reach_it() {
    let changed = |ident: &str| {
        let mut other = nested();
        let ty = other.types.iter_mut().find(|ty| ty.ident == ident).unwrap();
        ty.decl = ty.decl.replace(" };", " added: boolean, };");
        let (before, after) = (nested().method_hashes(), other.method_hashes());
        let changed = before.keys().filter(|name| before[*name] != after[*name]);
        changed.cloned().collect::<Vec<_>>()
    };

    assert_eq!(changed("Inner"), ["a", "b"]);
    assert_eq!(changed("Outer"), ["b"]);
    assert_eq!(changed("Page"), ["b"]);
    assert_eq!(changed("Twin"), ["c"]);
}

#[test]
fn method_hashes_ignore_docs_and_order_and_the_other_methods() {
    let mut other = nested();
    other.channel = "other".into();
    other.docs.push(" Doc.".into());
    other.methods.reverse();
    other.methods[1].docs.push(" Doc.".into());
    other.types.reverse();
    other.types[3].docs.push(" Doc.".into());
    other.types[3].decl = "type Inner = {\n/**\n * The Twin of it.\n */\nparent: Inner | null, };".into();
    let removed = other.methods.remove(0);

    let mut rest = nested().method_hashes();
    assert!(rest.remove(&removed.name).is_some());
    assert_eq!(other.method_hashes(), rest);
}

#[test]
fn a_method_and_an_event_of_one_name_share_a_hash() {
    let mut shared = nested();
    shared.methods[2].name = "a".into();
    let mut other = shared.clone();
    other.methods.swap(0, 2);

    assert_eq!(shared.method_hashes().len(), 2);
    assert_eq!(shared.method_hashes(), other.method_hashes());
    assert_ne!(shared.method_hashes()["a"], nested().method_hashes()["a"]);
}

#[test]
fn method_hashes_are_stable() {
    let hashes = schema().method_hashes();

    assert_eq!(hashes["post"], "2c494e80ea4cb9b5");
    assert_eq!(hashes["typing"], "9cb69812820f4051");
}

#[test]
fn a_stream_of_items_is_marked_in_the_json_and_no_other_parameter_is() {
    let mut schema = schema();
    schema.methods[0].args[1].stream = true;
    schema.methods[1].kind = MethodKind::ClientCall;

    let text = schema.to_json();

    assert_eq!(text.matches("\"stream\"").count(), 1);
    assert!(text.contains("\"kind\": \"client_call\""), "{text}");
    assert_eq!(ChannelSchema::from_json(&text).unwrap(), schema);
}

#[cfg(feature = "macros")]
mod collecting {
    use std::collections::HashMap;

    use ts_rs::TS;

    use super::*;
    use crate::schema::collect::{Channel, Collector, collect, emit, file_name};

    fn channel(describe: fn(&mut Collector)) -> Channel {
        let (krate, module, name, channel) = ("demo", "demo::chat", "Chat", "chat");
        Channel {
            krate,
            module,
            name,
            channel,
            docs: &[" A chat."],
            file: "src\\chat.rs",
            line: 7,
            describe,
        }
    }

    fn idents(schema: &ChannelSchema) -> Vec<&str> {
        schema.types.iter().map(|ty| ty.ident.as_str()).collect()
    }

    fn decl<'a>(schema: &'a ChannelSchema, ident: &str) -> &'a str {
        &schema.types.iter().find(|ty| ty.ident == ident).unwrap().decl
    }

    /// A line.
    /// Another.
    #[derive(TS)]
    #[allow(dead_code, reason = "only described")]
    struct Message {
        id: u64,
        tags: Vec<Tag>,
        by_tag: HashMap<Tag, i128>,
    }

    #[derive(TS)]
    #[allow(dead_code, reason = "only described")]
    enum Tag {
        Red,
        Blue,
    }

    #[derive(TS)]
    #[allow(dead_code, reason = "only described")]
    struct Page<T> {
        items: Vec<T>,
    }

    #[derive(TS)]
    #[allow(dead_code, reason = "only described")]
    struct Tree {
        children: Vec<Self>,
        parent: Option<Box<Self>>,
    }

    mod twin {
        /// Another text.
        #[derive(ts_rs::TS)]
        #[allow(dead_code, reason = "only described")]
        pub(super) enum Tag {
            Red,
            Blue,
        }
    }

    mod other {
        #[derive(ts_rs::TS)]
        pub(super) struct Tag(#[allow(dead_code, reason = "only described")] bool);
    }

    #[derive(TS)]
    #[allow(dead_code, reason = "only described")]
    struct FlatOption {
        #[ts(flatten)]
        inner: Option<Message>,
    }

    #[derive(TS)]
    #[ts(repr(enum))]
    #[allow(dead_code, reason = "only described")]
    enum Level {
        Low,
        High,
    }

    #[test]
    fn method_types_and_what_they_reach_are_described() {
        let schema = collect(&channel(|c| {
            let args = vec![
                c.shape::<String>().arg("room"),
                c.shape::<Option<u32>>().arg("limit"),
            ];
            let ret = c.shape::<Vec<Message>>();
            c.method(
                "history",
                &[" Old lines."],
                MethodKind::Call,
                args,
                Some(ret),
                None,
            );
        }));

        assert_eq!(schema.errors, [""; 0]);
        let method = &schema.methods[0];
        assert_eq!(method.ret.as_deref(), Some("Array<Message>"));
        assert_eq!(
            (method.args[0].ty.as_str(), method.args[0].optional),
            ("string", false)
        );
        assert_eq!(
            (method.args[1].ty.as_str(), method.args[1].optional),
            ("number | null", true)
        );
        assert_eq!(idents(&schema), ["Message", "Tag"]);
        assert!(schema.types[0].path.ends_with("::collecting::Message"));
        assert_eq!(schema.types[0].docs, [" A line.", " Another."]);
        assert_eq!(schema.file, "src/chat.rs");
    }

    #[test]
    fn streamed_items_are_described_by_their_own_type() {
        let schema = collect(&channel(|c| {
            let args = vec![c.shape::<Tag>().items("tags")];
            c.method("upload", &[], MethodKind::Call, args, None, None);
        }));

        let [tags] = schema.methods[0].args.as_slice() else {
            panic!("{:?}", schema.methods)
        };
        assert_eq!(
            (tags.ty.as_str(), tags.stream, tags.optional),
            ("Tag", true, false)
        );
        assert_eq!(idents(&schema), ["Tag"]);
    }

    #[test]
    fn large_integers_are_numbers() {
        let schema = collect(&channel(|c| {
            c.shape::<Message>();
        }));

        assert!(decl(&schema, "Message").contains("id: number,"));
        assert!(decl(&schema, "Message").contains("{ [key in Tag]?: number }"));
    }

    #[test]
    fn unit_is_null_and_left_to_the_printer() {
        collect(&channel(|c| assert_eq!(c.shape::<()>().ty, "null")));
    }

    #[test]
    fn instances_of_a_generic_type_share_a_declaration() {
        let schema = collect(&channel(|c| {
            assert_eq!(c.shape::<Page<Message>>().ty, "Page<Message>");
            assert_eq!(c.shape::<Page<Page<u8>>>().ty, "Page<Page<number>>");
        }));

        assert_eq!(schema.errors, [""; 0]);
        assert_eq!(idents(&schema), ["Message", "Page", "Tag"]);
        assert_eq!(decl(&schema, "Page"), "type Page<T> = { items: Array<T>, };");
        assert!(!schema.types[1].path.contains('<'));
    }

    #[test]
    fn recursive_types_end() {
        let schema = collect(&channel(|c| {
            c.shape::<Option<Tree>>();
        }));

        assert_eq!(idents(&schema), ["Tree"]);
    }

    #[test]
    fn two_types_of_one_name_are_reported() {
        let schema = collect(&channel(|c| {
            c.shape::<Tag>();
            c.shape::<other::Tag>();
        }));

        let [error] = schema.errors.as_slice() else {
            panic!("{:?}", schema.errors)
        };
        assert!(error.starts_with("`Tag` is both "), "{error}");
        assert!(error.contains("::collecting::Tag and "), "{error}");
        assert!(
            error.contains("::collecting::other::Tag; give one another"),
            "{error}"
        );
        assert!(
            error.ends_with("(used by channel Chat, src\\chat.rs:7)"),
            "{error}"
        );
    }

    #[test]
    fn of_equal_declarations_the_same_one_stays_whichever_comes_first() {
        let first = collect(&channel(|c| {
            c.shape::<Tag>();
            c.shape::<twin::Tag>();
        }));
        let second = collect(&channel(|c| {
            c.shape::<twin::Tag>();
            c.shape::<Tag>();
        }));

        assert_eq!(first.errors, [""; 0]);
        assert_eq!(first.types, second.types);
    }

    #[test]
    fn a_type_without_typescript_form_is_reported() {
        let schema = collect(&channel(|c| {
            c.shape::<FlatOption>();
            c.shape::<Tree>();
        }));

        let [error] = schema.errors.as_slice() else {
            panic!("{:?}", schema.errors)
        };
        assert!(error.contains("FlatOption` has no TypeScript form: "), "{error}");
        assert!(
            error.contains("cannot be flattened (used by channel Chat"),
            "{error}"
        );
        assert!(idents(&schema).contains(&"Tree"));
    }

    #[test]
    fn an_enum_declaration_becomes_an_alias() {
        let schema = collect(&channel(|c| {
            c.shape::<Level>();
        }));

        assert_eq!(decl(&schema, "Level"), "type Level = 0 | 1;");
    }

    #[test]
    fn traits_of_one_name_are_written_to_files_of_their_own() {
        let library = schema();
        let changes: [fn(&mut ChannelSchema); 3] = [
            |schema| schema.channel = "other".into(),
            |schema| schema.file = "src/main.rs".into(),
            |schema| schema.line = 8,
        ];

        assert!(file_name(&library).starts_with("demo.demo.chat.Chat@"));
        for change in changes {
            let mut binary = library.clone();
            change(&mut binary);
            assert_ne!(file_name(&binary), file_name(&library), "{binary:?}");
        }
    }

    #[test]
    fn nothing_is_written_outside_glue_codegen() {
        emit(&channel(|_| panic!("described")));
    }
}

#[cfg(feature = "macros")]
mod facts {
    use crate::schema::{ModelSchema, collect};

    #[test]
    fn types_are_named_without_paths() {
        let cases = [
            ("alloc::string::String", "String"),
            ("core::option::Option<alloc::vec::Vec<u32>>", "Option<Vec<u32>>"),
            ("(u8, a::b::C<[u16; 4]>)", "(u8, C<[u16; 4]>)"),
            ("std::collections::HashMap<a::B, c::D>", "HashMap<B, D>"),
        ];
        for (path, name) in cases {
            assert_eq!(collect::without_paths(path), name);
        }
    }

    #[test]
    fn the_last_line_of_the_docs_may_describe_the_model() {
        let comment = "/**\n * A person.\n *glue::model {\"deny_unknown_fields\":true}\n */\n";

        let (docs, model) = collect::docs_of_comment(comment);

        assert_eq!(docs, [" A person."]);
        let deny_unknown_fields = true;
        assert_eq!(
            model,
            Some(ModelSchema {
                deny_unknown_fields,
                ..ModelSchema::default()
            })
        );
    }
}
