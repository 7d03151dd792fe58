import type { Code, ErrorBody } from "./proto/code.js";

/**
 * The error of every failing operation of this library. `code` says what happened, `data` carries what the
 * server added: for code `application` the error value of the method itself.
 */
export class GlueError<Data = unknown> extends Error {
  override readonly name = "GlueError";

  constructor(
    code: Code,
    message: string,
    options?: {
      readonly data?: Data | undefined;
      readonly cause?: unknown;
      readonly method?: string | undefined;
    },
  ) {
    super(message, options?.cause === undefined ? undefined : options);
    this.code = code;
    this.data = options?.data as Data;
    this.method = options?.method;
  }

  declare readonly code: Code;
  declare readonly data: Data;
  /** The call that failed, such as `chat.post`: its channel and its method as on the wire. */
  declare readonly method: string | undefined;

  /** The error that a server tells of. @internal */
  static of({ code, message, data }: ErrorBody): GlueError {
    return new GlueError(code, message, { data });
  }

  /** Returns `error` itself if it is a {@link GlueError}, otherwise one of code `internal` caused by it. */
  static from(error: unknown): GlueError {
    if (error instanceof GlueError) return error;
    return new GlueError("internal", error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  }
}
