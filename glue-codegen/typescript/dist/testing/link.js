/** The server's end of one connection. It carries messages and knows nothing of what they mean. */
export class Link {
    /** Where the client wanted to go. */
    url;
    /** Called with each message of the client. */
    onMessage = () => { };
    /** Called with each message that is longer than the server takes. */
    onTooLarge = (code) => this.close(code);
    /** Called once, at the end. */
    onEnd = () => { };
    /** Whether several messages may go in one container; matters to Ajax only. */
    batch = false;
    /** Whether the client has closed it in a way that ends the session as well. */
    isFinal = false;
    /** What lies between the two ends. */
    wire;
    #settings;
    #messagesLeft;
    #ended;
    constructor(settings) {
        this.#settings = settings;
        this.url = settings.url;
        this.wire = settings.wire;
        this.#messagesLeft = settings.lifetime;
    }
    /** Sends a message, whatever it is. A binary one needs a WebSocket. */
    send(message) {
        if (this.isOpen && this.#isAlive())
            this.transmit(message);
    }
    /** Closes it in good order, behind what was sent; with a close code if it is a WebSocket. `by` is who wished it. */
    close(code, by = "server") {
        if (!this.isOpen)
            return;
        this.finish(code);
        this.end(by);
    }
    /** Breaks it: what is under way is lost, and the server has forgotten it at once. The client notices. */
    cut() {
        if (!this.isOpen)
            return;
        this.wire.lose();
        this.breakOff();
        this.end("lost");
    }
    get isOpen() {
        return this.#ended === undefined;
    }
    /** Why it ended; undefined while it is open. */
    get ended() {
        return this.#ended;
    }
    /** A message has arrived. Returns whether it was one that the server takes. */
    receive(message) {
        if (!this.isOpen || !this.#isAlive())
            return false;
        const fits = new TextEncoder().encode(message).length <= this.#settings.limit;
        if (fits)
            this.onMessage(message);
        else
            this.onTooLarge(TOO_LARGE);
        return fits;
    }
    end(end) {
        if (!this.isOpen)
            return;
        this.#ended = end;
        this.#settings.onEnd(this);
        this.onEnd(end);
    }
    #isAlive() {
        if (this.#messagesLeft-- > 0)
            return true;
        this.cut();
        return false;
    }
}
/** The close code that answers a message over the limit. */
const TOO_LARGE = 1009;
