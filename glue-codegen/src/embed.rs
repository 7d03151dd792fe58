//! The TypeScript runtime, which is written beside the stubs.

/// Folder of the runtime under `--out`.
pub(crate) const FOLDER: &str = "runtime";

/// Names of the runtime that `index.ts` passes on; the others can be had from the runtime's own index. It is short so that it
/// leaves the names that applications like to use.
pub(crate) const EXPORTS: &[(&str, Use)] = &[
    ("CallOptions", Use::Type),
    ("ChannelOptions", Use::Type),
    ("GlueError", Use::Value),
    ("glue", Use::Value),
    ("Socket", Use::Type),
    ("SocketOptions", Use::Type),
    ("SocketState", Use::Type),
    ("interceptors", Use::Value),
    ("newTraceparent", Use::Value),
    ("safe", Use::Value),
];

/// Names of the runtime that stubs import beside [`EXPORTS`].
pub(crate) const IMPORTS: &[&str] = &[
    "ApplicationError",
    "Handler",
    "Rpc",
    "RpcSocket",
    "Throws",
    "Unsubscribe",
    "callAgain",
    "callWith",
    "handle",
    "isError",
    "staleCheck",
    "streamFrom",
    "streamWith",
];

/// Names of the runtime's `codec/` that stubs import.
pub(crate) const CODEC_IMPORTS: &[&str] = &["codedHandler", "codedListener", "codedOptions"];

/// How a name of the runtime may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// It is gone once compiled.
    Type,
    /// A function or class.
    Value,
}

/// Builds the tables of files from the list of modules, relative to their folder.
macro_rules! modules {
    ($($module:literal),* $(,)?) => {
        /// Sources.
        pub(crate) const SOURCES: &[(&str, &str)] = &[
            $((concat!($module, ".ts"), include_str!(concat!("../typescript/src/", $module, ".ts"))),)*
        ];

        /// Modules and declarations compiled from the sources, for `--emit js`.
        pub(crate) const BUILT: &[(&str, &str)] = &[
            $(
                (concat!($module, ".d.ts"), include_str!(concat!("../typescript/dist/", $module, ".d.ts"))),
                (concat!($module, ".js"), include_str!(concat!("../typescript/dist/", $module, ".js"))),
            )*
        ];
    };
}

modules! {
    "abort",
    "client/backoff",
    "client/channel",
    "client/client",
    "client/connector",
    "client/fallback",
    "client/options",
    "clock",
    "codec/channel",
    "codec/codec",
    "codec/exact",
    "codec/index",
    "codec/shape",
    "emitter",
    "errors",
    "index",
    "proto/ajax",
    "proto/batch",
    "proto/code",
    "proto/envelope",
    "proto/frame",
    "proto/init",
    "proto/limits",
    "proto/pair",
    "proto/wire",
    "rpc/again",
    "rpc/caller",
    "rpc/calls",
    "rpc/credit",
    "rpc/exchange",
    "rpc/failure",
    "rpc/fake",
    "rpc/handle",
    "rpc/handler",
    "rpc/interceptors",
    "rpc/json",
    "rpc/options",
    "rpc/stale",
    "rpc/stream",
    "rpc/trace",
    "rpc/upload",
    "session/keepalive",
    "session/outbox",
    "session/session",
    "testing/admission",
    "testing/ajax-endpoint",
    "testing/ajax-link",
    "testing/call",
    "testing/faults",
    "testing/http",
    "testing/http-faults",
    "testing/index",
    "testing/lasting",
    "testing/link",
    "testing/manual-clock",
    "testing/memory-fetch",
    "testing/network",
    "testing/peer",
    "testing/peer-channel",
    "testing/peer-rpc",
    "testing/random",
    "testing/web-socket",
    "testing/wire",
    "transport/ajax",
    "transport/transport",
    "transport/websocket",
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    /// Paths of all files in `folder`, sorted, with `/`.
    fn on_disk(folder: &Path, prefix: &str) -> Vec<String> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{prefix}{}", entry.file_name().to_str().unwrap());
            if entry.path().is_dir() {
                found.extend(on_disk(&entry.path(), &format!("{path}/")));
            } else {
                found.push(path);
            }
        }
        found.sort();
        found
    }

    fn assert_complete(folder: &str, table: &[(&str, &str)]) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("typescript")
            .join(folder);
        let mut embedded: Vec<_> = table.iter().map(|(path, _)| (*path).to_owned()).collect();
        embedded.sort();

        assert_eq!(
            embedded,
            on_disk(&folder, ""),
            "the list of modules in embed.rs differs from {}",
            folder.display()
        );
    }

    #[test]
    fn every_source_is_embedded() {
        assert_complete("src", SOURCES);
    }

    #[test]
    fn every_compiled_module_is_embedded() {
        assert_complete("dist", BUILT);
    }

    #[test]
    fn the_names_in_use_are_exported() {
        let (_, index) = SOURCES.iter().find(|(path, _)| *path == "index.ts").unwrap();
        let words: Vec<_> = index.split(|char: char| !char.is_alphanumeric()).collect();

        for name in EXPORTS.iter().map(|(name, _)| name).chain(IMPORTS) {
            assert!(words.contains(name), "{name}");
        }
        let (_, index) = SOURCES
            .iter()
            .find(|(path, _)| *path == "codec/index.ts")
            .unwrap();
        for name in CODEC_IMPORTS {
            assert!(index.contains(name), "{name}");
        }
    }
}
