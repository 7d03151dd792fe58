// Stands in for the codecs of the runtime, as ../index.ts does for the runtime.
export * from "../../../../../typescript/src/codec/index.js";
