import { readdirSync, readFileSync } from "node:fs";

/** A line of a recording; see tests/transcripts/README.md. */
interface Line {
  readonly dir: "c>s" | "s>c" | "note" | "proxy";
  readonly t_ms: number;
  readonly conn: number;
  readonly note?: string;
  readonly ws?: string;
  readonly ws_close?: { readonly code: number | null };
  readonly http?: {
    readonly method?: string;
    readonly target?: string;
    readonly status?: number;
    readonly body?: string;
  };
}

/** An answer over HTTP. Times are milliseconds since the recording began. */
export interface RecordedAnswer {
  readonly at: number;
  readonly status: number;
  readonly body: string;
}

/** What the client said, over Ajax with the answer to the push. */
export interface RecordedMessage {
  readonly at: number;
  readonly message: string;
  answer?: RecordedAnswer;
}

/** A poll: its body and its answer. */
export interface RecordedPoll {
  readonly at: number;
  readonly body: string;
  answer?: RecordedAnswer;
}

/** One attempt of a client to connect, and what became of it. */
export interface RecordedSession {
  readonly type: "WebSocket" | "AjaxSocket";
  readonly startedAt: number;
  /** To the upgrade, or to the init. */
  answer?: RecordedAnswer;
  readonly up: RecordedMessage[];
  /** What the server said over a WebSocket; without a message: that it closed. */
  readonly down: { readonly at: number; readonly message?: string }[];
  readonly polls: RecordedPoll[];
}

/** An event of glue.js; `t` is in milliseconds. */
export interface RecordedEvent {
  readonly t: number;
  readonly ev: string;
  readonly state: string;
  readonly type: string;
}

/** One recording of a client of the original. */
export interface Recording {
  /** Such as `ajax/main-echo.jsonl`. */
  readonly file: string;
  /** Messages that the server said, of whatever kind of client. */
  readonly serverSaid: readonly string[];
  readonly sessions: readonly RecordedSession[];
  /** What glue.js told its page; none in those of Chromium, where nobody listened. */
  readonly events: readonly RecordedEvent[];
  /** What the page got, by channel, where the notes tell. */
  readonly got: Readonly<Record<string, readonly string[]>>;
  /** Whether the original client was on the other side: not a raw one. */
  readonly isOriginal: boolean;
  /** When the page has closed its socket, where it shows in a note only. */
  readonly closedAt: number | undefined;
  readonly endsAt: number;
}

const FOLDER = new URL("../../../../tests/transcripts/", import.meta.url);

/** All recordings of these folders. */
export function recordings(): readonly Recording[] {
  return ["websocket", "ajax"].flatMap((folder) =>
    readdirSync(new URL(`${folder}/`, FOLDER))
      .filter((name) => name.endsWith(".jsonl"))
      .map((name) => read(`${folder}/${name}`)),
  );
}

function read(file: string): Recording {
  const lines: Line[] = readFileSync(new URL(file, FOLDER), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const notes = lines.map(({ note = "" }) => note);
  const page = notes.find((note) => note.startsWith(EVENTS)) ?? "";
  const events: RecordedEvent[] = page ? JSON.parse(between(page, EVENTS, " console: ")) : [];
  const main = between(page, " main got: ", " channels got: ");
  const channels = between(page, " channels got: ");
  const closed = notes.some((note) => note.includes("after close()"));
  return {
    file,
    serverSaid: lines.flatMap(({ dir, ws, http }) => (dir === "s>c" ? said(ws, http?.body) : [])),
    sessions: sessions(lines),
    events,
    got: { ...(main && { m: JSON.parse(main) }), ...(channels && JSON.parse(channels)) },
    isOriginal: page !== "" || file.includes("/chromium-"),
    closedAt: closed ? events.find(({ ev }) => ev === "disconnected")?.t : undefined,
    endsAt: lines.at(-1)?.t_ms ?? 0,
  };
}

function sessions(lines: readonly Line[]): RecordedSession[] {
  const found: RecordedSession[] = [];
  const byConnection = new Map<number, RecordedSession>();
  const byUid = new Map<string, RecordedSession>();
  /** Who takes the next answer on a connection. */
  const asked = new Map<number, (answer: RecordedAnswer) => void>();
  const open = (type: RecordedSession["type"], startedAt: number): RecordedSession => {
    const session = { type, startedAt, up: [], down: [], polls: [] };
    found.push(session);
    return session;
  };
  for (const { dir, t_ms: at, conn, http, ws, ws_close } of lines) {
    const { body = "", target = "" } = http ?? {};
    if (dir === "s>c" && http) {
      asked.get(conn)?.({ at, status: http.status ?? 0, body });
      asked.delete(conn);
    } else if (http && target.endsWith("/ws")) {
      const session = open("WebSocket", at);
      byConnection.set(conn, session);
      asked.set(conn, (answer) => {
        session.answer = answer;
      });
    } else if (http && body === "i") {
      const session = open("AjaxSocket", at);
      asked.set(conn, (answer) => {
        session.answer = answer;
        byUid.set(answer.body.slice(0, 10), session);
      });
    } else if (http) {
      const session = byUid.get(body.slice(1, 11));
      if (body.startsWith("u")) {
        const push: RecordedMessage = { at, message: body.slice(12) };
        session?.up.push(push);
        asked.set(conn, (answer) => {
          push.answer = answer;
        });
      } else {
        const poll: RecordedPoll = { at, body };
        session?.polls.push(poll);
        asked.set(conn, (answer) => {
          poll.answer = answer;
        });
      }
    } else if (ws !== undefined) {
      const session = byConnection.get(conn);
      if (dir === "c>s") session?.up.push({ at, message: ws });
      else session?.down.push({ at, message: ws });
    } else if (ws_close && dir === "s>c") {
      byConnection.get(conn)?.down.push({ at });
    }
  }
  return found;
}

const EVENTS = "glue.js events: ";

/** What stands between two texts, or behind the first; empty where that is missing. */
function between(text: string, start: string, end?: string): string {
  const from = text.indexOf(start);
  if (from < 0) return "";
  const rest = text.slice(from + start.length);
  const to = end === undefined ? -1 : rest.indexOf(end);
  return to < 0 ? rest : rest.slice(0, to);
}

/** A message of the server: by itself, or behind the token of a poll. */
function said(ws: string | undefined, body = ""): string[] {
  const [, message] = /^[0-9A-Za-z]{7}&(.*)$/s.exec(body) ?? [];
  const text = ws ?? message;
  return text === undefined ? [] : [text];
}
