//! Option factories for TanStack Query: per channel a class beside the stub's, in the same three forms. What it does is the
//! runtime's, in `tanstack.ts`.

use super::{
    channel::channel_header,
    members::object,
    out::{Out, WIDTH, group, indented, sort_names},
    types::flat,
};
use crate::{
    model::{ChannelDecl, MethodDecl, ParamDecl, Verb},
    syntax::{Member, Type},
};

/// Whether a channel has a method that TanStack Query can do something with.
pub(crate) fn has_queries(channel: &ChannelDecl) -> bool {
    channel.methods.iter().any(|method| helper(method).is_some())
}

/// Prints the factories as TypeScript.
pub(crate) fn query_source(channel: &ChannelDecl) -> String {
    let mut out = Out::new(&channel_header(channel));
    import(&mut out, channel, Form::Source);
    let class = channel.queries_class();
    out.blank();
    out.doc(&docs(channel));
    out.block(&format!("export class {class}"), |out| {
        fields(out, channel);
        let api = api(channel);
        let head = format!(
            "constructor({api}: {}, prefix: QueryKey = [])",
            channel.api_type()
        );
        out.blank();
        out.block(&head, |out| assignments(out, channel));
    });
    out.finish()
}

/// Prints the factories as JavaScript.
pub(crate) fn query_script(channel: &ChannelDecl) -> String {
    let mut out = Out::new(&channel_header(channel));
    import(&mut out, channel, Form::Script);
    out.blank();
    out.block(&format!("export class {}", channel.queries_class()), |out| {
        let head = format!("constructor({}, prefix = [])", api(channel));
        out.block(&head, |out| assignments(out, channel));
    });
    out.finish()
}

/// Prints the declaration file that goes with [`query_script`].
pub(crate) fn query_declaration(channel: &ChannelDecl) -> String {
    let mut out = Out::new(&channel_header(channel));
    import(&mut out, channel, Form::Declaration);
    out.blank();
    out.doc(&docs(channel));
    out.block(
        &format!("export declare class {}", channel.queries_class()),
        |out| {
            fields(out, channel);
            let (api, ty) = (api(channel), channel.api_type());
            out.blank();
            out.line(&format!("constructor({api}: {ty}, prefix?: QueryKey);"));
        },
    );
    out.finish()
}

/// The class of the runtime for a method; none for what is neither query nor mutation.
fn helper(method: &MethodDecl) -> Option<&'static str> {
    match (&method.verb, &method.items) {
        // A query needs data, and items can be read only once.
        (Verb::Call(ty), None) if flat(ty) != "void" => Some("CallQueries"),
        (Verb::Call(_), _) => Some("Mutations"),
        (Verb::Stream(_), None) => Some("StreamQueries"),
        (Verb::Stream(_), Some(_)) | (Verb::Notify, _) => None,
    }
}

fn methods(channel: &ChannelDecl) -> impl Iterator<Item = (&MethodDecl, &'static str)> {
    let methods = channel.methods.iter();
    methods.filter_map(|method| helper(method).map(|helper| (method, helper)))
}

fn params(method: &MethodDecl) -> impl Iterator<Item = &ParamDecl> {
    method.params.iter().chain(&method.items)
}

/// Name of the constructor's parameter, which the arguments of a method must not hide.
fn api(channel: &ChannelDecl) -> String {
    let mut name = "api".to_owned();
    while methods(channel).any(|(method, _)| params(method).any(|param| param.name == name)) {
        name.push('_');
    }
    name
}

fn fields(out: &mut Out, channel: &ChannelDecl) {
    for (method, helper) in methods(channel) {
        out.doc(&method.docs);
        let head = format!("readonly {}: {helper}", method.name);
        let value = match &method.verb {
            Verb::Call(ty) | Verb::Stream(ty) => flat(ty),
            Verb::Notify => "void".to_owned(),
        };
        let error = method
            .error
            .as_ref()
            .map(|error| format!("ApplicationError<{}> | ", flat(error)));
        let error = error.unwrap_or_default() + "Failure";
        let members = arguments(method);
        let line = |arguments| vec![arguments, value.clone(), error.clone()];
        let columns = out.columns();
        let text = group(&head, '<', &line(object(&members, WIDTH)), ";", columns);
        out.line(&if text.contains('\n') {
            group(&head, '<', &line(object(&members, columns - 3)), ";", 0)
        } else {
            text
        });
    }
}

/// The arguments by name, as members of an object.
fn arguments(method: &MethodDecl) -> Vec<Member> {
    let items = method.items.as_ref();
    let member = |param: &ParamDecl| {
        let ty = match items {
            Some(items) if items.name == param.name => {
                let item = vec![param.ty.clone()];
                let of = |name: &str| Type::Name {
                    name: name.to_owned(),
                    args: item.clone(),
                };
                Type::Union(vec![of("AsyncIterable"), of("Iterable")])
            }
            _ => param.ty.clone(),
        };
        Member {
            docs: Vec::new(),
            readonly: true,
            key: param.name.clone(),
            optional: param.optional,
            ty: match ty {
                Type::Union(mut arms) if param.optional => {
                    arms.push(Type::name("undefined"));
                    Type::Union(arms)
                }
                ty if param.optional => Type::Union(vec![ty, Type::name("undefined")]),
                ty => ty,
            },
        }
    };
    params(method).map(member).collect()
}

fn assignments(out: &mut Out, channel: &ChannelDecl) {
    let api = api(channel);
    out.line(&format!("const key = [...prefix, \"{}\"];", channel.wire));
    for (method, helper) in methods(channel) {
        let names: Vec<_> = params(method).map(|param| param.name.clone()).collect();
        let taken = if names.is_empty() {
            "_".to_owned()
        } else {
            group("", '{', &names, "", WIDTH)
        };
        let options = &method.options;
        let args: Vec<_> = names.into_iter().chain([options.clone()]).collect();
        let head = format!("({taken}, {options}) =>");
        let call = group(&format!("{api}.{}", method.name), '(', &args, "", WIDTH);
        let key = format!("[...key, \"{}\"]", method.name);
        let start = format!("this.{} = new {helper}", method.name);
        let columns = out.columns();
        let fits = |text: &str| text.lines().all(|line| line.chars().count() <= columns);
        let ways = [
            format!("{start}({key}, {head} {call});"),
            // A function that comes last is broken before its list is.
            format!("{start}({key}, {head}\n  {call},\n);"),
            format!("{start}(\n  {key},\n  {head} {call},\n);"),
        ];
        let broken = || {
            let call = group(&format!("{api}.{}", method.name), '(', &args, "", columns - 5);
            let function = indented(&format!("{head}\n{}", indented(&call)));
            format!("{start}(\n  {key},\n{function},\n);")
        };
        let way = ways.into_iter().find(|way| fits(way));
        out.line(&way.unwrap_or_else(broken));
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Source,
    Script,
    Declaration,
}

fn import(out: &mut Out, channel: &ChannelDecl, form: Form) {
    let mut helpers: Vec<_> = methods(channel).map(|(_, helper)| helper.to_owned()).collect();
    helpers.sort();
    helpers.dedup();
    let mut imports = Vec::new();
    if form != Form::Script {
        let mut failures = vec!["Failure".to_owned()];
        if methods(channel).any(|(method, _)| method.error.is_some()) {
            failures.push("ApplicationError".to_owned());
        }
        imports.push((
            format!("./{}.js", channel.stem),
            "import type ",
            vec![channel.api_type()],
        ));
        imports.push(("./runtime/index.js".to_owned(), "import type ", failures));
        let types = types(channel);
        if !types.is_empty() {
            imports.push(("./types.js".to_owned(), "import type ", types));
        }
    }
    match form {
        Form::Source => helpers.push("type QueryKey".to_owned()),
        Form::Declaration => helpers.push("QueryKey".to_owned()),
        Form::Script => {}
    }
    let keyword = if form == Form::Declaration {
        "import type "
    } else {
        "import "
    };
    imports.push(("./runtime/tanstack.js".to_owned(), keyword, helpers));
    imports.sort();
    for (module, keyword, mut names) in imports {
        sort_names(&mut names);
        out.group(keyword, '{', &names, &format!(" from \"{module}\";"));
    }
}

/// Names of `types.ts` that the factories use, sorted.
fn types(channel: &ChannelDecl) -> Vec<String> {
    let mut used = Vec::new();
    let mut visit = |name: &str| used.push(name.to_owned());
    for (method, _) in methods(channel) {
        params(method).for_each(|param| param.ty.visit_names(&mut visit));
        method
            .error
            .iter()
            .for_each(|error| error.visit_names(&mut visit));
        if let Verb::Call(ty) | Verb::Stream(ty) = &method.verb {
            ty.visit_names(&mut visit);
        }
    }
    let imports = channel.imports.iter();
    imports.filter(|name| used.contains(name)).cloned().collect()
}

fn docs(channel: &ChannelDecl) -> [String; 1] {
    [format!(
        "Options of TanStack Query for the methods of `{}`. Every key begins with `prefix`, then the channel's name.",
        channel.class
    )]
}
