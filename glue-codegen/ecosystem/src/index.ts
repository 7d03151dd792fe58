// Stands in for the runtime that this one is written beside.
export * from "../../typescript/src/index.js";
