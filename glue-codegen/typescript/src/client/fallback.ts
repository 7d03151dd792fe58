import type { Transport, TransportHandler } from "../transport/transport.js";

/**
 * Opens one of two transports to a server to which the first could not connect: it may have been away, or
 * something on the way refuses the first. So the second is opened, which tells whether the server is there; then
 * the first is tried once more, for as long as `wait` waits, and only if that fails again it is left at the second.
 * `settled` is told which it is, ahead of `onOpen`.
 */
export function openEither(
  first: Transport,
  second: Transport,
  wait: (task: () => void) => () => void,
  handler: TransportHandler,
  settled: (transport: Transport) => void,
): void {
  let winner: Transport | undefined;
  const settle = (transport: Transport, loser: Transport): void => {
    winner = transport;
    loser.close([]);
    settled(transport);
    handler.onOpen();
  };
  const onOpen = (): void => {
    const settleLast = (): void => settle(second, first);
    const cancel = wait(settleLast);
    first.open({
      ...handler,
      onOpen() {
        cancel();
        settle(first, second);
      },
      onClose(error) {
        cancel();
        if (winner) handler.onClose(error);
        else settleLast();
      },
    });
  };
  second.open({ ...handler, onOpen });
}
