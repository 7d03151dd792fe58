/** Codecs for generated code: they turn what travels into what the application sees, and back. */
export { codedHandler, codedListener, codedOptions, } from "./channel.js";
export { bigint, bytes, date, map, set } from "./exact.js";
export { any, array, boolean, generic, intersection, lazy, literal, nullable, number, object, once, oneOf, record, string, tuple, union, } from "./shape.js";
