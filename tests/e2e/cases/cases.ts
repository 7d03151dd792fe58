import { ADMISSION } from "./admission.js";
import { AGAIN } from "./again.js";
import { CALLBACKS } from "./callbacks.js";
import { CALLS } from "./calls.js";
import { CHANNELS } from "./channels.js";
import { CONTRACTS } from "./contracts.js";
import { ENDINGS } from "./endings.js";
import { EXACT } from "./exact.js";
import { LOBBY } from "./lobby.js";
import { Scene, type Setting } from "./scene.js";
import { STREAMS } from "./streams.js";
import { UPLOADS } from "./uploads.js";

/** Every case, by what it shows. Each is played on every platform and over every transport. */
export const CASES: Readonly<Record<string, (scene: Scene) => Promise<void>>> = {
  ...CALLS,
  ...STREAMS,
  ...UPLOADS,
  ...CALLBACKS,
  ...ENDINGS,
  ...AGAIN,
  ...CONTRACTS,
  ...LOBBY,
  ...CHANNELS,
  ...EXACT,
  ...ADMISSION,
};

/** The kinds of transport. */
export const TRANSPORTS = ["WebSocket", "AjaxSocket"] as const;

/** Plays one case. */
export async function play(name: string, setting: Setting): Promise<void> {
  const scene = new Scene(setting);
  try {
    await CASES[name]?.(scene);
  } finally {
    await scene.end();
  }
}
