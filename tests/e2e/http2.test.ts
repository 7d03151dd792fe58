// WebSocket over HTTP/2 (RFC 8441), asked for by Node's own HTTP/2.
import assert from "node:assert/strict";
import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import { after, test } from "node:test";
import { Program } from "./support/program.js";

const server = await Program.mounted();
const session = connect(server.url);
await once(session, "remoteSettings");
after(async () => {
  session.destroy();
  await server.kill();
});

/** Asks for a WebSocket on a stream of its own; returns the stream and the status. */
async function ask(over: ClientHttp2Session, origin?: string): Promise<[ClientHttp2Stream, number]> {
  const stream = over.request({
    ":method": "CONNECT",
    ":protocol": "websocket",
    ":path": "/glue/ws",
    "sec-websocket-version": "13",
    ...(origin && { origin }),
  });
  const [headers] = (await once(stream, "response")) as [Record<string, unknown>];
  return [stream, Number(headers[constants.HTTP2_HEADER_STATUS])];
}

/** A text message of fewer than 126 bytes, masked with zeros. */
function frame(text: string): Buffer {
  const payload = Buffer.from(text);
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}

/** The next message, of fewer than 126 bytes. */
async function next(stream: ClientHttp2Stream): Promise<string> {
  const read = async (length: number): Promise<Buffer> => {
    for (;;) {
      const bytes = stream.read(length) as Buffer | null;
      if (bytes) return bytes;
      await once(stream, "readable");
    }
  };
  const head = await read(2);
  return (await read(head[1] ?? 0)).toString();
}

test("[H-11] the server says that it takes extended CONNECT", () => {
  assert.equal(session.remoteSettings.enableConnectProtocol, true);
});

test("[H-11] sockets share a connection, and each ends by itself", async () => {
  const [ann, status] = await ask(session, server.url);
  const [bob] = await ask(session);
  assert.equal(status, 200);

  for (const [stream, text] of [
    [ann, "cd1&mAnn"],
    [bob, "cd1&mBob"],
  ] as const) {
    stream.write(frame('in{"version":"1.9.1"}'));
    assert.match(await next(stream), /^in\{"socketID":/);
    stream.write(frame(text));
    assert.equal(await next(stream), text);
  }
  ann.write(frame("cl"));
  await once(ann.resume(), "end");
  bob.write(frame("pi"));

  assert.equal(await next(bob), "po");
});

test("[H-3] [H-11] a page of another host is refused", async () => {
  const [stream, status] = await ask(session, "https://elsewhere.example");

  assert.equal(status, 403);
  stream.close();
});
