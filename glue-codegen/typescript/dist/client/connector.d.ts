import type { GlueError } from "../errors.js";
import { type SessionEvent } from "../session/session.js";
import type { ResolvedOptions } from "./options.js";
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
    constructor(options: ResolvedOptions, handler: LinkHandler);
    open(): void;
    send(name: string, data: string): void;
    /** Says goodbye and ends it; nothing is reported any more. */
    close(): void;
}
