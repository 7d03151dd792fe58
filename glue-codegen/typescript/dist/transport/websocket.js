import { failure } from "./transport.js";
/** Close codes that are not worth an error: done, going away, none given. */
const ORDERLY = [1000, 1001, 1005, undefined];
/** One WebSocket as a transport. */
export class WebSocketTransport {
    type = "WebSocket";
    #create;
    #socket;
    /** Reports the end of the socket, once. */
    #closed = () => { };
    #open = false;
    #unsent = 0;
    constructor(create) {
        this.#create = create;
    }
    open(handler) {
        let socket;
        try {
            socket = this.#create();
        }
        catch (cause) {
            // A page's content security policy, or a host that is no URL.
            handler.onClose(failure("websocket refused", cause));
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
            if (this.#socket !== socket)
                return;
            this.#open = true;
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
                this.#closed(failure("websocket received no text", cause));
                return;
            }
            handler.onText(text);
        };
        socket.onerror = () => this.#closed(failure("websocket failed"));
        socket.onclose = ({ code, wasClean }) => {
            const isOrderly = wasClean !== false && ORDERLY.includes(code);
            this.#closed(isOrderly ? undefined : failure(`websocket closed with code ${code}`, undefined, code));
        };
    }
    get ready() {
        return this.#open;
    }
    send(text) {
        try {
            this.#socket?.send(text);
        }
        catch (cause) {
            // What is behind it must not be sent.
            this.#open = false;
            // Later, as all that a transport reports: whoever sends is in the middle of something.
            queueMicrotask(() => this.#closed(failure("websocket failed", cause)));
        }
    }
    get unsent() {
        return this.#socket?.bufferedAmount ?? 0;
    }
    stalled() {
        const before = this.#unsent;
        this.#unsent = this.unsent;
        return this.#unsent >= before;
    }
    close(rest = []) {
        for (const text of rest)
            if (this.#open)
                this.send(text);
        this.#open = false;
        const socket = this.#socket;
        this.#socket = undefined;
        socket?.close();
    }
}
/** A byte order mark belongs to the text, as it does in a text frame. */
function decodeUtf8(bytes) {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}
