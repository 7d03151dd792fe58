export { glue } from "./client/client.js";
export { GlueError } from "./errors.js";
export { Rpc } from "./rpc/caller.js";
