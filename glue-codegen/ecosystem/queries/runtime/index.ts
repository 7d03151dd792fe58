// Stands in for the runtime that is written beside every client.
export * from "../../../typescript/src/index.js";
