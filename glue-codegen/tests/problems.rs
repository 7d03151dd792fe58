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
