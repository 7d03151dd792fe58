import type { InterceptedCall, Interceptor, Next } from "./options.js";

/** Makes one of several {@link Interceptor}s, the outermost first; for `ChannelOptions.intercept`. */
export function interceptors(...all: readonly Interceptor[]): Interceptor {
  return (call, next) =>
    all.reduceRight<(call: InterceptedCall) => unknown>(
      (next, interceptor) => (call) => interceptor(call, next as Next),
      next,
    )(call);
}
