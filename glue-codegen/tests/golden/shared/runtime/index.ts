// Stands in for the runtime that is written beside every client, which the cases leave out.
export * from "../../../../typescript/src/index.js";
