//! Fakes: per channel a class that tests use in place of the stub's, in the same three forms. What it does is the runtime's.

use super::{
    channel::channel_header,
    out::{Out, WIDTH, group, indented},
};
use crate::model::{ChannelDecl, Verb};

/// Prints the fake as TypeScript.
pub(crate) fn fake_source(channel: &ChannelDecl) -> String {
    let mut out = Out::new(&channel_header(channel));
    import(&mut out, channel, "import ", &["Fake", "type Stubs"]);

    let (class, api) = (channel.fake_class(), channel.api_type());
    out.blank();
    out.doc(&docs(channel));
    out.block(&format!("export class {class} implements {api}"), |out| {
        out.line(&format!("readonly fake: {};", fake_type(channel)));
        out.blank();
        let head = format!("constructor(stubs: Stubs<{api}> = {{}})");
        out.block(&head, |out| out.line(&open(channel)));
        properties(out, channel, |property| {
            property.assigned(&format!("readonly {0}: {api}[\"{0}\"]", property.name))
        });
    });
    out.finish()
}

/// Prints the fake as JavaScript.
pub(crate) fn fake_script(channel: &ChannelDecl) -> String {
    let mut out = Out::new(&channel_header(channel));
    out.line(&format!("import {{ Fake }} from \"{RUNTIME}\";"));
    out.blank();
    out.block(&format!("export class {}", channel.fake_class()), |out| {
        out.line("fake;");
        out.blank();
        out.block("constructor(stubs = {})", |out| out.line(&open(channel)));
        properties(out, channel, |property| property.assigned(&property.name));
    });
    out.finish()
}

/// Prints the declaration file that goes with [`fake_script`].
pub(crate) fn fake_declaration(channel: &ChannelDecl) -> String {
    let mut out = Out::new(&channel_header(channel));
    import(&mut out, channel, "import type ", &["Fake", "Stubs"]);

    let (class, api) = (channel.fake_class(), channel.api_type());
    out.blank();
    out.doc(&docs(channel));
    out.block(&format!("export declare class {class} implements {api}"), |out| {
        out.line(&format!("readonly fake: {};", fake_type(channel)));
        out.blank();
        out.line(&format!("constructor(stubs?: Stubs<{api}>);"));
        properties(out, channel, |property| {
            format!("readonly {0}: {api}[\"{0}\"];", property.name)
        });
    });
    out.finish()
}

/// A member of the class that can be called.
struct Property {
    name: String,
    params: &'static str,
    /// The runtime's function behind it.
    verb: &'static str,
    args: Vec<String>,
}

impl Property {
    fn assigned(&self, head: &str) -> String {
        let head = format!("{head} = {} =>", self.params);
        let call = format!("this.fake.{}", self.verb);
        let flat = group(&format!("{head} {call}"), '(', &self.args, ";", COLUMNS);
        if !flat.contains('\n') {
            return flat;
        }
        let body = group(&call, '(', &self.args, ";", COLUMNS - 2);
        format!("{head}\n{}", indented(&body))
    }
}

/// Prints every property, with an empty line before the first.
fn properties(out: &mut Out, channel: &ChannelDecl, print: impl Fn(&Property) -> String) {
    for (index, property) in properties_of(channel).iter().enumerate() {
        if index == 0 {
            out.blank();
        }
        out.line(&print(property));
    }
}

fn properties_of(channel: &ChannelDecl) -> Vec<Property> {
    let methods = channel.methods.iter().map(|method| {
        let verb = match &method.verb {
            Verb::Call(_) => "call",
            Verb::Stream(_) => "stream",
            Verb::Notify => "notify",
        };
        let mut args = vec![format!("\"{}\"", method.name), "args".to_owned()];
        // Notifications have no failure that would name them.
        if method.wire != method.name && verb != "notify" {
            args.push(format!("\"{}\"", method.wire));
        }
        Property {
            name: method.name.clone(),
            params: "(...args)",
            verb,
            args,
        }
    });
    let own = |name, params, args: [&str; 2]| Property {
        name: String::from(name),
        params,
        verb: name,
        args: args.map(str::to_owned).to_vec(),
    };
    let on = channel.events_type();
    let on = on.map(|_| own("on", "(event, listener)", ["event", "listener"]));
    let handle = channel.handlers_type();
    let handle = handle.map(|_| own("handle", "(method, handler)", ["method", "handler"]));
    methods.chain(on).chain(handle).collect()
}

fn import(out: &mut Out, channel: &ChannelDecl, keyword: &str, names: &[&str]) {
    let types = [
        Some(channel.api_type()),
        channel.events_type(),
        channel.handlers_type(),
    ];
    let types: Vec<_> = types.into_iter().flatten().collect();
    let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
    let mut imports = [
        (format!("./{}.js", channel.stem), "import type ", types),
        (RUNTIME.to_owned(), keyword, names),
    ];
    imports.sort();
    for (module, keyword, names) in imports {
        out.group(keyword, '{', &names, &format!(" from \"{module}\";"));
    }
}

fn docs(channel: &ChannelDecl) -> [String; 1] {
    [format!(
        "`{}` for tests, without a server: it answers as `stubs` say, and `fake` tells what was called.",
        channel.class
    )]
}

fn fake_type(channel: &ChannelDecl) -> String {
    const NONE: &str = "Record<never, never>";
    let events = channel.events_type().unwrap_or_else(|| NONE.to_owned());
    let handlers = channel.handlers_type().unwrap_or_else(|| NONE.to_owned());
    format!("Fake<{}, {events}, {handlers}>", channel.api_type())
}

fn open(channel: &ChannelDecl) -> String {
    format!("this.fake = new Fake(\"{}\", stubs);", channel.wire)
}

/// Where the half of the runtime is.
const RUNTIME: &str = "./runtime/index.js";

/// Columns of a member of the class.
const COLUMNS: usize = WIDTH - 2;
