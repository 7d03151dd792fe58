import type { Interceptor } from "./options.js";
/** Makes one of several {@link Interceptor}s, the outermost first; for `ChannelOptions.intercept`. */
export declare function interceptors(...all: readonly Interceptor[]): Interceptor;
