import type { Conduct } from "./replay.js";

/** Where ours does something else than the original did, and why: a rule of PROTOCOL.md, or a weakness of the original. */
export interface Difference {
  readonly why: string;
  /** What ours does in those respects. */
  readonly ours: Partial<Conduct>;
}

const INIT = 'in{"version":"1.9.1"}';
const INIT_AT_ONCE = [{ name: "in", at: 0 }];
const ONE_WAY = Array<string>(6).fill("cd1&mone way");

/** By recording. */
export const DIFFERENCES: Readonly<Record<string, Difference>> = {
  "websocket/blocked-server-glue-js.jsonl": {
    why: "C9: that the transport opened is no success, so the delays grow",
    ours: {
      attempts: [0, 1000, 3000],
      said: [[INIT], [INIT], [INIT]],
      times: [INIT_AT_ONCE, INIT_AT_ONCE, INIT_AT_ONCE],
      polls: [[], [], []],
      events: [
        { name: "connecting connecting WebSocket", at: 0 },
        { name: "reconnecting reconnecting WebSocket", at: 1000 },
        { name: "reconnecting reconnecting WebSocket", at: 3000 },
      ],
    },
  },
  "ajax/blocked-server-glue-js.jsonl": {
    why: "C9: that the transport opened is no success, so the delays grow",
    ours: {
      attempts: [0, 1000, 3000],
      said: [[INIT], [INIT], [INIT]],
      times: [INIT_AT_ONCE, INIT_AT_ONCE, INIT_AT_ONCE],
      polls: [["oErmddiXTJH&6l6Mg3L"], ["olWDxJ4wKtt&VlVhHtb"], ["o6ID7RrMgtJ&94DB71p"]],
      events: [
        { name: "connecting connecting AjaxSocket", at: 0 },
        { name: "error", at: 0 },
        { name: "reconnecting reconnecting AjaxSocket", at: 1000 },
        { name: "error", at: 1000 },
        { name: "reconnecting reconnecting AjaxSocket", at: 3000 },
        { name: "error", at: 3000 },
      ],
    },
  },
  "websocket/fallback-to-ajax-glue-js.jsonl": {
    why: "C8: the second attempt asks whether the server is there, tries the WebSocket once more, and is on Ajax then",
    ours: {
      attempts: [0, 1000, 1000],
      events: [
        { name: "connecting connecting WebSocket", at: 0 },
        { name: "error", at: 0 },
        { name: "reconnecting reconnecting WebSocket", at: 1000 },
        { name: "connected connected AjaxSocket", at: 1000 },
      ],
    },
  },
  "websocket/init-newer-version-glue-js.jsonl": {
    why: "[I-8]: the recording made the original claim a newer version, ours claims its own",
    ours: { said: [[INIT]] },
  },
  "ajax/init-newer-version-glue-js.jsonl": {
    why: "[I-8]: the recording made the original claim a newer version, ours claims its own",
    ours: { said: [[INIT]] },
  },
  "websocket/nonascii-channel-glue-js.jsonl": {
    why: "[C-1], B18: names are counted in bytes, as the server does",
    ours: { said: [[INIT, "cd2&éhello", "cd6&日本hello", "cd4&😀hello", "cd6&golangstill alive"]] },
  },
  "ajax/nonascii-channel-glue-js.jsonl": {
    why: "[C-1], B18: names are counted in bytes, as the server does",
    ours: { said: [[INIT, "cd2&éhello", "cd6&日本hello", "cd4&😀hello", "cd6&golangstill alive"]] },
  },
  "ajax/ping-client-35s.jsonl": {
    why: "C12: there is a goodbye, also where a poll was answered 400, which may have been something on the way",
    ours: {
      said: [
        [INIT, ...ONE_WAY, "pi", "cd1&mone way", "cl"],
        [INIT, "cd1&mone way", "cd1&mone way"],
      ],
    },
  },
  "ajax/write-then-close.jsonl": {
    why: "C12: as above",
    ours: { said: [[INIT, "cd3&cmdwriteclose 10", "cl"]] },
  },
  "ajax/poll-timeout-35s-glue-js.jsonl": {
    why: "B4: server and client both wait for 35 s, and the original's timer was late by milliseconds; C12 as above",
    ours: {
      said: [
        [INIT, ...ONE_WAY, "pi", "cl"],
        [INIT, "cd1&mone way", "cd1&mone way"],
      ],
      times: [[...INIT_AT_ONCE, { name: "pi", at: 35_003 }], INIT_AT_ONCE],
    },
  },
  "ajax/client-close.jsonl": {
    why: "C12: the goodbye gets out",
    ours: { said: [[INIT, "cl"]] },
  },
};
