import { GlueError } from "../errors.js";
import type { Outbox } from "../session/outbox.js";
import { type SessionEvent } from "../session/session.js";
import type { SocketType } from "../transport/transport.js";
import type { ResolvedOptions } from "./options.js";
/** How an attempt is made, where the application leaves that open: by WebSocket; by Ajax, or WebSocket after all; by Ajax. */
export type Plan = 0 | 1 | 2;
/** What a link tells its socket. */
export interface LinkHandler {
    isChannel(name: string): boolean;
    onEvent(event: SessionEvent): void;
    /** The transport is gone. */
    onClose(error?: GlueError): void;
}
/**
 * One attempt and what becomes of it: a transport and the session over it. It moves texts between the two,
 * is the only reader of the clock, and falls silent once closed.
 */
export declare class Link {
    #private;
    constructor(options: ResolvedOptions, outbox: Outbox, plan: Plan, handler: LinkHandler);
    get type(): SocketType;
    get unsent(): number;
    open(): void;
    /** There is something to send. Where the server reads containers, all of this turn of the event loop goes in one. */
    wake(): void;
    /** Says what is left to say and goodbye, and ends it; nothing is reported any more. */
    close(leaving?: boolean): void;
    /**
     * Ends it behind `rest`, or without a word if there is none, so that the session can go on over another; nothing is
     * reported any more.
     */
    drop(rest?: readonly string[], leaving?: boolean): void;
}
