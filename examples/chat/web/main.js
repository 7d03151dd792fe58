// The chat's page. It is plain JavaScript whose types tsc checks against the generated client: see jsconfig.json.
import { Chat, GlueError, glue, safe } from "./generated/index.js";
import { recallIdentity, rememberIdentity } from "./identity.js";
import * as view from "./view.js";

/** @import { ChatErrors, Room, Update } from "./generated/index.js" */

/**
 * Something that was said here and isn't in the room yet, as far as we know.
 * @typedef {object} Pending
 * @property {string} room
 * @property {string} text
 * @property {number} after the room's last message when it was sent
 * @property {"sending" | "uncertain"} state
 * @property {number | undefined} id what the server called it
 */

const FIRST_ROOM = "general";

/** A tab that is left open should come back by itself, however long the server was away. */
const socket = glue(undefined, { reconnectAttempts: 0 });
const chat = new Chat(socket);

const me = recallIdentity();
let room = roomOfAddress();
/** @type {readonly Room[]} */
let rooms = [];
/** @type {string[]} */
let people = [];
/** Number of the last message of each room that was read here. @type {Map<string, number>} */
const seen = new Map();
/** @type {Pending[]} */
let pending = [];
/** Whether the server knows our name in this session, and who waits for that. */
let isNamed = false;
/** @type {(() => void)[]} */
const whenNamed = [];
/** Number of the room's last message that arrived. */
let last = 0;
/** Ends the visit: the stream that holds our name. */
let visit = new AbortController();
/** Ends our stay in the room. */
let stay = new AbortController();
let isStaying = false;

/**
 * Holds our name and follows the list of rooms, over every loss of the connection, until `visit` is aborted.
 * @param {string} name
 */
async function enter(name) {
  visit.abort();
  visit = new AbortController();
  const { signal } = visit;
  while (!signal.aborted) {
    try {
      let isFirst = true;
      // In a gap this waits for the connection; as it is the first call to wait, messages that wait have a name.
      for await (const list of chat.enter(name, me.key, { signal })) {
        if (isFirst) entered(name);
        for (const tell of isFirst ? whenNamed.splice(0) : []) tell();
        isFirst = false;
        rooms = list;
        showRooms();
      }
    } catch (error) {
      isNamed = false;
      if (signal.aborted) return;
      if (!isLost(error)) {
        leave();
        view.showWelcome(explain(error, "enter", "a name"));
      } else if (socket.isClosed()) {
        await new Promise((resolve) => socket.once("connected", () => resolve(undefined)));
      }
    }
  }
}

function leave() {
  visit.abort();
  stay.abort();
  isStaying = false;
}

/** @param {string} name */
function entered(name) {
  me.name = name;
  isNamed = true;
  rememberIdentity(me);
  view.showApp(name);
  // Another room may have been chosen in the gap.
  if (!isStaying) follow(room, room);
}

/**
 * Goes into a room, and stays until another is chosen or the connection is lost; `enter` comes back then.
 * @param {string} name
 * @param {string} before where to go back if the room can't be entered
 */
async function follow(name, before) {
  stay.abort();
  stay = new AbortController();
  const { signal } = stay;
  isStaying = true;
  try {
    for await (const update of chat.watch(name, { signal })) apply(update);
  } catch (error) {
    if (signal.aborted) return;
    isStaying = false;
    if (isLost(error)) return;
    view.showRoomError(explain(error, "watch", "a name for the room"));
    if (name !== before) go(before);
  }
}

/** @param {Update} update */
function apply(update) {
  switch (update.kind) {
    case "snapshot":
      room = update.room;
      showAddress();
      people = update.people;
      last = update.messages.at(-1)?.id ?? 0;
      settleUncertain(update.messages);
      view.showMessages(update.messages, me.name);
      break;
    case "said":
      last = update.message.id;
      pending = pending.filter((entry) => entry.id !== last || entry.room !== room);
      view.addMessage(update.message, me.name);
      view.hideTyping(update.message.name);
      break;
    case "joined":
      people = [...people, update.name].sort();
      view.addNotice(`${update.name} joined`);
      break;
    case "left":
      people = people.filter((name) => name !== update.name);
      view.addNotice(`${update.name} left`);
      view.hideTyping(update.name);
      break;
  }
  view.showRoom(room, people, me.name);
  showPending();
  showRooms();
}

/** @param {string} name */
function go(name) {
  if (name === room) return;
  const before = room;
  room = name;
  people = [];
  last = 0;
  showAddress();
  view.clearRoom(name);
  showRooms();
  showPending();
  // Without a visit, `enter` follows once there is one.
  if (!visit.signal.aborted) follow(name, before);
}

function showRooms() {
  const isFirst = seen.size === 0;
  const list = rooms.map(({ name, people, last }) => {
    const isRead = isFirst || (name === room && !document.hidden);
    // A server that was started anew counts from one again.
    const read = isRead ? last : Math.min(seen.get(name) ?? 0, last);
    seen.set(name, read);
    return { name, people, unread: last - read };
  });
  view.showRooms(list, room, go);
}

/**
 * Without a connection the call waits in the client, and is sent with the next one.
 * @param {string} text
 */
async function say(text) {
  /** @type {Pending} */
  const entry = { room, text, after: last, state: "sending", id: undefined };
  pending.push(entry);
  showPending();
  // With the message, the others forget that we were typing.
  toldTyping = -Infinity;
  let said = await safe(chat.say(entry.room, text));
  // What was said in a gap may be in the next session ahead of our name.
  while (!said.ok && Chat.isError(said.error, "say") && said.error.data.reason === "no_name") {
    if (!isNamed) await new Promise((resolve) => whenNamed.push(() => resolve(undefined)));
    said = await safe(chat.say(entry.room, text));
  }
  if (said.ok) {
    entry.id = said.value;
    // The message itself comes with the room's stream: before this, or after.
    if (entry.room !== room || entry.id <= last) forget(entry);
  } else if (isLost(said.error)) {
    entry.state = "uncertain";
    showPending();
  } else {
    forget(entry);
    view.giveBack(text, explain(said.error, "say", "a message"));
  }
}

/** @param {Pending} entry */
function forget(entry) {
  pending = pending.filter((other) => other !== entry);
  showPending();
}

/**
 * Drops what was sent into a connection that was lost and did arrive.
 * @param {readonly { readonly id: number, readonly name: string, readonly text: string }[]} messages
 */
function settleUncertain(messages) {
  pending = pending.filter((entry) => {
    if (entry.room !== room) return true;
    if (entry.id !== undefined) return false;
    const arrived = messages.some(
      ({ id, name, text }) => id > entry.after && name === me.name && text === entry.text.trim(),
    );
    return entry.state === "sending" || !arrived;
  });
}

function showPending() {
  const here = pending.filter((entry) => entry.room === room);
  view.showPending(here, me.name, forget, (entry) => {
    forget(entry);
    say(entry.text);
  });
}

let toldTyping = -Infinity;

/** Tells the others, now and then; whoever isn't connected isn't typing. */
function typing() {
  const now = performance.now();
  if (socket.state() !== "connected" || now - toldTyping < 2000) return;
  toldTyping = now;
  chat.typing(room);
}

/** @param {unknown} error */
function isLost(error) {
  return error instanceof GlueError && error.code === "unavailable";
}

/**
 * @param {unknown} error
 * @param {keyof ChatErrors} method what failed
 * @param {string} wanted what the user was to give
 */
function explain(error, method, wanted) {
  if (!Chat.isError(error, method)) {
    console.error(error);
    return "Something went wrong. Please try again.";
  }
  const why = error.data;
  switch (why.reason) {
    case "empty":
      return `Please write ${wanted}.`;
    case "too_long":
      return `That is too long: at most ${why.limit} characters.`;
    case "name_taken":
      return "Somebody else has this name.";
    case "no_name":
      return "Please come in first.";
    case "full":
      return "There is no more room here at the moment.";
  }
}

function showAddress() {
  history.replaceState(null, "", `#${encodeURIComponent(room)}`);
}

function roomOfAddress() {
  try {
    return decodeURIComponent(location.hash.slice(1)) || FIRST_ROOM;
  } catch {
    return FIRST_ROOM;
  }
}

function showConnection() {
  view.showConnection(
    navigator.onLine || socket.state() === "connected" ? socket.state() : "disconnected",
    socket.isClosed(),
  );
}

for (const event of /** @type {const} */ (["connecting", "connected", "reconnecting", "disconnected"])) {
  socket.on(event, showConnection);
}
addEventListener("online", showConnection);
addEventListener("offline", showConnection);
addEventListener("hashchange", () => go(roomOfAddress()));
document.addEventListener("visibilitychange", showRooms);

chat.on("typing", (event) => {
  if (event.room === room) view.showTyping(event.name);
});

view.listen({
  enter,
  say,
  typing,
  openRoom: go,
  step(by) {
    const index = rooms.findIndex(({ name }) => name === room);
    const next = rooms[(index + by + rooms.length) % rooms.length];
    if (next) go(next.name);
  },
  leave() {
    leave();
    view.showWelcome("");
  },
  retry: () => socket.reconnect(),
});

showConnection();
view.clearRoom(room);
if (me.name) enter(me.name);
else view.showWelcome("");
