// What this browser remembers of its user.

/** @typedef {{ readonly key: string, name: string }} Identity a name, and the key that proves it is ours */

const ITEM = "chat";

/**
 * This tab's identity, or else the one used last in any tab, or else a new one without a name.
 * @returns {Identity}
 */
export function recallIdentity() {
  try {
    const [key, name] = JSON.parse(sessionStorage.getItem(ITEM) ?? localStorage.getItem(ITEM) ?? "[]");
    if (typeof key === "string" && typeof name === "string") return { key, name };
  } catch {
    // Storage is forbidden, or holds something else.
  }
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return { key: Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(""), name: "" };
}

/** @param {Identity} identity */
export function rememberIdentity({ key, name }) {
  try {
    const text = JSON.stringify([key, name]);
    sessionStorage.setItem(ITEM, text);
    localStorage.setItem(ITEM, text);
  } catch {
    // Then the name is asked for again next time.
  }
}
