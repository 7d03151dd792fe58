import type { Link } from "../../src/testing/index.js";

/** What a server has of one session, as the protocol's text has it: everything is kept, and what the client does is judged. */
export class ModelSession {
  readonly id: string;
  /** All that was ever sent, by number from 1. */
  readonly sent: string[] = [];
  /** All that was taken in. */
  readonly received: string[] = [];
  link: Link | undefined;
  tokens: readonly string[];
  acked = 0;
  /** How many this link has carried, or need not. */
  carried = 0;
  /** The last number that was acknowledged, and the weight of what came since. */
  told = 0;
  untold = 0;
  skip = 0;
  links = 1;

  constructor(id: string, token: string) {
    this.id = id;
    this.tokens = [token];
  }

  send(data: string): void {
    this.sent.push(`cd1&m${data}`);
    this.flush();
  }

  flush(): void {
    const link = this.link;
    if (!link?.isOpen) return;
    for (let text = this.sent[this.carried]; text !== undefined; text = this.sent[this.carried]) {
      this.carried++;
      link.send(text);
    }
  }
}

/**
 * A server that is written anew from PROTOCOL.md, part 21, with nothing of the client's code; `problems` is what the client did
 * that it may not.
 */
export class ModelServer {
  readonly sessions: ModelSession[] = [];
  readonly problems: string[] = [];
  readonly bufferBytes: number;
  /** Draws whether a message is acknowledged at once; what isn't is with a later one, or by {@link ack}. */
  readonly #draw: () => number;
  #open = new Map<string, ModelSession>();
  #names = 0;

  constructor(bufferBytes: number, draw: () => number) {
    this.bufferBytes = bufferBytes;
    this.#draw = draw;
  }

  /** Takes a connection. */
  serve(link: Link): void {
    let session: ModelSession | undefined;
    link.onMessage = (message) => {
      for (const each of split(message)) {
        if (session && session.link !== link) return;
        if (each.startsWith("in")) session ??= this.#init(link, JSON.parse(each.slice(2)));
        else if (each === "pi") link.send("po");
        else if (session) this.#take(session, each);
        else if (each !== "cl" && each !== "po") this.problems.push(`${each} ahead of in`);
      }
    };
    link.onEnd = () => {
      if (session?.link === link) session.link = undefined;
    };
  }

  /** Acknowledges what has come. */
  ack(session: ModelSession): void {
    session.told = session.received.length;
    session.untold = 0;
    session.link?.send(`ak${session.told}`);
  }

  /** Forgets every session, and breaks what there is. */
  restart(): void {
    for (const session of this.#open.values()) {
      const { link } = session;
      session.link = undefined;
      link?.cut();
    }
    this.#open = new Map();
  }

  /** Ends a session on purpose. */
  close(session: ModelSession): void {
    const { link } = session;
    if (!this.#open.delete(session.id)) return;
    session.link = undefined;
    link?.send("cl");
    link?.close();
  }

  #init(link: Link, init: Record<string, unknown>): ModelSession {
    const { socketID, token, received } = init["resume"] as Record<string, unknown>;
    const former = this.#open.get(String(socketID));
    const isSame = !!former && former.tokens.includes(String(token));
    if (socketID !== undefined && former && !isSame)
      this.problems.push("a token that never was, or is worth nothing");
    const issued = `token${++this.#names}`;
    if (isSame) {
      const number = Number(received);
      if (number < former.acked || number > former.sent.length) this.problems.push(`received ${number}`);
      const old = former.link;
      former.link = link;
      old?.close();
      former.tokens = [String(token), issued];
      former.acked = former.carried = number;
      former.skip = 0;
      former.told = former.received.length;
      former.untold = 0;
      former.links++;
      this.#welcome(link, former, issued, former.received.length);
      former.flush();
      return former;
    }
    const session = new ModelSession(`S${++this.#names}`, issued);
    session.link = link;
    this.sessions.push(session);
    this.#open.set(session.id, session);
    this.#welcome(link, session, issued);
    return session;
  }

  #welcome(link: Link, { id }: ModelSession, token: string, received?: number): void {
    const resume = { token, received, windowMs: 10 ** 9, bufferBytes: this.bufferBytes };
    link.send(`in${JSON.stringify({ socketID: id, batch: true, limit: 65_536, resume })}`);
    link.batch = true;
  }

  #take(session: ModelSession, message: string): void {
    const command = message.slice(0, 2);
    if (command === "ak") {
      const number = Number(message.slice(2));
      if (number < session.acked || number > session.carried) this.problems.push(message);
      session.acked = number;
    } else if (command === "nu") {
      session.skip = session.received.length + 1 - Number(message.slice(2));
      if (session.skip < 0) {
        this.problems.push(`${message} behind ${session.received.length}`);
      }
    } else if (command === "cl") {
      this.#open.delete(session.id);
      session.link?.close(undefined, "client");
    } else if (command === "cd") {
      if (session.skip-- > 0) return;
      session.received.push(message.slice(5));
      session.untold += new TextEncoder().encode(message).length + 32;
      const waiting = session.received.length - session.told;
      if (session.untold > this.bufferBytes && waiting > 1)
        this.problems.push(`${session.untold} bytes unacknowledged`);
      if (this.#draw() < 0.3 || session.untold > this.bufferBytes / 4) this.ack(session);
    } else if (command !== "po") {
      this.problems.push(message);
    }
  }
}

/** The messages of a container, or the one that is none. */
function split(message: string): readonly string[] {
  if (!message.startsWith("ba")) return [message];
  const messages: string[] = [];
  for (let rest = message.slice(2); rest; ) {
    const start = rest.indexOf("&") + 1;
    const end = start + Number(rest.slice(0, start - 1));
    messages.push(rest.slice(start, end));
    rest = rest.slice(end);
  }
  return messages;
}
