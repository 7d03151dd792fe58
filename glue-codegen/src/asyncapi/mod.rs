//! An AsyncAPI 3 document of what the server says on its socket, and of what it is told.

mod payload;
mod rust;

use std::collections::BTreeMap;

use glue::schema::{ChannelSchema, MethodKind, MethodSchema};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{Options, Problems, again, name, resolve, rustdoc::Docs};
use payload::Payloads;

/// How a document of ours begins; what doesn't is somebody else's.
pub(crate) const HEADER: &str = "{\n  \"x-generated-by\": \"glue-codegen ";

/// Describes `channels` as an [AsyncAPI 3.0](https://www.asyncapi.com/docs/reference/specification/v3.0.0) document, in JSON.
///
/// The document is written from the server's side: it receives calls and sends events. `version` is that of the application.
/// The same channels give the same text, whatever their order. Messages are described by the JSON in them; the letters
/// before it are the extension `x-glue-frame`, and what the protocol says beside (greetings, credit, cancellation)
/// is in docs/PROTOCOL.md alone.
///
/// # Errors
/// As [`generate`](crate::generate).
pub fn asyncapi(channels: &[ChannelSchema], version: &str) -> Result<String, Problems> {
    resolve::resolve(channels, &Options::default())?;
    let channels = resolve::distinct(channels);
    let types = channels.iter().flat_map(|channel| &channel.types);
    let mut writer = Writer {
        payloads: Payloads::new(types, &[FAILURE]),
        operations: BTreeMap::new(),
    };
    let mut described = BTreeMap::new();
    for channel in &channels {
        described.insert(name::kebab(&channel.channel), writer.channel(channel));
    }
    let mut schemas = writer.payloads.finish();
    schemas.insert(FAILURE.to_owned(), failure());

    let mut crates: Vec<_> = channels.iter().map(|channel| channel.krate.as_str()).collect();
    crates.sort_unstable();
    crates.dedup();
    let document = Document {
        generated: concat!("glue-codegen ", env!("CARGO_PKG_VERSION")),
        asyncapi: "3.0.0",
        info: json!({ "title": crates.join(", "), "version": version, "description": ABOUT }),
        default_content_type: "application/json",
        servers: json!({ "glue": {
            "host": "{host}",
            "pathname": "/glue/ws",
            "protocol": "wss",
            "description": "Where the application is served; `/glue/` is the base URL unless it was told another.",
            "variables": { "host": { "default": "localhost", "description": "Host, with the port if that is another." } },
        } }),
        channels: described.into_iter().map(sorted).collect(),
        operations: writer.operations.into_iter().map(sorted).collect(),
        components: json!({ "schemas": schemas.into_iter().map(sorted).collect::<BTreeMap<_, _>>() }),
    };
    let text = serde_json::to_string_pretty(&document);
    Ok(text.expect("the document holds only texts, numbers and lists") + "\n")
}

/// Brings the members of objects in order. serde_json does so by itself unless some crate of the build has asked for another
/// order, which must not change our output.
fn sorted((key, value): (String, Value)) -> (String, Value) {
    let value = match value {
        Value::Object(members) => {
            let members: BTreeMap<_, _> = members.into_iter().map(sorted).collect();
            members.into_iter().collect()
        }
        Value::Array(items) => items
            .into_iter()
            .map(|item| sorted((String::new(), item)).1)
            .collect(),
        value => value,
    };
    (key, value)
}

/// In the order in which a person reads it.
#[derive(Serialize)]
struct Document {
    #[serde(rename = "x-generated-by")]
    generated: &'static str,
    asyncapi: &'static str,
    info: Value,
    #[serde(rename = "defaultContentType")]
    default_content_type: &'static str,
    servers: Value,
    channels: BTreeMap<String, Value>,
    operations: BTreeMap<String, Value>,
    components: Value,
}

struct Writer<'a> {
    payloads: Payloads<'a>,
    operations: BTreeMap<String, Value>,
}

/// What one side says to the other in the course of a method, by the name of the message.
type Messages = Vec<(&'static str, Value)>;

impl<'a> Writer<'a> {
    fn channel(&mut self, channel: &'a ChannelSchema) -> Value {
        let key = name::kebab(&channel.channel);
        let mut messages = Map::new();
        for method in &channel.methods {
            let (asked, answered) = self.messages(method);
            let mut refer = |list: Messages| -> Vec<Value> {
                let list = list.into_iter().map(|(part, mut message)| {
                    let name = format!("{}.{part}", method.name);
                    message["name"] = format!("{}.{name}", channel.channel).into();
                    message["contentType"] = "application/json".into();
                    let reference = json!({ "$ref": format!("#/channels/{key}/messages/{name}") });
                    messages.insert(name, message);
                    reference
                });
                list.collect()
            };
            let (asked, answered) = (refer(asked), refer(answered));
            self.operation(&key, method, asked, &answered);
        }
        let mut described =
            json!({ "address": channel.channel, "title": channel.name, "messages": messages });
        describe(&mut described, &channel.docs);
        described
    }

    fn operation(&mut self, channel: &str, method: &MethodSchema, mut asked: Vec<Value>, answered: &[Value]) {
        let is_received = !matches!(method.kind, MethodKind::Event | MethodKind::ClientCall);
        let (action, back) = if is_received {
            ("receive", "send")
        } else {
            ("send", "receive")
        };
        let place = json!({ "$ref": format!("#/channels/{channel}") });
        let of = |action: &str, messages: Vec<Value>| {
            json!({
                "action": action,
                "channel": place,
                "messages": messages,
                "x-glue-method": method.name,
                "x-glue-kind": method.kind,
            })
        };
        let key = format!("{channel}.{}", method.name);
        // What is streamed up comes by itself: an operation has one request.
        let items = asked.split_off(1);
        if !items.is_empty() {
            let mut operation = of(action, items);
            operation["summary"] = "Items that the caller sends while the method runs.".into();
            self.operations.insert(format!("{key}.items"), operation);
        }
        let mut operation = of(action, asked);
        describe(&mut operation, &again::docs(method));
        if method.idempotent {
            operation["x-glue-idempotent"] = true.into();
        }
        if let Some(argument) = &method.resume_from {
            operation["x-glue-resume-from"] = argument.as_str().into();
        }
        if !answered.is_empty() {
            operation["reply"] = json!({ "channel": place, "messages": answered });
            operation["reply"]["x-glue-action"] = back.into();
        }
        self.operations.insert(key, operation);
    }

    /// What is asked, and what is answered.
    fn messages(&mut self, method: &MethodSchema) -> (Messages, Messages) {
        let name = &method.name;
        let payload = self.arguments(method);
        let message = |frame: String, payload: Value| json!({ "x-glue-frame": frame, "payload": payload });
        let head = match method.kind {
            MethodKind::Notification => format!("nt&{name}&"),
            MethodKind::Event => format!("ev&{name}&"),
            _ => format!("rq<id>&{name}&"),
        };
        let part = match method.kind {
            MethodKind::Notification | MethodKind::Event => "message",
            _ => "request",
        };
        let mut asked = vec![(part, message(head + "<payload>", payload))];
        if let Some(items) = method.args.iter().find(|arg| arg.stream) {
            let item = self.payloads.of(&items.ty, &items.rust);
            asked.push(("upload", message("it<id>&<payload>".to_owned(), item)));
        }
        let rust = method.ret_rust.as_deref().unwrap_or_default();
        let mut answered = Vec::new();
        match (method.kind, &method.ret) {
            (MethodKind::Notification | MethodKind::Event, _) => return (asked, answered),
            (MethodKind::Stream, Some(ty)) => {
                let item = self.payloads.of(ty, rust);
                answered.push(("item", message("it<id>&<payload>".to_owned(), item)));
                let end = json!({ "x-glue-frame": "en<id>&", "summary": "The stream has ended well." });
                answered.push(("end", end));
            }
            (_, ty) => {
                let value = self.payloads.of(ty.as_deref().unwrap_or("null"), rust);
                answered.push(("answer", message("ok<id>&<payload>".to_owned(), value)));
            }
        }
        let failure = json!({ "$ref": format!("#/components/schemas/{FAILURE}") });
        let payload = match &method.err {
            None => failure,
            Some(ty) => {
                let data = self
                    .payloads
                    .of(ty, method.err_rust.as_deref().unwrap_or_default());
                let own = json!({
                    "type": "object",
                    "description": "The method's own error.",
                    "properties": { "code": { "const": "application" }, "message": { "type": "string" }, "data": data },
                    "required": ["code", "message", "data"],
                });
                json!({ "oneOf": [own, failure] })
            }
        };
        answered.push(("error", message("er<id>&<payload>".to_owned(), payload)));
        (asked, answered)
    }

    /// The object that a method's arguments, or an event's fields, travel as.
    fn arguments(&mut self, method: &MethodSchema) -> Value {
        let docs = Docs::read(&method.docs, &|link| link.plain());
        let (mut properties, mut required) = (Map::new(), Vec::new());
        for arg in method.args.iter().filter(|arg| !arg.stream) {
            let mut schema = self.payloads.of(&arg.ty, &arg.rust);
            if let Some((_, text)) = docs.params.iter().find(|(name, _)| *name == arg.name) {
                let text: Vec<_> = text.iter().map(|line| format!(" {line}")).collect();
                payload::describe(&mut schema, &text);
            }
            properties.insert(arg.name.clone(), schema);
            if !arg.optional {
                required.push(Value::from(arg.name.as_str()));
            }
        }
        let mut schema = json!({ "type": "object" });
        if !properties.is_empty() {
            schema["properties"] = properties.into();
        }
        if !required.is_empty() {
            schema["required"] = required.into();
        }
        schema
    }
}

/// Adds the text of a doc comment.
fn describe(target: &mut Value, docs: &[String]) {
    let docs = Docs::read(docs, &|link| link.plain());
    if !docs.text.is_empty() {
        target["description"] = docs.text.join("\n").into();
    }
    if let Some(reason) = docs.deprecated {
        target["x-deprecated"] = if reason.is_empty() {
            true.into()
        } else {
            reason.into()
        };
    }
}

/// Any error but a method's own.
fn failure() -> Value {
    json!({
        "type": "object",
        "description": "What any call may fail with.",
        "properties": { "code": { "enum": CODES }, "message": { "type": "string" }, "data": {} },
        "required": ["code", "message"],
    })
}

/// All codes of errors but that of a method's own.
const CODES: [&str; 10] = [
    "cancelled",
    "deadline_exceeded",
    "invalid_argument",
    "unimplemented",
    "unavailable",
    "resource_exhausted",
    "unauthenticated",
    "permission_denied",
    "internal",
    "stale_client",
];

/// The key of [`failure`]; no type can have it.
const FAILURE: &str = "glue.Failure";

const ABOUT: &str = "Typed channels over one Glue socket, as the server sees them. A text on the socket is \
    `cd<length of the name>&<channel><frame>`, where `x-glue-frame` of a message is its frame: `<id>` is the number of the exchange, odd for \
    those that the client begins, and `<payload>` is the JSON described here.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_of_the_runtime() {
        let (_, source) = crate::embed::SOURCES
            .iter()
            .find(|(path, _)| *path == "proto/code.ts")
            .unwrap();
        let (list, _) = source.split_once("] as const").unwrap();
        let quoted: Vec<_> = list.split('"').skip(1).step_by(2).collect();

        for code in quoted.iter().filter(|code| **code != "application") {
            assert!(CODES.contains(code), "{code}");
        }
        assert!(CODES.iter().all(|code| quoted.contains(code)));
    }
}
