//! What the generator refuses, and what it says.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests are outside of test functions"
)]

use glue::schema::{ArgSchema, ChannelSchema, MethodKind, MethodSchema, TypeSchema};
use glue_codegen::{Options, Problem, Problems, generate};

fn channel(name: &str, wire: &str) -> ChannelSchema {
    ChannelSchema {
        krate: "demo".into(),
        module: "demo::api".into(),
        name: name.into(),
        channel: wire.into(),
        docs: vec![],
        file: "src/api.rs".into(),
        line: 3,
        errors: vec![],
        methods: vec![],
        types: vec![],
    }
}

fn method(name: &str, kind: MethodKind, args: &[&str]) -> MethodSchema {
    let arg = |name: &&str| ArgSchema {
        name: (*name).into(),
        ty: "string".into(),
        rust: String::new(),
        optional: false,
        stream: false,
    };
    let args = args.iter().map(arg).collect();
    MethodSchema {
        name: name.into(),
        docs: vec![],
        kind,
        args,
        ret: None,
        ret_rust: None,
        err: None,
        err_rust: None,
        idempotent: false,
        resume_from: None,
    }
}

fn ty(ident: &str, path: &str, decl: &str) -> TypeSchema {
    TypeSchema {
        ident: ident.into(),
        path: path.into(),
        decl: decl.into(),
        docs: vec![],
        model: None,
    }
}

fn problems(channels: &[ChannelSchema]) -> Vec<String> {
    let problems = generate(channels, &Options::default()).unwrap_err();
    problems.0.iter().map(Problem::to_string).collect()
}

#[test]
fn types_of_one_name_in_two_channels_clash() {
    let (mut a, mut b) = (channel("A", "a"), channel("B", "b"));
    a.types.push(ty("Same", "demo::a::Same", "type Same = string;"));
    b.types.push(ty("Same", "demo::b::Same", "type Same = number;"));

    assert_eq!(
        problems(&[a, b]),
        ["`Same` is both demo::a::Same and demo::b::Same; \
          give one another TypeScript name: #[ts(rename = \"…\")]"]
    );
}

#[test]
fn a_type_that_two_channels_share_is_written_once() {
    let (mut a, mut b) = (channel("A", "a"), channel("B", "b"));
    a.types.push(ty("Same", "demo::Same", "type Same = string;"));
    b.types.push(ty("Same", "demo::Same", "type Same = string;"));

    let files = generate(&[a, b], &Options::default()).unwrap();

    let types = files.iter().find(|file| file.path == "types.ts").unwrap();
    assert_eq!(types.text.matches("export type Same").count(), 1);
}

#[test]
fn a_type_and_a_channel_of_one_name_clash() {
    let mut chat = channel("Chat", "chat");
    chat.types
        .push(ty("Chat", "demo::model::Chat", "type Chat = string;"));

    assert_eq!(
        problems(&[chat]),
        [
            "`Chat` is both demo::model::Chat and the channel demo::api::Chat (src/api.rs:3); rename one of them"
        ]
    );
}

#[test]
fn names_of_the_runtime_and_of_the_language_are_taken() {
    let mut chat = channel("Chat", "chat");
    chat.types.push(ty("Rpc", "demo::Rpc", "type Rpc = string;"));
    chat.types
        .push(ty("Socket", "demo::Socket", "type Socket = string;"));
    chat.types
        .push(ty("Promise", "demo::Promise", "type Promise = string;"));

    let problems = problems(&[chat]);

    assert!(
        problems[0].starts_with("`Rpc` is both a name of the Glue runtime"),
        "{problems:?}"
    );
    assert!(
        problems[1].starts_with("`Socket` is both a name of the Glue runtime"),
        "{problems:?}"
    );
    assert!(
        problems[2].starts_with("the type demo::Promise can't be named `Promise`"),
        "{problems:?}"
    );
    assert_eq!(problems.len(), 3);
}

#[test]
fn a_type_must_not_hide_what_empty_objects_are_written_with() {
    let mut chat = channel("Chat", "chat");
    chat.types
        .push(ty("Record", "demo::Record", "type Record = string;"));

    let [clash, traits] = [problems(&[chat]), problems(&[channel("Record", "record")])];

    assert!(
        clash[0].starts_with("the type demo::Record can't be named `Record`"),
        "{clash:?}"
    );
    assert!(traits[0].contains("can't be named `Record`"), "{traits:?}");
}

#[test]
fn fields_must_differ_in_the_style_of_their_type() {
    let mut chat = channel("Chat", "chat");
    let decl = "type Row = { items: Array<{ id: string, id: number, }>, };";
    chat.types.push(ty("Row", "demo::Row", decl));

    assert_eq!(
        problems(&[chat]),
        ["`id` is both a field of demo::Row and a field of demo::Row; \
          give one another name: #[serde(rename = \"…\")]"]
    );
}

#[test]
fn the_options_of_a_call_step_around_its_parameters() {
    let mut chat = channel("Chat", "chat");
    chat.methods
        .push(method("set", MethodKind::Call, &["options", "call_options"]));

    let files = generate(&[chat], &Options::default()).unwrap();

    let stub = files.iter().find(|file| file.path == "chat.ts").unwrap();
    assert!(
        stub.text
            .contains("options: string, callOptions: string, callOptions_?: CallOptions"),
        "{}",
        stub.text
    );
}

#[test]
fn channels_need_names_and_files_of_their_own() {
    let one = |name, wire, line| ChannelSchema {
        line,
        ..channel(name, wire)
    };

    let wires = problems(&[one("A", "same", 1), one("B", "same", 2)]);
    let files = problems(&[one("A", "chat_room", 1), one("B", "chat.room", 2)]);
    let traits = problems(&[one("A", "a", 1), one("A", "b", 2)]);
    let index = problems(&[one("A", "types", 1)]);

    assert!(
        wires[0].starts_with("`same` is both the channel demo::api::A (src/api.rs:1) and the channel"),
        "{wires:?}"
    );
    assert!(
        files[0].starts_with("`chat-room` is both the channel demo::api::"),
        "{files:?}"
    );
    assert!(
        traits[0].starts_with("`A` is both the channel demo::api::A (src/api.rs:1) and"),
        "{traits:?}"
    );
    assert!(
        index[0].contains("can't be named `types` in TypeScript; give one another name: #[glue"),
        "{index:?}"
    );
    assert_eq!([wires.len(), files.len(), traits.len(), index.len()], [1; 4]);
}

#[test]
fn a_module_in_library_and_binary_is_one_channel() {
    let in_bin = ChannelSchema {
        module: "server::api".into(),
        ..channel("Chat", "chat")
    };

    let files = generate(&[channel("Chat", "chat"), in_bin], &Options::default()).unwrap();

    assert!(files.iter().any(|file| file.path == "chat.ts"));
}

#[test]
fn methods_and_parameters_must_differ_in_camel_case_too() {
    let mut chat = channel("Chat", "chat");
    chat.methods
        .push(method("set_name", MethodKind::Call, &["user_id", "userId"]));
    chat.methods
        .push(method("setName", MethodKind::Notification, &[]));

    assert_eq!(
        problems(&[chat]),
        [
            "`userId` is both the parameter `user_id` of demo::api::Chat::set_name and the parameter `userId` of \
             demo::api::Chat::set_name; rename one of them",
            "`setName` is both the method demo::api::Chat::set_name and the method demo::api::Chat::setName; \
             rename one of them",
        ]
    );
}

#[test]
fn methods_must_not_break_the_class() {
    let mut chat = channel("Chat", "chat");
    chat.methods.push(method("then", MethodKind::Call, &[]));
    chat.methods.push(method("on", MethodKind::Call, &[]));
    chat.methods.push(method("joined", MethodKind::Event, &[]));

    let problems = problems(&[chat]);

    assert_eq!(
        problems[0],
        "demo::api::Chat::then can't be named `then` in TypeScript; rename the method"
    );
    assert!(
        problems[1].starts_with("`on` is both what subscribes to events and the method"),
        "{problems:?}"
    );
}

#[test]
fn types_that_come_with_a_class_have_names_to_themselves() {
    let mut rooms = channel("Rooms", "rooms");
    rooms.methods.push(MethodSchema {
        err: Some("string".into()),
        ..method("post", MethodKind::Call, &[])
    });
    rooms.methods.push(method("joined", MethodKind::Event, &[]));
    rooms.methods.push(method("confirm", MethodKind::ClientCall, &[]));
    for name in [
        "RoomsApi",
        "RoomsErrors",
        "RoomsEvents",
        "RoomsHandlers",
        "FakeRooms",
    ] {
        let (path, decl) = (format!("demo::{name}"), format!("type {name} = string;"));
        rooms.types.push(ty(name, &path, &decl));
    }

    let problems = problems(&[rooms]);

    assert_eq!(
        problems[0],
        "`RoomsApi` is both demo::RoomsApi and a name that comes with the channel demo::api::Rooms (src/api.rs:3); \
         rename one of them"
    );
    // A fake's name is only taken where fakes are asked for.
    let starts = ["`RoomsApi`", "`RoomsErrors`", "`RoomsEvents`", "`RoomsHandlers`"];
    assert_eq!(problems.len(), starts.len(), "{problems:?}");
    assert!(
        problems
            .iter()
            .zip(starts)
            .all(|(problem, start)| problem.starts_with(start)),
        "{problems:?}"
    );
}

#[test]
fn handle_is_taken_where_the_client_has_methods() {
    let mut rooms = channel("Rooms", "rooms");
    rooms.methods.push(method("handle", MethodKind::Call, &[]));
    let before = generate(std::slice::from_ref(&rooms), &Options::default());
    rooms.methods.push(method("confirm", MethodKind::ClientCall, &[]));

    assert!(before.is_ok());
    assert_eq!(
        problems(&[rooms]),
        [
            "`handle` is both what takes the handlers of the client's methods and the method demo::api::Rooms::handle; \
          rename one of them"
        ]
    );
}

#[test]
fn a_fake_has_names_of_its_own() {
    let mut rooms = channel("Rooms", "rooms");
    for name in ["fake", "handle", "on"] {
        rooms.methods.push(method(name, MethodKind::Call, &[]));
    }
    rooms
        .types
        .push(ty("FakeRooms", "demo::FakeRooms", "type FakeRooms = string;"));
    let options = Options {
        fakes: true,
        ..Options::default()
    };

    let Problems(found) = generate(std::slice::from_ref(&rooms), &options).unwrap_err();

    let found: Vec<_> = found.iter().map(Problem::to_string).collect();
    let starts = ["`fake`", "`handle`", "`on`", "`FakeRooms`"];
    assert!(
        found.len() == starts.len()
            && found
                .iter()
                .zip(starts)
                .all(|(found, start)| found.starts_with(start)),
        "{found:?}"
    );
    assert!(generate(&[channel("Rooms", "rooms")], &options).is_ok());
}

/// As a key it would set the prototype of an object.
#[test]
fn events_and_methods_of_the_client_are_not_named_proto() {
    for kind in [MethodKind::Event, MethodKind::ClientCall] {
        let mut rooms = channel("Rooms", "rooms");
        rooms.methods.push(method("__proto__", kind, &[]));

        assert_eq!(
            problems(&[rooms]),
            ["demo::api::Rooms::__proto__ can't be named `__proto__` in TypeScript; rename the method"]
        );
    }
}

#[test]
fn parameters_step_around_the_functions_that_a_method_calls() {
    let mut rooms = channel("Rooms", "rooms");
    let mut upload = method("upload", MethodKind::Call, &["call_with", "chunks"]);
    upload.args[1].stream = true;
    rooms.methods.push(upload);

    let files = generate(&[rooms], &Options::default()).unwrap();

    let stub = files.iter().find(|file| file.path == "rooms.ts").unwrap();
    assert!(
        stub.text
            .contains("return callWith(this.#rpc, \"upload\", { call_with: callWith_ }, chunks, options);"),
        "{}",
        stub.text
    );
}

#[test]
fn what_the_collector_found_is_passed_on() {
    let mut chat = channel("Chat", "chat");
    chat.errors.push("`demo::Flat` has no TypeScript form".into());

    assert_eq!(problems(&[chat]), ["`demo::Flat` has no TypeScript form"]);
}

/// The problems of a channel with these types, each a path and a declaration.
fn problems_of(types: &[&str]) -> Vec<String> {
    let mut chat = channel("Chat", "chat");
    for decl in types {
        let name = decl.trim_start_matches("type ").split([' ', '<']).next().unwrap();
        chat.types.push(ty(name, &format!("demo::{name}"), decl));
    }
    problems(&[chat])
}

fn accepts(types: &[&str]) {
    let mut chat = channel("Chat", "chat");
    for decl in types {
        let name = decl.trim_start_matches("type ").split([' ', '<']).next().unwrap();
        chat.types.push(ty(name, &format!("demo::{name}"), decl));
    }
    generate(&[chat], &Options::default()).unwrap();
}

#[test]
fn keys_of_a_map_must_be_names_of_members() {
    for key in [
        "[number, number]",
        "Point",
        "string | null",
        "Page<string>",
        "bigint",
        "Flag",
        "Uint8Array",
    ] {
        let decl = format!("type A = {{ cells: {{ [key in {key}]: number }}, }};");

        let found = problems_of(&[
            &decl,
            "type Flag = boolean;",
            "type Page<T> = { items: Array<T>, };",
            "type Point = { x: number, };",
        ]);

        assert_eq!(
            found,
            [format!(
                "demo::A holds a map whose keys are `{key}`, which can't be the names of an object's members; \
                 write `Exact<HashMap<…>>` or #[glue(exact)], which makes it a `Map`"
            )]
        );
    }
    assert_eq!(
        problems_of(&["type Table<K> = { rows: { [key in K]: number }, };"]).len(),
        1
    );
    assert_eq!(problems_of(&["type A = Record<Array<string>, number>;"]).len(), 1);

    accepts(&[
        "type A = { a: { [key in string]: 1 }, b: { [key in number]: 1 }, c: { [key in boolean]: 1 }, d: { [key in B]?: 1 }, };",
        "type B = C;",
        "type C = \"x\" | \"y\" | 7;",
        "type D = { [key in `id-${number}`]: 1 };",
        "type E = Record<string, number>;",
        "type F = string & { __brand: \"f\" };",
        "type G = { [key in F]: 1 };",
    ]);
}

#[test]
fn a_map_with_such_keys_is_found_where_a_method_has_it() {
    let mut chat = channel("Chat", "chat");
    let mut set = method("set", MethodKind::Call, &["cells"]);
    set.args[0].ty = "{ [key in [number, number]]: string }".into();
    set.ret = Some("Array<{ [key in Nothing]: string }>".into());
    set.err = Some("Lost".into());
    chat.methods.push(set);

    let found = problems(&[chat]);

    let starts = [
        "the parameter `cells` of demo::api::Chat::set holds a map whose keys are `[number, number]`",
        "the value of demo::api::Chat::set holds a map whose keys are `Nothing`",
        "the value of demo::api::Chat::set names the type `Nothing`, which nothing declares",
        "the error of demo::api::Chat::set names the type `Lost`, which nothing declares",
    ];
    assert_eq!(found.len(), starts.len(), "{found:?}");
    for (found, start) in found.iter().zip(starts) {
        assert!(found.starts_with(start), "{found}");
    }
}

#[test]
fn names_that_nothing_declares_are_refused() {
    assert_eq!(
        problems_of(&["type A = { b: Array<Foo | null>, };"]),
        [
            "demo::A names the type `Foo`, which nothing declares; write `#[ts(as = \"…\")]` with a Rust type that \
             has `#[glue::model]`, or a type of TypeScript itself"
        ]
    );
    assert_eq!(problems_of(&["type A = React.Node;"]).len(), 1);
    assert_eq!(problems_of(&["type A<T> = T | U;"]).len(), 1);

    accepts(&[
        "type A<T, U = string> = { a: T, b: U, c: Partial<Record<string, unknown>>, d: Intl.NumberFormat, };",
        "type B = { a: A<number>, b: A<1, 2>, c: null | true | -1 | 'x', d: object, e: PropertyKey, };",
        "type C = (value: Whatever) => void;",
    ]);
}

#[test]
fn type_arguments_are_counted() {
    assert_eq!(
        problems_of(&[
            "type A = { a: Page, b: Map<string>, c: A<string>, };",
            "type Page<T> = T;"
        ]),
        [
            "demo::A names the type `Page` with 0 type arguments, and it has 1",
            "demo::A names the type `Map` with 1 type arguments, and it has 2",
            "demo::A names the type `A` with 1 type arguments, and it has 0",
        ]
    );
}

#[test]
fn a_type_that_is_itself_is_refused() {
    let circular = |name: &str| {
        format!(
            "demo::{name} is itself with nothing in between, which TypeScript doesn't take; give it a field with a name"
        )
    };

    assert_eq!(problems_of(&["type A = A | null;"]), [circular("A")]);
    assert_eq!(
        problems_of(&["type A = B;", "type B = A | string;"]),
        [circular("A"), circular("B")]
    );
    assert_eq!(
        problems_of(&["type A = Page<A>;", "type Page<T> = { items: Array<T>, };"]),
        [circular("A")]
    );
    assert_eq!(problems_of(&["type A = Record<string, A>;"]), [circular("A")]);

    accepts(&[
        "type A = Array<A>;",
        "type B = [B] | null;",
        "type C = { [key in string]: C };",
        "type D = { d: D | null, };",
        "type E = Map<string, E>;",
        "type F = Page<{ f: F | null }>;",
        "type Page<T> = { items: Array<T>, more: Page<T> | null, };",
    ]);
}

#[test]
fn what_has_to_be_decoded_must_be_readable() {
    for text in [
        "Partial<A>",
        "readonly bigint[]",
        "() => Date",
        "Promise<Map<string, number>>",
        "A[\"id\"]",
    ] {
        let found = problems_of(&[
            "type A = { id: bigint, };",
            &format!("type B = {{ b: {text}, }};"),
        ]);

        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert!(found[0].starts_with("demo::B has the type `"), "{found:?}");
        assert!(
            found[0].contains("can't find what has to be decoded"),
            "{found:?}"
        );
    }

    accepts(&[
        "type A = { id: bigint, };",
        "type B = keyof A;",
        "type C = { a: Array<A>, b: Record<string, A>, c: Partial<D>, };",
        "type D = { d: number, };",
    ]);
}

#[test]
fn what_is_flattened_together_has_members_of_different_names() {
    let clash = |name: &str| {
        format!(
            "`{name}` is both a field of demo::A and a field of what is flattened into it, or its tag; \
             give one another name: #[serde(rename = \"…\")]"
        )
    };

    assert_eq!(
        problems_of(&["type A = { id: number, } & B;", "type B = { id: string, };"]),
        [clash("id")]
    );
    assert_eq!(
        problems_of(&[
            "type A = { \"kind\": \"x\" } & B | { \"kind\": \"y\" };",
            "type B = { kind: string, };"
        ]),
        [clash("kind")]
    );
    accepts(&[
        "type A = { id: number, } & (B | C);",
        "type B = { x: string, };",
        "type C = { x: number, };",
    ]);
}

#[test]
fn what_is_flattened_together_is_objects() {
    let none = |text: &str| {
        format!(
            "demo::A has `{text}` beside the fields of an object (by `flatten`, or behind a tag), where serde writes something else; \
             write a struct, or an enum whose variants all have fields"
        )
    };

    assert_eq!(
        problems_of(&[
            "type A = { id: number, } & B;",
            "type B = \"Unit\" | { \"Full\": number };"
        ]),
        [none("\"Unit\"")]
    );
    assert_eq!(
        problems_of(&["type A = { \"kind\": \"A\" } & B;", "type B = null;"]),
        [none("null")]
    );
    assert_eq!(
        problems_of(&["type A = { \"kind\": \"A\" } & ([number, string]);"]),
        [none("[number, string]")]
    );
    assert_eq!(
        problems_of(&["type A = { id: string, } & { [key in string]: number };"]),
        [
            "demo::A has the map `{ [key: string]: number }` beside other fields (by `flatten`, or behind a tag), which its values \
             would have to include in TypeScript; make the map a field of its own"
        ]
    );
    accepts(&[
        "type A = { id: string, } & { [key in string]: unknown };",
        "type B = string & { __brand: \"b\" };",
        "type C<T> = { id: number, } & T;",
    ]);
}

#[test]
fn what_a_type_argument_brings_beside_fields_is_an_object() {
    let wrap = "type Wrap<T> = { \"kind\": \"A\" } & T | { \"kind\": \"B\", id: number, };";

    assert_eq!(
        problems_of(&[wrap, "type A = Array<Wrap<Unit>>;", "type Unit = null;"]),
        [
            "demo::A has `null` beside the fields of an object (by `flatten`, or behind a tag), where serde writes something else; \
             write a struct, or an enum whose variants all have fields"
        ]
    );
    assert_eq!(
        problems_of(&[wrap, "type A = { a: Wrap<B>, };", "type B = { kind: string, };"]),
        [
            "`kind` is both a field of demo::A and a field of what is flattened into it, or its tag; \
             give one another name: #[serde(rename = \"…\")]"
        ]
    );
    assert_eq!(
        problems_of(&[wrap, "type A = Wrap<{ [key in string]: number }>;"]),
        [
            "demo::A has the map `{ [key: string]: number }` beside other fields (by `flatten`, or behind a tag), which its values \
             would have to include in TypeScript; make the map a field of its own"
        ]
    );
    accepts(&[
        wrap,
        "type A<T> = { a: Wrap<B>, b: Wrap<T>, };",
        "type B = { id: string, };",
        "type C<T> = { own: T, } & B;",
        "type D = C<null>;",
    ]);
}

#[test]
fn names_of_what_is_decoded_are_taken() {
    for name in ["Date", "Map", "Set", "Uint8Array", "bigint"] {
        let found = problems_of(&[&format!("type {name} = string;")]);

        let expected = format!("the type demo::{name} can't be named `{name}` in TypeScript");
        assert!(found.len() == 1 && found[0].starts_with(&expected), "{found:?}");
    }
}

#[test]
fn codecs_have_a_file_and_names_of_their_own() {
    let mut codecs = channel("Codecs", "codecs");
    codecs.types.push(ty(
        "CodecsCodecs",
        "demo::CodecsCodecs",
        "type CodecsCodecs = string;",
    ));
    let mut get = method("get", MethodKind::Call, &["id"]);
    codecs.methods.push(get.clone());
    assert!(generate(std::slice::from_ref(&codecs), &Options::default()).is_ok());

    get.name = "find".into();
    get.args[0].ty = "bigint".into();
    codecs.methods.push(get);

    let found = problems(&[codecs]);

    assert!(
        found[0].starts_with("`codecs` is both the channel demo::api::Codecs"),
        "{found:?}"
    );
    assert!(
        found[1].starts_with("`CodecsCodecs` is both demo::CodecsCodecs and the codecs of"),
        "{found:?}"
    );
    assert_eq!(found.len(), 2);
}

#[test]
fn a_parameter_is_not_named_proto() {
    let mut rooms = channel("Rooms", "rooms");
    rooms
        .methods
        .push(method("set", MethodKind::Call, &["__proto__"]));

    assert_eq!(
        problems(&[rooms]),
        [
            "the parameter `__proto__` of demo::api::Rooms::set can't be named `__proto__` in TypeScript; rename it"
        ]
    );
}

#[test]
fn a_union_says_the_same_once() {
    let mut chat = channel("Chat", "chat");
    chat.types.push(ty(
        "A",
        "demo::A",
        "type A = { a: number | null | null, b: Array<(string | null) | null>, c: null | null, };",
    ));

    let files = generate(&[chat], &Options::default()).unwrap();

    let types = files.iter().find(|file| file.path == "types.ts").unwrap();
    for member in ["a: number | null;", "b: Array<string | null>;", "c: null;"] {
        assert!(types.text.contains(member), "{}", types.text);
    }
}
