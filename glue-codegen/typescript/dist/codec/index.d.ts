/** Codecs for generated code: they turn what travels into what the application sees, and back. */
export { type CodecTable, codedHandler, codedListener, codedOptions, type MethodCodecs, } from "./channel.js";
export type { Codec } from "./codec.js";
export { bigint, bytes, date, map, set } from "./exact.js";
export { any, array, boolean, type CodecMaker, generic, intersection, lazy, literal, nullable, number, object, once, oneOf, record, string, tuple, union, } from "./shape.js";
