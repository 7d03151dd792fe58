import { GlueError } from "../errors.js";
/** Close codes that are not worth an error: done, going away, none given. */
const ORDERLY = [1000, 1001, 1005, undefined];
/** One WebSocket as a transport. */
export class WebSocketTransport {
    #create;
    #socket;
    /** Reports the end of the socket, once. */
    #closed = () => { };
    /** A text could not be sent, so those behind it must not be. */
    #broken = false;
    constructor(Constructor, url) {
        this.#create = () => new Constructor(url);
    }
    open(handler) {
        let socket;
        try {
            socket = this.#create();
        }
        catch (cause) {
            // A page's content security policy, or a host that is no URL.
            handler.onClose(failure("refused", cause));
            return;
        }
        this.#socket = socket;
        socket.binaryType = "arraybuffer";
        this.#closed = (error) => {
            if (this.#socket !== socket)
                return;
            this.close();
            handler.onClose(error);
        };
        socket.onopen = () => {
            if (this.#socket === socket)
                handler.onOpen();
        };
        socket.onmessage = ({ data }) => {
            if (this.#socket !== socket)
                return;
            let text;
            try {
                text = typeof data === "string" ? data : decodeUtf8(data);
            }
            catch (cause) {
                this.#closed(failure("received no text", cause));
                return;
            }
            handler.onText(text);
        };
        socket.onerror = () => this.#closed(failure("failed"));
        socket.onclose = ({ code, wasClean }) => this.#closed(wasClean === false || !ORDERLY.includes(code) ? failure(`closed with code ${code}`) : undefined);
    }
    send(text) {
        if (this.#broken)
            return;
        try {
            this.#socket?.send(text);
        }
        catch (cause) {
            this.#broken = true;
            // Later, as all that a transport reports: whoever sends is in the middle of something.
            queueMicrotask(() => this.#closed(failure("failed to send", cause)));
        }
    }
    get unsent() {
        return this.#socket?.bufferedAmount ?? 0;
    }
    close() {
        const socket = this.#socket;
        this.#socket = undefined;
        socket?.close();
    }
}
/** A byte order mark belongs to the text, as it does in a text frame. */
function decodeUtf8(bytes) {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}
function failure(what, cause) {
    return new GlueError("unavailable", `websocket ${what}`, { cause });
}
