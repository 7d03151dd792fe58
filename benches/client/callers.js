// What makes calls: each returns `add(a, b)`, and how to end it. In Node and in the browser alike.

/** The client that glue-codegen writes, with its defaults. */
export async function glue({ Desk, glue }, url, WebSocket) {
  const socket = glue(url, WebSocket ? { WebSocket } : {});
  const desk = new Desk(socket);
  await socket.ready();
  return { add: (a, b) => desk.add(a, b), close: () => socket.close() };
}

/** What one writes without any library: a WebSocket, JSON and a map of what is under way. Its server is the limit. */
export async function bare(_, url, WebSocket = globalThis.WebSocket) {
  const socket = new WebSocket(url.replace(/^http/, 'ws'));
  const underWay = new Map();
  let last = 0;
  socket.onmessage = ({ data }) => {
    const { id, result } = JSON.parse(data);
    const done = underWay.get(id);
    underWay.delete(id);
    done(result);
  };
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error('no WebSocket'));
  });
  const add = (a, b) =>
    new Promise((resolve) => {
      last += 1;
      underWay.set(last, resolve);
      socket.send(JSON.stringify({ id: last, method: 'add', params: [a, b] }));
    });
  return { add, close: () => socket.close() };
}

/** tRPC's client over its WebSocket link. */
export async function trpc({ createTRPCClient, createWSClient, wsLink }, url, WebSocket) {
  const client = createWSClient({ url: url.replace(/^http/, 'ws'), WebSocket });
  const { add } = createTRPCClient({ links: [wsLink({ client })] });
  await add.query([1, 2]);
  return { add: (a, b) => add.query([a, b]), close: () => client.close() };
}

/** Makes so many calls in all, so many of them at the same time, and checks each answer. */
export async function call({ add }, calls, underWay) {
  const each = Math.ceil(calls / underWay);
  const lane = async () => {
    for (let a = 0; a < each; a += 1) {
      const sum = await add(a, 7);
      if (sum !== a + 7) throw new Error(`${a} + 7 is ${sum}`);
    }
  };
  await Promise.all(Array.from({ length: underWay }, lane));
  return each * underWay;
}
