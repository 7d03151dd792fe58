export { glue } from "./client/client.js";
export { GlueError } from "./errors.js";
export { Rpc } from "./rpc/caller.js";
export { isError, safe, } from "./rpc/failure.js";
export { Fake } from "./rpc/fake.js";
export { handle } from "./rpc/handle.js";
export { newTraceparent } from "./rpc/trace.js";
export { callWith, streamWith } from "./rpc/upload.js";
