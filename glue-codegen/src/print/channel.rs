//! Stubs: one class per channel, in three forms. `.ts` holds all, `.js` the code, `.d.ts` the types.

use super::{
    header,
    members::{api, members},
    out::{Out, WIDTH, group, sort_names},
    types::flat,
};
use crate::{
    again::OnLoss,
    codec::Coded,
    model::{ChannelDecl, MethodDecl, ParamDecl, Verb},
};

/// Prints the stub as TypeScript.
pub(crate) fn class_source(channel: &ChannelDecl) -> String {
    let mut out = Out::new(&channel_header(channel));
    let types = runtime_types(channel).map(|name| format!("type {name}"));
    import_codecs(&mut out, channel);
    import_runtime(
        &mut out,
        "import ",
        types.chain(runtime_values(channel)).collect(),
    );
    import_types(&mut out, channel);
    members(&mut out, channel);

    out.blank();
    out.doc(&channel.docs);
    out.block(&format!("export class {}", channel.class), |out| {
        field(out, channel, "readonly #rpc: Rpc;");
        functions(out, channel, |out, function| {
            out.doc(&function.docs);
            let head = function.typed(out.columns() - " {".len());
            out.block(&head, |out| out.line(&function.body));
        });
    });
    api(&mut out, channel);
    out.finish()
}

/// Prints the stub as JavaScript.
pub(crate) fn class_script(channel: &ChannelDecl) -> String {
    let mut out = Out::new(&channel_header(channel));
    import_codecs(&mut out, channel);
    import_runtime(&mut out, "import ", runtime_values(channel).collect());
    out.blank();
    out.block(&format!("export class {}", channel.class), |out| {
        field(out, channel, "#rpc;");
        functions(out, channel, |out, function| {
            let head = function.untyped(out.columns() - " {".len());
            out.block(&head, |out| out.line(&function.body));
        });
    });
    out.finish()
}

/// Prints the declaration file that goes with [`class_script`].
pub(crate) fn class_declaration(channel: &ChannelDecl) -> String {
    let mut out = Out::new(&channel_header(channel));
    let types = runtime_types(channel).map(str::to_owned);
    import_runtime(&mut out, "import type ", types.collect());
    import_types(&mut out, channel);
    members(&mut out, channel);

    out.blank();
    out.doc(&channel.docs);
    out.block(&format!("export declare class {}", channel.class), |out| {
        field(out, channel, "#private;");
        functions(out, channel, |out, function| {
            out.doc(&function.docs);
            let head = function.typed(out.columns() - ";".len());
            out.line(&format!("{head};"));
        });
    });
    api(&mut out, channel);
    out.finish()
}

/// Returns how a method is called, without the options that all have.
pub(crate) fn signature(method: &MethodDecl) -> String {
    let mut function = method_of(method);
    if has_options(method) {
        function.params.pop();
    }
    function.typed(SIGNATURE)
}

/// A member of the class that can be called.
struct Function {
    docs: Vec<String>,
    /// With what stands before it.
    name: String,
    /// With their brackets, or nothing.
    type_parameters: String,
    params: Vec<Param>,
    /// With the colon, or nothing.
    result: String,
    /// Laid out for its place in the class.
    body: String,
}

struct Param {
    name: String,
    /// With the colon.
    ty: String,
}

impl Function {
    fn typed(&self, columns: usize) -> String {
        let params: Vec<_> = self
            .params
            .iter()
            .map(|param| format!("{}{}", param.name, param.ty))
            .collect();
        let head = format!("{}{}", self.name, self.type_parameters);
        group(&head, '(', &params, &self.result, columns)
    }

    fn untyped(&self, columns: usize) -> String {
        let params: Vec<_> = self.params.iter().map(|param| param.name.clone()).collect();
        group(&self.name, '(', &params, "", columns)
    }
}

impl Param {
    fn new(name: &str, ty: &str) -> Self {
        Self {
            name: name.to_owned(),
            ty: ty.to_owned(),
        }
    }
}

/// Prints every function of the class, with an empty line between two.
fn functions(out: &mut Out, channel: &ChannelDecl, print: impl Fn(&mut Out, &Function)) {
    let methods = channel.methods.iter().map(method_of);
    let mut functions = vec![constructor(channel)];
    functions.extend(is_error(channel));
    functions.extend(methods);
    functions.extend(on(channel));
    functions.extend(handle(channel));
    for (index, function) in functions.iter().enumerate() {
        if index > 0 {
            out.blank();
        }
        print(out, function);
    }
}

fn constructor(channel: &ChannelDecl) -> Function {
    let hashes = channel.hashes.iter();
    let hashes: Vec<_> = hashes.map(|(name, hash)| format!("{name}: \"{hash}\"")).collect();
    let mut contract = vec![format!("schema: \"{}\"", channel.hash)];
    if !hashes.is_empty() {
        contract.push(group(
            "stale: staleCheck(",
            '{',
            &hashes,
            ")",
            nested(nested(BODY)),
        ));
    }
    let args = [
        "socket".to_owned(),
        format!("\"{}\"", channel.wire),
        group("", '{', &contract, "", nested(BODY)),
        match coded(channel, |coded| coded.methods) {
            Some(codecs) => format!("codedOptions({codecs}, options)"),
            None => "options".to_owned(),
        },
    ];
    let assignment = if is_empty(channel) { "" } else { "this.#rpc = " };
    Function {
        docs: vec![
            "Opens the channel; `options` hold for each of its calls that has none of its own.".to_owned(),
        ],
        name: "constructor".to_owned(),
        type_parameters: String::new(),
        params: vec![
            Param::new("socket", ": RpcSocket"),
            Param::new("options", "?: ChannelOptions"),
        ],
        result: String::new(),
        body: group(&format!("{assignment}Rpc.open"), '(', &args, ";", BODY),
    }
}

/// The guard of the errors that methods return themselves.
fn is_error(channel: &ChannelDecl) -> Option<Function> {
    let errors = channel.errors_type()?;
    let failing: Vec<_> = channel
        .methods
        .iter()
        .filter(|method| method.error.is_some())
        .collect();
    let call = format!("return isError(error, \"{}\", ", channel.wire);
    let body = if failing.iter().all(|method| method.name == method.wire) {
        format!("{call}method);")
    } else {
        let wires = failing
            .iter()
            .map(|method| format!("{}: \"{}\"", method.name, method.wire));
        let wires: Vec<_> = wires.collect();
        group("const wire = ", '{', &wires, ";", BODY) + &format!("\n{call}wire[method]);")
    };
    Some(Function {
        docs: vec![
            "Whether `error` is what `method` itself failed with; that is its `data` then.".to_owned(),
        ],
        name: "static isError".to_owned(),
        type_parameters: format!("<M extends keyof {errors}>"),
        params: vec![Param::new("error", ": unknown"), Param::new("method", ": M")],
        result: format!(": error is ApplicationError<{errors}[M]>"),
        body,
    })
}

fn method_of(method: &MethodDecl) -> Function {
    let params = method.params.iter().map(|param| {
        let optional = if param.optional { "?" } else { "" };
        Param::new(&param.name, &format!("{optional}: {}", flat(&param.ty)))
    });
    let items = method.items.iter().map(|param| {
        let item = flat(&param.ty);
        Param::new(
            &param.name,
            &format!(": AsyncIterable<{item}> | Iterable<{item}>"),
        )
    });
    let options = has_options(method).then(|| Param::new(&method.options, "?: CallOptions"));
    let throws = method.error.as_ref();
    let throws = throws.map_or_else(String::new, |error| format!(" & Throws<{}>", flat(error)));
    Function {
        docs: method.docs.clone(),
        name: method.name.clone(),
        type_parameters: String::new(),
        params: params.chain(items).chain(options).collect(),
        result: match &method.verb {
            Verb::Call(ty) => format!(": Promise<{}>{throws}", flat(ty)),
            Verb::Stream(ty) => format!(": AsyncIterable<{}>{throws}", flat(ty)),
            Verb::Notify => ": void".to_owned(),
        },
        body: method_body(method),
    }
}

fn on(channel: &ChannelDecl) -> Option<Function> {
    let events = channel.events_type()?;
    Some(Function {
        docs: vec!["Calls `listener` for each such event; the function returned ends that.".to_owned()],
        name: "on".to_owned(),
        type_parameters: format!("<E extends keyof {events}>"),
        params: vec![
            Param::new("event", ": E"),
            Param::new("listener", &format!(": (event: {events}[E]) => void")),
        ],
        result: ": Unsubscribe".to_owned(),
        body: match coded(channel, |coded| coded.events) {
            Some(codecs) => {
                format!("return this.#rpc.on(event, codedListener({codecs}, this.#rpc, event, listener));")
            }
            None => "return this.#rpc.on(event, listener);".to_owned(),
        },
    })
}

fn handle(channel: &ChannelDecl) -> Option<Function> {
    let handlers = channel.handlers_type()?;
    Some(Function {
        docs: vec![
            "Answers each such call of the server with what `handler` returns; the function returned ends that.".to_owned(),
            String::new(),
            "@throws If `method` has a handler already: there is one answer.".to_owned(),
        ],
        name: "handle".to_owned(),
        type_parameters: format!("<M extends keyof {handlers}>"),
        params: vec![
            Param::new("method", ": M"),
            Param::new("handler", &format!(": {handlers}[M]")),
        ],
        result: ": Unsubscribe".to_owned(),
        body: match coded(channel, |coded| coded.handlers) {
            Some(codecs) => format!("return handle(this.#rpc, method, codedHandler({codecs}, method, handler));"),
            None => "return handle(this.#rpc, method, handler);".to_owned(),
        },
    })
}

fn method_body(method: &MethodDecl) -> String {
    let wire = format!("\"{}\"", method.wire);
    let fields: Vec<_> = method.params.iter().map(argument).collect();
    let object = group("", '{', &fields, "", nested(BODY));
    let options = method.options.clone();
    let rpc = "this.#rpc".to_owned();
    match (&method.verb, &method.items) {
        (Verb::Call(_), None) if method.on_loss == OnLoss::Repeat => {
            group("return callAgain", '(', &[rpc, wire, object, options], ";", BODY)
        }
        (Verb::Call(_), None) => group("return this.#rpc.call", '(', &[wire, object, options], ";", BODY),
        (Verb::Stream(_), None) => match &method.on_loss {
            OnLoss::ResumeFrom(after) => {
                let args = [rpc, wire, format!("\"{after}\""), object, options];
                group("return streamFrom", '(', &args, ";", BODY)
            }
            OnLoss::Fail | OnLoss::Repeat => {
                let args = [wire, object, options];
                group("return this.#rpc.stream", '(', &args, ";", BODY)
            }
        },
        (Verb::Call(_), Some(items)) => {
            let args = [rpc, wire, object, items.name.clone(), options];
            group("return callWith", '(', &args, ";", BODY)
        }
        (Verb::Stream(_), Some(items)) => {
            let args = [rpc, wire, object, items.name.clone(), options];
            group("return streamWith", '(', &args, ";", BODY)
        }
        // An object that comes last is broken without giving it a line of its own.
        (Verb::Notify, _) => group(&format!("this.#rpc.notify({wire}, "), '{', &fields, ");", BODY),
    }
}

fn argument(param: &ParamDecl) -> String {
    if param.name == param.wire {
        param.name.clone()
    } else {
        format!("{}: {}", param.wire, param.name)
    }
}

pub(super) fn channel_header(channel: &ChannelDecl) -> String {
    header(&format!(" from `{}` (crate `{}`)", channel.class, channel.krate))
}

/// Names of the runtime that only types use.
fn runtime_types(channel: &ChannelDecl) -> impl Iterator<Item = &'static str> {
    let (errors, handlers) = (channel.errors_type().is_some(), !channel.handlers.is_empty());
    let names = [
        (errors, "ApplicationError"),
        (channel.methods.iter().any(has_options), "CallOptions"),
        (true, "ChannelOptions"),
        (handlers, "Handler"),
        (true, "RpcSocket"),
        (errors, "Throws"),
        (handlers || !channel.events.is_empty(), "Unsubscribe"),
    ];
    names.into_iter().filter(|(used, _)| *used).map(|(_, name)| name)
}

/// Names of the runtime that code uses. What isn't used isn't imported, so that no bundle holds it.
fn runtime_values(channel: &ChannelDecl) -> impl Iterator<Item = String> {
    let sends_items = |verb: fn(&Verb) -> bool| {
        let mut methods = channel.methods.iter();
        methods.any(|method| method.items.is_some() && verb(&method.verb))
    };
    let goes_on =
        |accepts: fn(&OnLoss) -> bool| channel.methods.iter().any(|method| accepts(&method.on_loss));
    let names = [
        (true, "Rpc"),
        (goes_on(|on_loss| *on_loss == OnLoss::Repeat), "callAgain"),
        (sends_items(|verb| matches!(verb, Verb::Call(_))), "callWith"),
        (!channel.handlers.is_empty(), "handle"),
        (channel.errors_type().is_some(), "isError"),
        (!channel.hashes.is_empty(), "staleCheck"),
        (
            goes_on(|on_loss| matches!(on_loss, OnLoss::ResumeFrom(_))),
            "streamFrom",
        ),
        (sends_items(|verb| matches!(verb, Verb::Stream(_))), "streamWith"),
    ];
    names
        .into_iter()
        .filter(|(used, _)| *used)
        .map(|(_, name)| name.to_owned())
}

fn import_runtime(out: &mut Out, keyword: &str, mut names: Vec<String>) {
    sort_names(&mut names);
    out.group(keyword, '{', &names, " from \"./runtime/index.js\";");
}

/// Imports the channel's codecs and what takes them.
fn import_codecs(out: &mut Out, channel: &ChannelDecl) {
    let Some(coded) = &channel.coded else { return };
    out.line(&format!("import {{ {} }} from \"./codecs.js\";", coded.codecs));
    let names = [
        (coded.handlers, "codedHandler"),
        (coded.events, "codedListener"),
        (coded.methods, "codedOptions"),
    ];
    let names = names.into_iter().filter(|(used, _)| *used);
    let names: Vec<_> = names.map(|(_, name)| name.to_owned()).collect();
    out.group("import ", '{', &names, " from \"./runtime/codec/index.js\";");
}

/// Name of the channel's codecs where `part` of it is coded.
fn coded(channel: &ChannelDecl, part: fn(&Coded) -> bool) -> Option<&str> {
    let coded = channel.coded.as_ref().filter(|coded| part(coded))?;
    Some(&coded.codecs)
}

fn import_types(out: &mut Out, channel: &ChannelDecl) {
    if !channel.imports.is_empty() {
        let mut names = channel.imports.clone();
        sort_names(&mut names);
        out.group("import type ", '{', &names, " from \"./types.js\";");
    }
}

/// Declares the field of the class, unless nothing would read it.
fn field(out: &mut Out, channel: &ChannelDecl, declaration: &str) {
    if !is_empty(channel) {
        out.line(declaration);
        out.blank();
    }
}

fn is_empty(channel: &ChannelDecl) -> bool {
    channel.methods.is_empty() && channel.events.is_empty() && channel.handlers.is_empty()
}

fn has_options(method: &MethodDecl) -> bool {
    !matches!(method.verb, Verb::Notify)
}

/// Columns of an item in a list that is broken: it is one step deeper, with a comma behind it.
const fn nested(columns: usize) -> usize {
    columns - "  ,".len()
}

/// Columns of a line in the body of a function of the class.
const BODY: usize = WIDTH - 2 * "  ".len();

/// Columns of a signature in the reference, which is read on phones too.
const SIGNATURE: usize = 80;
