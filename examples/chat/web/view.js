// The page's elements. What users wrote gets into them as text only, never as markup.

/** @import { Message } from "./generated/index.js" */
/** @typedef {{ readonly text: string, readonly state: "sending" | "uncertain" }} Unsent */

const welcome = find("welcome", HTMLElement);
const nameInput = find("name", HTMLInputElement);
const app = find("app", HTMLElement);
const roomList = find("rooms", HTMLElement);
const roomInput = find("room-name", HTMLInputElement);
const peopleList = find("people", HTMLElement);
const menu = find("menu", HTMLElement);
const log = find("log", HTMLElement);
const messages = find("messages", HTMLElement);
const toEnd = find("to-end", HTMLElement);
const typingLine = find("typing", HTMLElement);
const composer = find("composer", HTMLFormElement);
const input = find("text", HTMLTextAreaElement);
const count = find("text-count", HTMLElement);

/** More than the server keeps, so that what one has seen doesn't vanish too soon. */
const MAX_SHOWN = 400;
/** Messages of one person within this time share a head, in milliseconds. */
const SAME_BREATH = 5 * 60_000;
/** How long somebody counts as typing after the last sign, in milliseconds; signs come every two seconds. */
const TYPING_FOR = 4000;
/** From here on the length of a text is shown; the server's limit is 1000. */
const LONG_TEXT = 800;

const timeFormat = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const dayFormat = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });

/** The last message shown. @type {Message | undefined} */
let shown;
/** Who is typing, and the timers that end it. @type {Map<string, ReturnType<typeof setTimeout>>} */
const typists = new Map();
/** What was begun in each room and not sent. @type {Map<string, string>} */
const drafts = new Map();
let currentRoom = "";
/** Whether the newest message was in sight when the user last scrolled. */
let isReadingEnd = true;

/**
 * Calls back when the user does something.
 * @param {{
 *   enter(name: string): void, leave(): void, openRoom(name: string): void, step(by: 1 | -1): void,
 *   say(text: string): void, typing(): void, retry(): void }} actions
 */
export function listen(actions) {
  onSubmit(find("enter", HTMLFormElement), () => {
    setError("name-error", nameInput, "");
    actions.enter(nameInput.value);
  });
  find("leave", HTMLElement).addEventListener("click", actions.leave);
  find("retry", HTMLElement).addEventListener("click", actions.retry);

  onSubmit(find("new-room", HTMLFormElement), () => {
    setError("room-error", roomInput, "");
    actions.openRoom(roomInput.value.trim().replace(/\s+/g, " "));
    roomInput.value = "";
  });
  roomInput.addEventListener("input", () => setError("room-error", roomInput, ""));

  onSubmit(composer, () => {
    const text = input.value;
    setText("");
    input.focus();
    actions.say(text);
  });
  input.addEventListener("input", () => {
    setText(input.value);
    if (input.value) actions.typing();
  });
  input.addEventListener("keydown", (event) => {
    // While a character is being composed, Enter belongs to that.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    composer.requestSubmit();
  });

  addEventListener("keydown", (event) => {
    if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown") && !app.hidden) {
      event.preventDefault();
      actions.step(event.key === "ArrowUp" ? -1 : 1);
    } else if (event.key === "Escape") {
      showMenu(false);
    }
  });
  menu.addEventListener("click", () => showMenu(!app.classList.contains("menu-open")));
  find("backdrop", HTMLElement).addEventListener("click", () => showMenu(false));
  log.addEventListener("scroll", () => {
    isReadingEnd = isAtEnd();
    if (isReadingEnd) toEnd.hidden = true;
  });
  // When the composer grows, or the window shrinks, the end stays in sight.
  new ResizeObserver(() => {
    if (isReadingEnd) scrollToEnd();
  }).observe(log);
  toEnd.addEventListener("click", scrollToEnd);
}

/** @param {string} error */
export function showWelcome(error) {
  app.hidden = true;
  welcome.hidden = false;
  setError("name-error", nameInput, error);
  nameInput.focus();
}

/** @param {string} me */
export function showApp(me) {
  find("me", HTMLElement).replaceChildren(person(me));
  welcome.hidden = true;
  if (!app.hidden) return;
  app.hidden = false;
  input.focus();
}

/**
 * @param {import("./generated/index.js").SocketState} state
 * @param {boolean} isFinal whether no attempt to come back is under way
 */
export function showConnection(state, isFinal) {
  const label = {
    connected: "Connected",
    connecting: "Connecting…",
    reconnecting: "Reconnecting…",
    disconnected: "Offline",
  };
  for (const element of document.querySelectorAll("[data-connection]")) {
    element.setAttribute("data-connection", state);
    element.textContent = label[state];
  }
  find("retry", HTMLElement).hidden = !isFinal;
  // Nobody would tell that they have stopped.
  if (state !== "connected") for (const typist of [...typists.keys()]) hideTyping(typist);
  input.placeholder = state === "connected" ? "Write a message" : "Write a message; it will be sent later";
}

/**
 * @param {readonly { readonly name: string, readonly people: number, readonly unread: number }[]} rooms
 * @param {string} current
 * @param {(name: string) => void} open
 */
export function showRooms(rooms, current, open) {
  const focused = document.activeElement?.getAttribute("data-room");
  roomList.replaceChildren(
    ...rooms.map(({ name, people, unread }) => {
      const button = element("button", "room", element("span", "hash", "#"), element("span", "name", name));
      button.type = "button";
      button.dataset["room"] = name;
      if (name === current) button.setAttribute("aria-current", "page");
      if (unread) button.append(element("span", "unread", unread > 99 ? "99+" : String(unread)));
      else if (people) button.append(element("span", "people", String(people)));
      const news = unread ? `, ${unread} unread` : "";
      button.setAttribute("aria-label", `${name}${news}, ${people} ${people === 1 ? "person" : "people"}`);
      button.addEventListener("click", () => {
        showMenu(false);
        open(name);
        input.focus();
      });
      return element("li", "", button);
    }),
  );
  // They are new elements; the focus stays where it was.
  for (const button of roomList.querySelectorAll("button"))
    if (button.dataset["room"] === focused) button.focus();

  const unread = rooms.reduce((sum, room) => sum + room.unread, 0);
  find("menu-badge", HTMLElement).hidden = !unread;
  document.title = `${unread ? `(${unread}) ` : ""}${current} · Glue chat`;
}

/** Shows an empty room until its messages are there. @param {string} name */
export function clearRoom(name) {
  for (const typist of [...typists.keys()]) hideTyping(typist);
  drafts.set(currentRoom, input.value);
  currentRoom = name;
  setText(drafts.get(name) ?? "");
  shown = undefined;
  messages.replaceChildren();
  log.setAttribute("aria-busy", "true");
  toEnd.hidden = true;
  showRoom(name, [], "");
}

/**
 * @param {string} name
 * @param {readonly string[]} people
 * @param {string} me
 */
export function showRoom(name, people, me) {
  if (currentRoom !== name) {
    drafts.delete(currentRoom);
    currentRoom = name;
  }
  find("room", HTMLElement).textContent = name;
  find("count", HTMLElement).textContent =
    people.length === 1 ? "Only you" : people.length ? `${people.length} people` : " ";
  peopleList.replaceChildren(
    ...people.map((name) =>
      element("li", "", person(name), name === me ? element("span", "you", "you") : ""),
    ),
  );
}

/** @param {string} error */
export function showRoomError(error) {
  setError("room-error", roomInput, error);
  roomInput.focus();
}

/**
 * Shows all messages of the room.
 * @param {readonly Message[]} list
 * @param {string} me
 */
export function showMessages(list, me) {
  shown = undefined;
  log.removeAttribute("aria-busy");
  messages.replaceChildren();
  if (!list.length) messages.append(element("li", "empty", "Nothing was said here yet. Be the first!"));
  for (const message of list) append(message, me);
  scrollToEnd();
}

/**
 * @param {Message} message
 * @param {string} me
 */
export function addMessage(message, me) {
  keepingEnd(message.name === me, () => append(message, me));
}

/** @param {string} text */
export function addNotice(text) {
  keepingEnd(false, () => {
    shown = undefined;
    insert(element("li", "notice", text));
  });
}

/**
 * Shows what is on its way, behind all messages.
 * @param {readonly T[]} list
 * @param {string} me
 * @param {(entry: T) => void} discard
 * @param {(entry: T) => void} retry
 * @template {Unsent} T
 */
export function showPending(list, me, discard, retry) {
  const hadFewer = messages.querySelectorAll(".pending").length < list.length;
  keepingEnd(hadFewer, () => {
    for (const old of messages.querySelectorAll(".pending")) old.remove();
    for (const entry of list) {
      const item = bubble(me, entry.text, true);
      item.classList.add("pending", entry.state);
      if (entry.state === "uncertain") {
        const buttons = [button("Send again", () => retry(entry)), button("Discard", () => discard(entry))];
        item.append(element("p", "fate", "The connection was lost: this may not have arrived. ", ...buttons));
      } else {
        item.append(element("p", "fate quiet-late", "Sending…"));
      }
      messages.append(item);
    }
  });
}

/** Puts a refused text back, with the reason. @param {string} text @param {string} error */
export function giveBack(text, error) {
  if (!input.value) setText(text);
  setError("text-error", input, error);
}

/** @param {string} name */
export function showTyping(name) {
  clearTimeout(typists.get(name));
  typists.set(
    name,
    setTimeout(() => hideTyping(name), TYPING_FOR),
  );
  showTypists();
}

/** @param {string} name */
export function hideTyping(name) {
  clearTimeout(typists.get(name));
  if (typists.delete(name)) showTypists();
}

function showTypists() {
  const [first, second, ...others] = [...typists.keys()];
  const who = others.length ? "Several people are" : second ? `${first} and ${second} are` : `${first} is`;
  const dots = element("span", "dots", element("i"), element("i"), element("i"));
  typingLine.replaceChildren(...(first ? [dots, `${who} typing…`] : []));
}

/** @param {Message} message @param {string} me */
function append(message, me) {
  const before = shown;
  shown = message;
  const day = dayFormat.format(message.at);
  const isNewDay = !before || dayFormat.format(before.at) !== day;
  messages.querySelector(".empty")?.remove();
  const last = [...messages.querySelectorAll(".day")].at(-1);
  if (isNewDay && last?.textContent !== day) insert(element("li", "day", element("span", "", day)));

  const item = bubble(message.name, message.text, message.name === me);
  const isFollowing = before?.name === message.name && message.at - before.at < SAME_BREATH && !isNewDay;
  item.classList.toggle("following", isFollowing);
  const time = element("time", "", timeFormat.format(message.at));
  time.dateTime = new Date(message.at).toISOString();
  item.querySelector(".head")?.append(time);
  insert(item);
}

/** Puts an item behind the messages, before what is on its way. @param {HTMLElement} item */
function insert(item) {
  messages.insertBefore(item, messages.querySelector(".pending"));
  while (messages.childElementCount > MAX_SHOWN) messages.firstElementChild?.remove();
}

/** @param {string} name @param {string} text @param {boolean} isMine */
function bubble(name, text, isMine) {
  const head = element("p", "head", element("span", "author", name));
  return element("li", isMine ? "message mine" : "message", avatar(name), head, element("p", "text", text));
}

/** @param {string} name */
function person(name) {
  return element("span", "person", avatar(name), element("span", "name", name));
}

/** A disc with initials, in a colour of the name's own. @param {string} name */
function avatar(name) {
  const initials = name
    .split(" ")
    .map((word) => [...word][0] ?? "")
    .slice(0, 2)
    .join("");
  const disc = element("span", "avatar", initials.toUpperCase());
  let hash = 7;
  for (const character of name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 360;
  disc.style.setProperty("--hue", String(hash));
  disc.setAttribute("aria-hidden", "true");
  return disc;
}

/** @param {boolean} isOpen */
function showMenu(isOpen) {
  const wasOpen = app.classList.contains("menu-open");
  app.classList.toggle("menu-open", isOpen);
  if (isOpen) roomList.querySelector("button")?.focus();
  else if (wasOpen) menu.focus();
  menu.setAttribute("aria-expanded", String(isOpen));
}

/** Changes the messages; a reader at their end, or one who wrote, stays there. @param {boolean} follow @param {() => void} change */
function keepingEnd(follow, change) {
  const wasAtEnd = isAtEnd();
  const height = log.scrollHeight;
  change();
  if (follow || wasAtEnd) scrollToEnd();
  else if (log.scrollHeight > height) toEnd.hidden = false;
}

function isAtEnd() {
  return log.scrollHeight - log.scrollTop - log.clientHeight < 48;
}

function scrollToEnd() {
  log.scrollTop = log.scrollHeight;
  toEnd.hidden = true;
}

/** @param {string} text */
function setText(text) {
  input.value = text;
  input.style.height = "";
  // As high as its text; while the chat is hidden there is nothing to measure.
  const borders = input.offsetHeight - input.clientHeight;
  if (input.scrollHeight) input.style.height = `${input.scrollHeight + borders}px`;
  count.textContent = text.length > LONG_TEXT ? String([...text].length) : "";
  setError("text-error", input, "");
}

/** @param {string} id @param {HTMLElement} field @param {string} error */
function setError(id, field, error) {
  find(id, HTMLElement).textContent = error;
  if (error) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
}

/** @param {HTMLFormElement} form @param {() => void} action */
function onSubmit(form, action) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    action();
  });
}

/** @param {string} label @param {() => void} action */
function button(label, action) {
  const created = element("button", "text", label);
  created.type = "button";
  created.addEventListener("click", action);
  return created;
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} className
 * @param {...(Node | string)} children
 */
function element(tag, className = "", ...children) {
  const created = document.createElement(tag);
  if (className) created.className = className;
  created.append(...children);
  return created;
}

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} type
 */
function find(id, type) {
  const found = document.getElementById(id);
  if (found instanceof type) return found;
  throw new Error(`the page has no #${id}`);
}
