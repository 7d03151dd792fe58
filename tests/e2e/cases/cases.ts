import { ADMISSION } from "./admission.js";
import { CALLS } from "./calls.js";
import { CHANNELS } from "./channels.js";
import { Scene, type Setting } from "./scene.js";
import { STREAMS } from "./streams.js";

/** Every case, by what it shows. Each is played on every platform and over every transport. */
export const CASES: Readonly<Record<string, (scene: Scene) => Promise<void>>> = { ...CALLS, ...STREAMS, ...CHANNELS, ...ADMISSION };

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
