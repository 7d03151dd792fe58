import { decodeBatch } from "../proto/batch.js";
import { decodeFrame, encodeFrame } from "../proto/frame.js";
import { decodePair, encodePair } from "../proto/pair.js";
import type { SocketType } from "../transport/transport.js";
import type { Authorize, ClientInit, Refusal } from "./admission.js";
import type { Link, LinkEnd } from "./link.js";
import type { ManualClock } from "./manual-clock.js";
import { PeerChannel } from "./peer-channel.js";
import { PeerRpc } from "./peer-rpc.js";
import type { Direction } from "./wire.js";

/** What a {@link Peer} needs to know. */
export interface PeerSettings {
  readonly socketId: string;
  readonly clock: ManualClock;
  readonly authorize: Authorize;
  readonly limit: number;
  /** Whether to play an original 1.9.1 server, without the extensions. */
  readonly original: boolean;
  /** Told once the client was accepted. */
  readonly onOpen: (peer: Peer) => void;
}

/**
 * The server's end of one session: what a `Socket` is to a server in Rust. It accepts the client and keeps the session alive
 * as a real server does by default (a ping after 30 s of silence, the end 7 s later); all the rest is the test's.
 */
export class Peer {
  /** Every message of the client, in order; those of containers one by one. */
  readonly messages: string[] = [];
  readonly socketId: string;
  readonly #link: Link;
  readonly #settings: PeerSettings;
  readonly #channels = new Map<string, PeerChannel>();
  readonly #rpcs = new Map<string, PeerRpc>();
  #cancelTimer: () => void = () => {};
  #state: "opening" | "deciding" | "open" = "opening";
  /** Channel data that came while it was decided on the client. */
  #early: string[] = [];
  #init: ClientInit = {};

  /** @internal */
  constructor(link: Link, settings: PeerSettings) {
    this.#link = link;
    this.#settings = settings;
    this.socketId = settings.socketId;
    link.onMessage = (message) => this.#handle(message);
    this.#after(INIT_TIME, () => this.close());
    link.onEnd = () => {
      this.#cancelTimer();
      for (const rpc of this.#rpcs.values()) rpc.close();
    };
  }

  /** The kind of transport, as `socket.type()` has it. */
  get type(): SocketType {
    return this.#link.type;
  }

  /** Where the client wanted to go. */
  get url(): string {
    return this.#link.url;
  }

  /** The members of the client's `in`. */
  get init(): ClientInit {
    return this.#init;
  }

  /** The client's option `auth`. */
  get auth(): unknown {
    return this.#init.auth;
  }

  get isOpen(): boolean {
    return this.#link.isOpen;
  }

  /** How it ended; undefined while it is open. */
  get ended(): LinkEnd | undefined {
    return this.#link.ended;
  }

  /** The channel `name`, `m` being the main one. What came before it was asked for waits to be read. */
  channel(name: string): PeerChannel {
    let channel = this.#channels.get(name);
    if (!channel) {
      const send = (data: string): void => this.sendRaw(encodeFrame("channel_data", encodePair(name, data)));
      channel = new PeerChannel(name, send, this.#settings.clock);
      this.#channels.set(name, channel);
    }
    return channel;
  }

  /** The typed calls of the channel `name`. */
  rpc(name: string): PeerRpc {
    let rpc = this.#rpcs.get(name);
    if (!rpc) {
      rpc = new PeerRpc(this.channel(name), this.#settings.clock);
      this.#rpcs.set(name, rpc);
    }
    return rpc;
  }

  /** Sends on the main channel. */
  send(data: string): void {
    this.channel(MAIN).send(data);
  }

  /** The next text of the main channel; see {@link PeerChannel.receive}. */
  receive(withinMs?: number): Promise<string> {
    return this.channel(MAIN).receive(withinMs);
  }

  /** Sends a message as it is: for what no real server says. */
  sendRaw(message: string | ArrayBuffer): void {
    this.#link.send(message);
  }

  /** Ends the session, behind what was sent; with a close code if it is over a WebSocket. */
  close(code?: number): void {
    this.#link.close(code);
  }

  /** Ends the session and tells the client not to come back by itself. */
  dismiss(): void {
    this.sendRaw(encodeFrame("dont_reconnect"));
    this.close();
  }

  /** Breaks the connection: what is under way is lost, and so is the session. The client notices at once. */
  cut(): void {
    this.#link.cut();
  }

  /** Keeps everything back, in both directions, until {@link resume}. */
  stall(): void {
    this.#link.wire.stall();
  }

  /** Makes the connection half open: nothing arrives any more, in both directions unless one is named, and nobody is told. */
  lose(direction?: Direction): void {
    this.#link.wire.lose(direction);
  }

  /** Ends {@link stall}: what was kept back arrives. */
  resume(): void {
    this.#link.wire.resume();
  }

  #handle(message: string): void {
    const frame = decodeFrame(message);
    if (frame?.kind === "batch" && this.#link.batch) {
      const messages = decodeBatch(frame.data ?? "");
      if (!messages) this.sendRaw(encodeFrame("invalid"));
      else for (const each of messages) this.#handle(each);
      return;
    }
    this.messages.push(message);
    if (this.#state === "open") this.#watch();
    switch (frame?.kind) {
      case "ping":
        this.sendRaw(encodeFrame("pong"));
        break;
      case "pong":
        break;
      case "close":
        this.#link.close(undefined, "client");
        break;
      case "channel_data":
        if (this.#state === "open") this.#deliver(message.slice(2));
        else this.#early.push(message.slice(2));
        break;
      case "init":
        if (this.#state === "opening") this.#handleInit(message.slice(2));
        else this.sendRaw(encodeFrame("invalid"));
        break;
      default:
        this.sendRaw(encodeFrame("invalid"));
    }
  }

  #handleInit(text: string): void {
    try {
      this.#init = JSON.parse(text);
      if (typeof this.#init.version !== "string") throw new TypeError("no version");
    } catch {
      this.close();
      return;
    }
    this.#state = "deciding";
    const { authorize } = this.#settings;
    const decision = authorize({ type: this.type, url: this.url, auth: this.auth });
    // Nothing may come between for those who need not wait.
    if (decision instanceof Promise) decision.then((refusal) => this.#decided(refusal));
    else this.#decided(decision);
  }

  #decided(refusal: Refusal | undefined): void {
    if (!this.isOpen) return;
    if (refusal) this.#refuse(refusal);
    else this.#accept();
  }

  #refuse({ code, message, data, isFinal }: Refusal): void {
    if (this.#announces("errors")) {
      this.sendRaw(encodeFrame("init", JSON.stringify({ error: { code, message, data } })));
    }
    if (isFinal) this.sendRaw(encodeFrame("dont_reconnect"));
    this.close();
  }

  #accept(): void {
    const batch = this.#announces("batch");
    const extensions = batch ? { batch, limit: this.#settings.limit } : {};
    this.sendRaw(encodeFrame("init", JSON.stringify({ socketID: this.socketId, ...extensions })));
    this.#link.batch = batch;
    this.#state = "open";
    this.#watch();
    this.#settings.onOpen(this);
    for (const data of this.#early) this.#deliver(data);
  }

  /** Asks for a sign of life once there was none for long, and ends the session if none follows. */
  #watch(): void {
    this.#after(PING_INTERVAL, () => {
      this.sendRaw(encodeFrame("ping"));
      this.#after(PING_TIMEOUT, () => this.#link.close(undefined, "lost"));
    });
  }

  /** Sets the one timer. */
  #after(ms: number, task: () => void): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#settings.clock.after(ms, task);
  }

  #announces(extension: "batch" | "errors"): boolean {
    return !this.#settings.original && this.#init[extension] === true;
  }

  #deliver(text: string): void {
    const pair = decodePair(text);
    if (pair) this.channel(pair.name).deliver(pair.data);
  }
}

/** The name of the main channel. */
const MAIN = "m";

/** Times of a server, in milliseconds. */
const INIT_TIME = 10_000;
const PING_INTERVAL = 30_000;
const PING_TIMEOUT = 7_000;
