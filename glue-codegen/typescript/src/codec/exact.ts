/** What travels in another form than it has for the application. */
import { type Codec, isA, Mismatch, OUT } from "./codec.js";
import { array, tuple } from "./shape.js";

/** An integer of at most 128 bits, as a string of decimal digits [V-1]. */
export const bigint: Codec = (value, way) => {
  const isOut = way & OUT;
  const text = typeof value === (isOut ? "bigint" : "string") ? String(value) : "";
  if (!/^(?:0|-?[1-9]\d{0,38})$/.test(text)) {
    return new Mismatch(isOut ? "a bigint of at most 128 bits" : "a string of digits");
  }
  return isOut ? text : BigInt(text);
};

/** Bytes, as base64 with padding [V-2]. */
export const bytes: Codec = (value, way) => {
  if (way & OUT)
    return isA(value, "Uint8Array") ? toBase64(value as Uint8Array) : new Mismatch("a Uint8Array");
  return (typeof value === "string" && fromBase64(value)) || new Mismatch("base64 with padding");
};

/** Bytes of one step: what is given to `String.fromCharCode` at once goes over the stack. */
const STEP = 8_192;

function toBase64(value: Uint8Array): string {
  let text = "";
  for (let at = 0; at < value.length; at += STEP) {
    text += String.fromCharCode(...value.subarray(at, at + STEP));
  }
  return btoa(text);
}

/** `atob` leaves out spaces, and takes texts without padding and with bits that belong to no byte: those aren't the one form. */
function fromBase64(value: string): Uint8Array | undefined {
  if (/[^A-Za-z0-9+/=]/.test(value) || value.length % 4) return undefined;
  try {
    const text = atob(value);
    if (btoa(text.slice(-(text.length % 3 || 3))) !== value.slice(-4)) return undefined;
    const bytes = new Uint8Array(text.length);
    for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
    return bytes;
  } catch {
    return undefined;
  }
}

/** An instant, as RFC 3339 with a year of four digits; what is beyond milliseconds is cut off [V-3]. */
export const date: Codec = (value, way) => {
  if (way & OUT) {
    const year = isA(value, "Date") ? (value as Date).getUTCFullYear() : Number.NaN;
    return year >= 0 && year <= 9999
      ? (value as Date).toISOString()
      : new Mismatch("a Date of the years 0 to 9999");
  }
  const parts = typeof value === "string" ? RFC_3339.exec(value) : undefined;
  if (parts) {
    const [, day = "", time, fraction = ".", zone] = parts;
    const date = new Date(`${day}T${time}${fraction.padEnd(4, "0").slice(0, 4)}${zone?.toUpperCase()}`);
    // Some engines take the 30th of February for a day of March.
    const last = Number(day.slice(8));
    const isDay = last <= 28 || new Date(`${day}T00:00:00Z`).getUTCDate() === last;
    if (isDay && !Number.isNaN(date.getTime())) return date;
  }
  return new Mismatch("an RFC 3339 date and time");
};

const RFC_3339 =
  /^(\d{4}-\d\d-\d\d)T((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(\.\d{1,9})?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/i;

/** A `Map`, as an array of its entries [V-4]. */
export function map(key: Codec, value: Codec): Codec {
  const entry = tuple(key, value);
  return collection(Map, entry, (entry) => (entry as readonly unknown[])[0]);
}

/** A `Set`, as an array [V-5]. */
export function set(item: Codec): Codec {
  return collection(Set, item, (item) => item);
}

/** What may not be there twice is compared as it is on the wire, where dates and objects are equal that are two here. */
function collection(
  Type: new (items: never) => unknown,
  item: Codec,
  keyOf: (item: unknown) => unknown,
): Codec {
  const items = array(item);
  return (value, way) => {
    const isOut = way & OUT;
    if (isOut && !isA(value, Type.name)) return new Mismatch(`a ${Type.name}`);
    const given = isOut ? [...(value as Iterable<unknown>)] : value;
    const converted = items(given, way);
    if (converted instanceof Mismatch) return converted;
    const seen = new Set<string>();
    for (const [index, item] of ((isOut ? converted : given) as readonly unknown[]).entries()) {
      const key = JSON.stringify(keyOf(item));
      if (seen.has(key)) return new Mismatch("no second of the same").at(index);
      seen.add(key);
    }
    return isOut ? converted : new Type(converted as never);
  };
}
