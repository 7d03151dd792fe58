// Stands in for the module that is written with the queries.
export * from "../../src/tanstack.js";
