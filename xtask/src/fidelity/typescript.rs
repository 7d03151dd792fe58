//! Writes what a page would do with the channels: TypeScript that the compiler checks, and that gives the driver its methods.

use std::fmt::Write as _;

use super::grow::Package;
use super::rust::{Extra, PER_CHANNEL, declaration, extra, names};
use super::types::{Model, Ty};

/// Writes `rounds.ts`.
pub(crate) fn source(package: &Package) -> String {
    let names = names(package);
    let mut out = HEAD.to_owned();
    let channels = package.roots.len().div_ceil(PER_CHANNEL);
    let classes: Vec<_> = (0..channels).map(|number| format!("Types{number}")).collect();
    let _ = writeln!(
        out,
        "import {{ {}, type Socket }} from \"./generated/index.js\";\n",
        classes.join(", ")
    );
    for (number, roots) in package.roots.chunks(PER_CHANNEL).enumerate() {
        let _ = writeln!(
            out,
            "export function rounds{number}(socket: Socket): void {{\n  const channel = new Types{number}(socket);"
        );
        for (index, ty) in roots.iter().enumerate() {
            let root = number * PER_CHANNEL + index;
            out.push_str(&round(root, &format!("Types{number}"), &ty.rust(&names)));
        }
        out.push_str("}\n\n");
    }
    let calls: Vec<_> = (0..channels)
        .map(|number| format!("  rounds{number}(socket);\n"))
        .collect();
    let _ = write!(
        out,
        "export function all(socket: Socket): readonly unknown[] {{\n{}  return rounds;\n}}\n",
        calls.concat()
    );
    out
}

fn round(root: usize, class: &str, rust: &str) -> String {
    let extra = match extra(root) {
        Extra::Event => format!(
            "emit: (seed, count) => channel.emit{root}(seed, count),\n    \
             onEvent: (listener) => channel.on(\"event_{root}\", ({{ index, value }}) => listener(index, value)),"
        ),
        Extra::Upload => format!("upload: (seed, values) => channel.upload{root}(seed, values),"),
        Extra::ClientCall => format!(
            "askAll: (seed, count) => channel.askAll{root}(seed, count),\n    \
             onAsk: (handler) => channel.handle(\"ask_{root}\", ({{ value }}) => handler(value)),"
        ),
        Extra::Error => format!(
            "fail: (seed, index) => channel.fail{root}(seed, index),\n    \
             errorOf: (error) => {class}.isError(error, \"fail{root}\") ? {{ value: error.data }} : undefined,"
        ),
    };
    format!(
        "  add({{\n    root: {root},\n    channel: \"{class}\",\n    rust: {rust:?},\n    \
         values: (seed, count) => channel.values{root}(seed, count),\n    \
         check: (seed, index, value) => channel.check{root}(seed, index, value),\n    \
         echo: (value) => channel.echo{root}(value),\n    {extra}\n  }});\n"
    )
}

/// Writes what a failure shows of the Rust side: the models that each root reaches.
pub(crate) fn sources(package: &Package) -> String {
    let names = names(package);
    let mut out = String::from("[\n");
    for (root, ty) in package.roots.iter().enumerate() {
        let mut reached = Vec::new();
        reach(ty, &package.models, &mut reached);
        let texts: Vec<_> = reached
            .iter()
            .map(|&number| declaration(&package.models[number], &names))
            .collect();
        let comma = if root + 1 < package.roots.len() { "," } else { "" };
        let _ = writeln!(out, "{}{comma}", json(&texts.join("\n")));
    }
    out + "]\n"
}

fn reach(ty: &Ty, models: &[Model], reached: &mut Vec<usize>) {
    match ty {
        Ty::Leaf(_) | Ty::Param(_) => {}
        Ty::Option(inner)
        | Ty::Boxed(inner)
        | Ty::Vec(inner)
        | Ty::Slice(inner)
        | Ty::Array(inner, _)
        | Ty::Range(inner)
        | Ty::Exact(inner) => {
            reach(inner, models, reached);
        }
        Ty::Set { item, .. } => reach(item, models, reached),
        Ty::Map { key, value, .. } => {
            reach(key, models, reached);
            reach(value, models, reached);
        }
        Ty::Result(ok, err) => {
            reach(ok, models, reached);
            reach(err, models, reached);
        }
        Ty::Tuple(types) => types.iter().for_each(|ty| reach(ty, models, reached)),
        Ty::Model(number, args) => {
            args.iter().for_each(|ty| reach(ty, models, reached));
            if !reached.contains(number) {
                reached.push(*number);
                models[*number]
                    .body
                    .fields()
                    .iter()
                    .for_each(|field| reach(&field.ty, models, reached));
            }
        }
    }
}

/// A text as JSON has it.
fn json(text: &str) -> String {
    let mut out = String::from("\"");
    for char in text.chars() {
        match char {
            '"' | '\\' => out.extend(['\\', char]),
            '\0'..='\u{1f}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(char));
            }
            _ => out.push(char),
        }
    }
    out + "\""
}

const HEAD: &str = "\
// Written by `cargo xtask fidelity`.
import type { Difference, Tally } from \"./generated/index.js\";

/** What can be done with the values of one type. `T` is the same in all of it, or the compiler says so. */
interface Round<T> {
  readonly root: number;
  readonly channel: string;
  readonly rust: string;
  values(seed: number, count: number): AsyncIterable<T>;
  check(seed: number, index: number, value: T): Promise<Difference | null>;
  echo(value: T): Promise<T>;
  emit?(seed: number, count: number): Promise<void>;
  onEvent?(listener: (index: number, value: T) => void): () => void;
  upload?(seed: number, values: AsyncIterable<T>): Promise<Tally>;
  askAll?(seed: number, count: number): Promise<Tally>;
  onAsk?(handler: (value: T) => T): () => void;
  fail?(seed: number, index: number): Promise<void>;
  errorOf?(error: unknown): { readonly value: T } | undefined;
}

const rounds: unknown[] = [];
function add<T>(round: Round<T>): void {
  rounds.push(round);
}

export { glue } from \"./generated/index.js\";
";
