import { glue, type Socket } from "../../src/client/client.js";
import { decodePair } from "../../src/proto/pair.js";
import { type HttpAnswer, type HttpRequest, type Link, MemoryNetwork } from "../../src/testing/index.js";
import type { RecordedSession, Recording } from "./recordings.js";

/** Something that happened, in milliseconds since what it is measured from. */
export interface Timed {
  readonly name: string;
  readonly at: number;
}

/** What a client did: the recorded one, or ours in its place. */
export interface Conduct {
  /** When it tried to connect, since the first attempt. */
  readonly attempts: readonly number[];
  /** Its messages, by session. */
  readonly said: readonly (readonly string[])[];
  /** The commands of those that the page didn't ask for, by session, since the link was there. */
  readonly times: readonly (readonly Timed[])[];
  /** The bodies of its polls, by session. */
  readonly polls: readonly (readonly string[])[];
  /** What it told its page: event, state and kind of transport, since the first. */
  readonly events: readonly Timed[];
  /** What it gave its page, by channel. */
  readonly got: Readonly<Record<string, readonly string[]>>;
}

/** A session that came about in the replay. */
interface Reached {
  readonly session: RecordedSession;
  readonly start: number;
  readonly said: { readonly message: string; readonly at: number }[];
  readonly polls: string[];
}

/** What the recorded client did. */
export function recorded(recording: Recording): Conduct {
  const { sessions, events, got, serverSaid } = recording;
  const reached = sessions.filter(({ answer }) => isAccepted(answer?.status));
  const first = sessions[0]?.startedAt ?? 0;
  const arrived = serverSaid.flatMap(pairOf);
  return {
    attempts: sessions.map(({ startedAt }) => startedAt - first),
    said: reached.map(({ up }) => up.map(({ message }) => message)),
    times: reached.map(({ up, answer }) => ownMessages(up, answer?.at ?? 0)),
    polls: reached.map(({ polls }) => polls.map(({ body }) => body)),
    events: events.map(({ ev, state, type, t }) => ({
      name: eventName(ev, state, type),
      at: t - (events[0]?.t ?? 0),
    })),
    got: {
      ...Object.fromEntries(
        [...channels(recording)].map((name) => [
          name,
          arrived.filter((pair) => pair.name === name).map(({ data }) => data),
        ]),
      ),
      ...got,
    },
  };
}

/**
 * Has our client do what the page of a recording had the original do, against a server that says what that server said, at
 * the recorded times.
 */
export class Replay {
  readonly #recording: Recording;
  readonly #network = new MemoryNetwork();
  readonly #attempts: { readonly type: RecordedSession["type"]; readonly at: number }[] = [];
  readonly #reached: Reached[] = [];
  readonly #events: { readonly name: string; at: number }[] = [];
  readonly #got: Record<string, string[]> = {};
  #socket!: Socket;

  constructor(recording: Recording) {
    this.#recording = recording;
    this.#network.onLink((link) => this.#speak(link));
    this.#network.faults.intercept((request) => this.#answer(request));
  }

  /** Returns what ours did until the recording ended. */
  async run(): Promise<Conduct> {
    const { endsAt, sessions, events } = this.#recording;
    // Attempts that didn't come through to the recorder are in the events only.
    const startedAt = this.#isFallback ? events[0]?.t : sessions[0]?.startedAt;
    this.#open();
    await this.#network.clock.advance(endsAt - (startedAt ?? 0));
    return {
      attempts: this.#attempts.map(({ at }) => at - (this.#attempts[0]?.at ?? 0)),
      said: this.#reached.map(({ said }) => said.map(({ message }) => message)),
      times: this.#reached.map(({ said, start }) => ownMessages(said, start)),
      polls: this.#reached.map(({ polls }) => polls),
      events: this.#events.filter(({ at }) => at !== UNKNOWN),
      got: this.#got,
    };
  }

  /** Whether the recorded client was free to fall back to Ajax, and did. */
  get #isFallback(): boolean {
    const { file, sessions } = this.#recording;
    return file.startsWith("websocket/") && sessions.every(({ type }) => type === "AjaxSocket");
  }

  /** Opens a socket, as the page did. */
  #open(): void {
    const { file, events, closedAt, serverSaid } = this.#recording;
    const { WebSocket, ...options } = this.#network.options;
    const onAttempt = (): void => void this.#attempt("WebSocket");
    const isEnded = events.some(({ ev }) => ev === "disconnected");
    const socket = glue("http://server", {
      ...options,
      WebSocket: class extends WebSocket {
        constructor(url: string) {
          super(url);
          onAttempt();
        }
      },
      // The delays of the original are our longest.
      random: () => 1,
      forceSocketType: !this.#isFallback && (file.startsWith("ajax/") ? "AjaxSocket" : "WebSocket"),
      // It was off where a socket was over without anybody having wished that.
      reconnect: !isEnded || closedAt !== undefined || serverSaid.includes("dr"),
    });
    this.#socket = socket;
    for (const event of EVENTS) socket.on(event, () => this.#tell(event));
    for (const name of channels(this.#recording)) {
      this.#got[name] ??= [];
      socket.channel(name).onMessage((data) => this.#got[name]?.push(data));
    }
    if (closedAt !== undefined) {
      this.#network.clock.after(closedAt - (events[0]?.t ?? 0), () => socket.close());
    }
  }

  /** The original says that it is reconnecting when it tries, ours when it has lost the link (C7). */
  #tell(event: (typeof EVENTS)[number]): void {
    const name = eventName(event, this.#socket.state(), this.#socket.type());
    this.#events.push({ name, at: event === "reconnecting" ? UNKNOWN : this.#network.clock.now() });
  }

  /** An attempt begins. Returns what became of it. */
  #attempt(type: RecordedSession["type"]): RecordedSession | undefined {
    const { clock, faults } = this.#network;
    const number = this.#attempts.filter((attempt) => attempt.type === type).length;
    this.#attempts.push({ type, at: clock.now() });
    for (const event of this.#events) if (event.at === UNKNOWN) event.at = clock.now();
    const session = this.#recording.sessions.filter((session) => session.type === type)[number];
    if (type === "WebSocket") {
      if (isAccepted(session?.answer?.status)) faults.admit(type);
      else if (session?.answer || this.#isFallback) faults.refuse(type);
      else faults.ignore(type);
    }
    return session;
  }

  /** The link of a session is there: what the page did in it is set in motion. */
  #reach(session: RecordedSession): Reached {
    const socket = this.#socket;
    const reached = { session, start: this.#network.clock.now(), said: [], polls: [] };
    this.#reached.push(reached);
    for (const { at, message } of session.up) {
      if (message === "cl") this.#at(reached, at, () => socket.close());
      for (const { name, data } of pairOf(message))
        this.#at(reached, at, () => socket.channel(name).send(data));
    }
    // A page that went on behind that has made another socket.
    const next = this.#recording.sessions[this.#recording.sessions.indexOf(session) + 1];
    if (next && session.up.some(({ message }) => message === "cl")) {
      this.#at(reached, next.startedAt, () => this.#open());
    }
    return reached;
  }

  #speak(link: Link): void {
    const { clock } = this.#network;
    const number = this.#attempts.filter(({ type }) => type === "WebSocket").length - 1;
    const session = this.#recording.sessions.filter(({ type }) => type === "WebSocket")[number];
    if (!session) throw new Error("an attempt was let through that nobody recorded");
    const reached = this.#reach(session);
    link.onMessage = (message) => reached.said.push({ message, at: clock.now() });
    for (const { at, message } of session.down) {
      this.#at(reached, at, () => (message === undefined ? link.close() : link.send(message)));
    }
  }

  async #answer({ kind, body }: HttpRequest): Promise<HttpAnswer> {
    const { clock } = this.#network;
    if (kind === "init") {
      const session = this.#attempt("AjaxSocket");
      if (!session?.answer) return NEVER;
      await this.#delay(session.answer.at - session.startedAt);
      if (isAccepted(session.answer.status)) this.#reach(session);
      return session.answer;
    }
    const reached = this.#reached.find(({ session }) =>
      session.answer?.body.startsWith(`${body.slice(1, 11)}&`),
    );
    if (!reached) throw new Error(`${body} is of no session`);
    const { session, said, polls } = reached;
    if (kind === "push") {
      const push = session.up[said.length];
      said.push({ message: body.slice(12), at: clock.now() });
      if (!push) return { status: 200, body: "" };
      if (!push.answer) return NEVER;
      await this.#delay(push.answer.at - push.at);
      return push.answer;
    }
    const { answer } = session.polls[polls.length] ?? {};
    polls.push(body);
    if (!answer) return NEVER;
    await new Promise<void>((resolve) => this.#at(reached, answer.at, resolve));
    return answer;
  }

  /** Does something when it was done in the recording: as long after the link was there. */
  #at({ session, start }: Reached, at: number, task: () => void): void {
    const { clock } = this.#network;
    clock.after(start + at - (session.answer?.at ?? 0) - clock.now(), task);
  }

  #delay(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#network.clock.after(ms, resolve);
    });
  }
}

const EVENTS = [
  ...(["connecting", "connected", "reconnecting", "disconnected"] as const),
  ...(["error", "timeout", "connect_timeout", "discard_send_buffer"] as const),
];

/** When an event belongs, before that shows. */
const UNKNOWN = Number.POSITIVE_INFINITY;

const NEVER = new Promise<never>(() => {});

function isAccepted(status: number | undefined): boolean {
  return status === 101 || status === 200;
}

/** What the page didn't ask for. */
function ownMessages(
  up: readonly { readonly message: string; readonly at: number }[],
  start: number,
): Timed[] {
  return up
    .map(({ message, at }) => ({ name: message.slice(0, 2), at: at - start }))
    .filter(({ name }) => name !== "cd" && name !== "cl");
}

/** The original's state at a loss is that of before (C7), so it tells nothing. */
function eventName(event: string, state: string, type: string): string {
  return ["error", "timeout"].includes(event) ? event : `${event} ${state} ${type}`;
}

/** The original counts the length of a name as JavaScript does. */
function pairOf(message: string): { readonly name: string; readonly data: string }[] {
  const pair = message.startsWith("cd") ? decodePair(message.slice(2), true) : undefined;
  return pair ? [pair] : [];
}

/** Channels that the page opened, as far as that shows; the main one is open by itself. */
function channels({ sessions, got }: Recording): Set<string> {
  const sent = sessions.flatMap(({ up }) => up.flatMap(({ message }) => pairOf(message)));
  return new Set(["m", ...Object.keys(got), ...sent.map(({ name }) => name)]);
}
