/** Makes one of several {@link Interceptor}s, the outermost first; for `ChannelOptions.intercept`. */
export function interceptors(...all) {
    return (call, next) => all.reduceRight((next, interceptor) => (call) => interceptor(call, next), next)(call);
}
