import { decodeBatch } from "../proto/batch.js";
import { DATA, decodeFrame, encodeFrame } from "../proto/frame.js";
import { decodePair, encodePair } from "../proto/pair.js";
import type { SocketType } from "../transport/transport.js";
import type { Authorize, ClientInit, Refusal } from "./admission.js";
import { Lasting, type LastingTerms } from "./lasting.js";
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
  /** How to keep sessions that have lost their connection; undefined if they end with it. */
  readonly lasting: LastingTerms | undefined;
  /** A new secret. */
  readonly newToken: () => string;
  /** The open session of that name. */
  readonly find: (socketId: unknown) => Peer | undefined;
  /** Whether to play an original 1.9.1 server, without the extensions. */
  readonly original: boolean;
  /** Told once the client was accepted. */
  readonly onOpen: (peer: Peer) => void;
  /** Told once the session has ended. */
  readonly onEnd: (peer: Peer) => void;
}

/**
 * The server's end of one session: what a `Socket` is to a server in Rust. It accepts the client and keeps the session alive
 * as a real server does by default (a ping after 30 s of silence, the end 7 s later), and through the loss of its connection;
 * all the rest is the test's.
 */
export class Peer {
  /** Every message of the client, in order; those of containers one by one. */
  readonly messages: string[] = [];
  readonly socketId: string;
  /** The connection, or the last one. */
  #link: Link;
  readonly #lasting: Lasting;
  readonly #settings: PeerSettings;
  readonly #channels = new Map<string, PeerChannel>();
  readonly #rpcs = new Map<string, PeerRpc>();
  #cancelTimer: () => void = () => {};
  #state: "opening" | "deciding" | "open" = "opening";
  /** Channel data that came while it was decided on the client. */
  #early: string[] = [];
  #init: ClientInit = {};
  #ended: LinkEnd | undefined;
  /** Whether the client begins nothing any more. */
  #isLeft = false;

  /** @internal */
  constructor(link: Link, settings: PeerSettings) {
    this.#link = link;
    this.#settings = settings;
    this.socketId = settings.socketId;
    this.#lasting = new Lasting(settings.clock, (message) => this.#link.send(message));
    this.#attach(link);
    this.#after(INIT_TIME, () => this.close());
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

  /** Whether the session goes on, be it with a connection or without. */
  get isOpen(): boolean {
    return this.#ended === undefined;
  }

  /** Whether it has a connection, as far as the server knows. */
  get isConnected(): boolean {
    return this.isOpen && this.#link.isOpen;
  }

  /** How it ended; undefined while it is open. */
  get ended(): LinkEnd | undefined {
    return this.#ended;
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

  /** Sends a message as it is: for what no real server says. Channel data waits where there is no connection, all else is lost. */
  sendRaw(message: string | ArrayBuffer): void {
    if (this.#state !== "open" || typeof message !== "string" || !message.startsWith(DATA)) {
      this.#link.send(message);
      return;
    }
    this.#lasting.push(message);
    this.#flush();
  }

  /** Ends the session, behind what was sent; with a close code if it is over a WebSocket. */
  close(code?: number): void {
    this.#close(code);
  }

  /** Ends the session and tells the client not to come back by itself. */
  dismiss(): void {
    this.#close(undefined, "dont_reconnect");
  }

  /** Asks the client to leave within so many milliseconds. Once it has said that it does, and no call is under way, the session ends. */
  drain(withinMs: number): void {
    if (this.#announces("drain")) this.sendRaw(encodeFrame("drain", `${withinMs}`));
  }

  /**
   * Breaks the connection: what is under way is lost. The client notices at once; it comes back, and goes on where it was,
   * unless the session can't outlive its connection.
   */
  cut(): void {
    this.#link.cut();
  }

  /** Forgets the session, and breaks its connection: what a server does that is started anew. */
  forget(): void {
    this.#end("lost");
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

  #attach(link: Link): void {
    this.#link = link;
    link.onMessage = (message) => this.#handle(message);
    link.onTooLarge = (code) => this.#close(code);
    link.onEnd = (end) => this.#lost(end);
  }

  /** The connection has ended by itself. A client that means it says so before. */
  #lost(end: LinkEnd): void {
    this.#cancelTimer();
    this.#lasting.rest();
    if (end === "server" || this.#link.isFinal || !this.#lasting.isLasting) this.#end(end);
    else if (this.isOpen) this.#after(this.#settings.lasting?.windowMs ?? 0, () => this.#end(end));
  }

  /** Without a last word it would look like a loss. */
  #close(code?: number, word?: "close" | "dont_reconnect"): void {
    if (!this.isOpen) return;
    const lastWord = word ?? (this.#lasting.isLasting ? "close" : undefined);
    this.#lasting.release();
    this.#isLeft = false;
    this.#flush();
    if (lastWord) this.#link.send(encodeFrame(lastWord));
    this.#end("server");
    this.#link.close(code);
  }

  #end(end: LinkEnd): void {
    if (!this.isOpen) return;
    this.#ended = end;
    this.#cancelTimer();
    this.#lasting.rest();
    for (const rpc of this.#rpcs.values()) rpc.close();
    this.#settings.onEnd(this);
  }

  #flush(): void {
    if (this.isConnected) this.#lasting.flush();
    if (this.#isLeft && ![...this.#rpcs.values()].some((rpc) => rpc.isBusy)) this.#close();
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
        this.#end("client");
        this.#link.close(undefined, "client");
        break;
      case "ack":
        if (!this.#lasting.isLasting) this.sendRaw(encodeFrame("invalid"));
        else if (this.#lasting.acknowledged(frame.data ?? "")) this.#flush();
        else this.#close();
        break;
      case "number": {
        const isNext = this.#lasting.isLasting && this.#lasting.numbered(frame.data ?? "");
        if (isNext === undefined) this.#close();
        else if (!isNext && this.#lasting.isLasting) this.#link.cut();
        else if (!isNext) this.sendRaw(encodeFrame("invalid"));
        break;
      }
      case "drain":
        this.#isLeft = this.#announces("drain");
        if (this.#isLeft) this.#flush();
        else this.sendRaw(encodeFrame("invalid"));
        break;
      case "channel_data":
        if (!this.#lasting.takeIn(message)) break;
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
    if (isFinal) {
      this.sendRaw(encodeFrame("dont_reconnect"));
      this.#former?.close();
    }
    this.close();
  }

  /** The session that the client wants to go on with, if it may. */
  get #former(): Peer | undefined {
    const { socketID, token } = (this.#init.resume ?? {}) as {
      readonly socketID?: unknown;
      readonly token?: unknown;
    };
    const peer = this.#announces("batch") ? this.#settings.find(socketID) : undefined;
    if (!peer) return undefined;
    return peer.#lasting.takes(token) ? peer : undefined;
  }

  /** Goes on over the connection of `newcomer`, which is no more than that. Returns whether it can. */
  #takeOver(newcomer: Peer): boolean {
    const { token, received } = newcomer.#init.resume as {
      readonly token: string;
      readonly received: number;
    };
    if (!this.#lasting.resume(token, this.#settings.newToken(), received)) {
      this.#close();
      return false;
    }
    // Whatever the former connection still brings counts no more, and neither does its end.
    const former = this.#link;
    former.onMessage = former.onTooLarge = former.onEnd = () => {};
    former.close();
    newcomer.#cancelTimer();
    this.#attach(newcomer.#link);
    this.#welcome(true);
    this.#watch();
    this.#flush();
    return true;
  }

  #accept(): void {
    const former = this.#former;
    // An optional chain can't lead to what is private here.
    if (!former) this.#begin();
    else if (!former.#takeOver(this)) this.#begin();
  }

  #begin(): void {
    const { resume } = this.#init;
    const isWanted = this.#announces("batch") && typeof resume === "object" && !!resume;
    const { lasting, newToken } = this.#settings;
    this.#lasting.start(this.socketId, newToken(), isWanted ? lasting : undefined);
    this.#welcome(false);
    this.#state = "open";
    this.#watch();
    this.#settings.onOpen(this);
    for (const data of this.#early) this.#deliver(data);
  }

  #welcome(isResumed: boolean): void {
    const batch = this.#announces("batch");
    const drain = this.#announces("drain") || undefined;
    const resume = this.#lasting.offer(isResumed);
    const extensions = batch ? { batch, limit: this.#settings.limit, resume, drain } : { drain };
    this.#link.send(encodeFrame("init", JSON.stringify({ socketID: this.socketId, ...extensions })));
    this.#link.batch = batch;
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

  #announces(extension: "batch" | "errors" | "drain"): boolean {
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
