import { decodeBatch } from "../proto/batch.js";
import { decodeFrame, encodeFrame } from "../proto/frame.js";
import { decodePair, encodePair } from "../proto/pair.js";
import { PeerChannel } from "./peer-channel.js";
import { PeerRpc } from "./peer-rpc.js";
/**
 * The server's end of one session: what a `Socket` is to a server in Rust. It accepts the client and keeps the session alive
 * as a real server does by default (a ping after 30 s of silence, the end 7 s later); all the rest is the test's.
 */
export class Peer {
    /** Every message of the client, in order; those of containers one by one. */
    messages = [];
    socketId;
    #link;
    #settings;
    #channels = new Map();
    #rpcs = new Map();
    #cancelTimer = () => { };
    #state = "opening";
    /** Channel data that came while it was decided on the client. */
    #early = [];
    #init = {};
    /** @internal */
    constructor(link, settings) {
        this.#link = link;
        this.#settings = settings;
        this.socketId = settings.socketId;
        link.onMessage = (message) => this.#handle(message);
        this.#after(INIT_TIME, () => this.close());
        link.onEnd = () => {
            this.#cancelTimer();
            for (const rpc of this.#rpcs.values())
                rpc.close();
        };
    }
    /** The kind of transport, as `socket.type()` has it. */
    get type() {
        return this.#link.type;
    }
    /** Where the client wanted to go. */
    get url() {
        return this.#link.url;
    }
    /** The members of the client's `in`. */
    get init() {
        return this.#init;
    }
    /** The client's option `auth`. */
    get auth() {
        return this.#init.auth;
    }
    get isOpen() {
        return this.#link.isOpen;
    }
    /** How it ended; undefined while it is open. */
    get ended() {
        return this.#link.ended;
    }
    /** The channel `name`, `m` being the main one. What came before it was asked for waits to be read. */
    channel(name) {
        let channel = this.#channels.get(name);
        if (!channel) {
            const send = (data) => this.sendRaw(encodeFrame("channel_data", encodePair(name, data)));
            channel = new PeerChannel(name, send, this.#settings.clock);
            this.#channels.set(name, channel);
        }
        return channel;
    }
    /** The typed calls of the channel `name`. */
    rpc(name) {
        let rpc = this.#rpcs.get(name);
        if (!rpc) {
            rpc = new PeerRpc(this.channel(name), this.#settings.clock);
            this.#rpcs.set(name, rpc);
        }
        return rpc;
    }
    /** Sends on the main channel. */
    send(data) {
        this.channel(MAIN).send(data);
    }
    /** The next text of the main channel; see {@link PeerChannel.receive}. */
    receive(withinMs) {
        return this.channel(MAIN).receive(withinMs);
    }
    /** Sends a message as it is: for what no real server says. */
    sendRaw(message) {
        this.#link.send(message);
    }
    /** Ends the session, behind what was sent; with a close code if it is over a WebSocket. */
    close(code) {
        this.#link.close(code);
    }
    /** Ends the session and tells the client not to come back by itself. */
    dismiss() {
        this.sendRaw(encodeFrame("dont_reconnect"));
        this.close();
    }
    /** Breaks the connection: what is under way is lost, and so is the session. The client notices at once. */
    cut() {
        this.#link.cut();
    }
    /** Keeps everything back, in both directions, until {@link resume}. */
    stall() {
        this.#link.wire.stall();
    }
    /** Makes the connection half open: nothing arrives any more, in both directions unless one is named, and nobody is told. */
    lose(direction) {
        this.#link.wire.lose(direction);
    }
    /** Ends {@link stall}: what was kept back arrives. */
    resume() {
        this.#link.wire.resume();
    }
    #handle(message) {
        const frame = decodeFrame(message);
        if (frame?.kind === "batch" && this.#link.batch) {
            const messages = decodeBatch(frame.data ?? "");
            if (!messages)
                this.sendRaw(encodeFrame("invalid"));
            else
                for (const each of messages)
                    this.#handle(each);
            return;
        }
        this.messages.push(message);
        if (this.#state === "open")
            this.#watch();
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
                if (this.#state === "open")
                    this.#deliver(message.slice(2));
                else
                    this.#early.push(message.slice(2));
                break;
            case "init":
                if (this.#state === "opening")
                    this.#handleInit(message.slice(2));
                else
                    this.sendRaw(encodeFrame("invalid"));
                break;
            default:
                this.sendRaw(encodeFrame("invalid"));
        }
    }
    #handleInit(text) {
        try {
            this.#init = JSON.parse(text);
            if (typeof this.#init.version !== "string")
                throw new TypeError("no version");
        }
        catch {
            this.close();
            return;
        }
        this.#state = "deciding";
        const { authorize } = this.#settings;
        const decision = authorize({ type: this.type, url: this.url, auth: this.auth });
        // Nothing may come between for those who need not wait.
        if (decision instanceof Promise)
            decision.then((refusal) => this.#decided(refusal));
        else
            this.#decided(decision);
    }
    #decided(refusal) {
        if (!this.isOpen)
            return;
        if (refusal)
            this.#refuse(refusal);
        else
            this.#accept();
    }
    #refuse({ code, message, data, isFinal }) {
        if (this.#announces("errors")) {
            this.sendRaw(encodeFrame("init", JSON.stringify({ error: { code, message, data } })));
        }
        if (isFinal)
            this.sendRaw(encodeFrame("dont_reconnect"));
        this.close();
    }
    #accept() {
        const batch = this.#announces("batch");
        const extensions = batch ? { batch, limit: this.#settings.limit } : {};
        this.sendRaw(encodeFrame("init", JSON.stringify({ socketID: this.socketId, ...extensions })));
        this.#link.batch = batch;
        this.#state = "open";
        this.#watch();
        this.#settings.onOpen(this);
        for (const data of this.#early)
            this.#deliver(data);
    }
    /** Asks for a sign of life once there was none for long, and ends the session if none follows. */
    #watch() {
        this.#after(PING_INTERVAL, () => {
            this.sendRaw(encodeFrame("ping"));
            this.#after(PING_TIMEOUT, () => this.#link.close(undefined, "lost"));
        });
    }
    /** Sets the one timer. */
    #after(ms, task) {
        this.#cancelTimer();
        this.#cancelTimer = this.#settings.clock.after(ms, task);
    }
    #announces(extension) {
        return !this.#settings.original && this.#init[extension] === true;
    }
    #deliver(text) {
        const pair = decodePair(text);
        if (pair)
            this.channel(pair.name).deliver(pair.data);
    }
}
/** The name of the main channel. */
const MAIN = "m";
/** Times of a server, in milliseconds. */
const INIT_TIME = 10_000;
const PING_INTERVAL = 30_000;
const PING_TIMEOUT = 7_000;
