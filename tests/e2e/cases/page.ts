// The cases in a page, or in a worker of one. Bundled by support/stage.ts.
import { event } from "../support/inbox.js";
import { play } from "./cases.js";
import { Scene, type Setting } from "./scene.js";

declare global {
  /** Plays a case in the page, or in a worker of its own. */
  var playHere: (name: string, setting: Setting) => Promise<void>;
  var playInWorker: (name: string, setting: Setting) => Promise<void>;
  /** Opens a socket that stays as long as the page does, and returns its id. */
  var stay: (setting: Setting) => Promise<string>;
}

/** What a worker answers: why it failed, or nothing. */
type Answer = string | undefined;

if (globalThis.document === undefined) {
  globalThis.onmessage = ({ data: [name, setting] }: MessageEvent<[string, Setting]>) => {
    play(name, setting).then(
      () => postMessage(undefined satisfies Answer),
      (error: Error) => postMessage((error.stack ?? error.message) satisfies Answer),
    );
  };
  globalThis.addEventListener("unhandledrejection", ({ reason }) => {
    postMessage(`unhandled: ${reason}` satisfies Answer);
  });
} else {
  globalThis.playHere = play;
  globalThis.stay = async (setting) => {
    const socket = new Scene(setting).connect();
    await event(socket, "connected");
    return socket.socketID();
  };
  globalThis.playInWorker = async (name, setting) => {
    const worker = new Worker(new URL("page.mjs", location.href), { type: "module" });
    const answer = await new Promise<Answer>((resolve) => {
      worker.onmessage = ({ data }: MessageEvent<Answer>) => resolve(data);
      worker.onerror = ({ message }) => resolve(message || "the worker has failed");
      worker.postMessage([name, setting]);
    });
    worker.terminate();
    if (answer !== undefined) throw new Error(answer);
  };
}
