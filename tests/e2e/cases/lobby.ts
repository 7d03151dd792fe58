import { Lobby, type Mood, type Person, type PresenceUpdate } from "../generated/index.js";
import type { Socket } from "../generated/runtime/index.js";
import { Inbox } from "../support/inbox.js";
import { same } from "./check.js";
import type { Scene } from "./scene.js";

/** Groups, and who is there. */
export const LOBBY = {
  "an event to a group reaches those in it, one to others all but one": async (scene: Scene): Promise<void> => {
    const room = scene.label();
    const [ann, ben, eve] = [new Guest(scene), new Guest(scene), new Guest(scene)];
    const entered = [await ann.lobby.enter(room), await ann.lobby.enter(room), await ben.lobby.enter(room)];
    await eve.lobby.enter(scene.label());

    const sent = [await ann.lobby.say(room, "to all"), await ann.lobby.sayToOthers(room, "to others")];
    await Promise.all([ann, ben, eve].map(({ socket, lobby }) => lobby.whisper(socket.socketID(), "over")));

    same([entered, sent], [[true, false, true], [2, 1]]);
    same(await ann.heard(2), ["to all", "over"]);
    same(await ben.heard(3), ["to all", "to others", "over"]);
    same(await eve.heard(1), ["over"]);
  },

  "who has left a group hears no more of it": async (scene: Scene): Promise<void> => {
    const room = scene.label();
    const ann = new Guest(scene);
    await ann.lobby.enter(room);

    const left = [await ann.lobby.leave(room), await ann.lobby.leave(room)];

    same([left, await ann.lobby.say(room, "anybody?")], [[true, false], 0]);
  },

  "an event to everyone reaches those who have opened the channel": async (scene: Scene): Promise<void> => {
    const [ann, ben] = [new Guest(scene), new Guest(scene)];
    const text = scene.label();
    await ann.lobby.leave("none");
    await ben.lobby.leave("none");
    // It has never said a word there.
    const silent = scene.connect();
    await silent.ready();

    const sent = await ann.lobby.announce(text);

    same([await ann.heard(1), await ben.heard(1)], [[text], [text]]);
    same(sent >= 2, true);
  },

  "a socket that ends leaves its groups": async (scene: Scene): Promise<void> => {
    const room = scene.label();
    const [ann, ben] = [new Guest(scene), new Guest(scene)];
    await ann.lobby.enter(room);
    await ben.lobby.enter(room);
    const id = ben.socket.socketID();

    ben.socket.close();
    await ann.lobby.left(room, id);

    same([await ann.lobby.say(room, "still there?"), await ann.lobby.whisper(id, "?")], [1, 0]);
    same(await ann.heard(1), ["still there?"]);
  },

  "who is there is told at first, and then as it changes": async (scene: Scene): Promise<void> => {
    const room = scene.label();
    const [ann, ben, again] = [new Guest(scene), new Guest(scene), new Guest(scene)];
    const seats = reader(ann.lobby.sit(room, "Ann"));
    same(await seats.next(), { type: "snapshot", people: [person("Ann")] });

    // Two tabs of one person, of which one is closed and the other goes elsewhere.
    const tabs = [reader(ben.lobby.sit(room, "Ben")), reader(again.lobby.sit(room, "Ben"))] as const;
    const snapshot = { type: "snapshot", people: [person("Ann"), person("Ben")] };
    same([await tabs[0].next(), await tabs[1].next()], [snapshot, snapshot]);
    same(await seats.next(), { type: "joined", person: person("Ben") });
    same([await ann.lobby.cheer(room, "Ben", "🥳"), await ann.lobby.cheer(room, "Eve", "🥳")], [true, false]);
    same(await seats.next(), { type: "changed", person: person("Ben", "🥳") });
    ben.socket.close();
    same(await ann.lobby.cheer(room, "Ben", "😢"), true);
    same(await seats.next(), { type: "changed", person: person("Ben", "😢") });
    await tabs[1].leave();

    same(await seats.next(), { type: "left", id: "Ben" });
    await seats.leave();
  },
};

/** A socket that hears what is said. */
class Guest {
  readonly socket: Socket;
  readonly lobby: Lobby;
  readonly #said = new Inbox<string>();

  constructor(scene: Scene) {
    this.socket = scene.connect();
    this.lobby = new Lobby(this.socket);
    this.lobby.on("said", ({ text }) => this.#said.push(text));
  }

  heard(count: number): Promise<string[]> {
    return this.#said.first(count);
  }
}

interface Reader {
  readonly next: () => Promise<PresenceUpdate<string, Mood> | undefined>;
  readonly leave: () => Promise<unknown>;
}

function reader(updates: AsyncIterable<PresenceUpdate<string, Mood>>): Reader {
  const iterator = updates[Symbol.asyncIterator]();
  return {
    next: async () => {
      const { value } = await iterator.next();
      return value || undefined;
    },
    leave: async () => iterator.return?.(),
  };
}

function person(id: string, emoji = "🙂"): Person<string, Mood> {
  return { id, meta: { emoji } };
}
