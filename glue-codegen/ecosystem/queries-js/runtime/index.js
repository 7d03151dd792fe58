// Stands in for the runtime that is written beside every client.
export * from "../../../typescript/dist/index.js";
