/** What has the same form on both sides, around values that may not. */
import { CLOSED, isA, Mismatch } from "./codec.js";
/** Whatever it is, it needs nothing. */
export const any = (value) => value;
export const string = (value) => (typeof value === "string" ? value : new Mismatch("a string"));
export const number = (value) => (typeof value === "number" ? value : new Mismatch("a number"));
export const boolean = (value) => (typeof value === "boolean" ? value : new Mismatch("true or false"));
/** Just `expected`. */
export function literal(expected) {
    // One that tells arms of a union apart doesn't count as a part that fits: the arm is another.
    return (value) => (value === expected ? value : new Mismatch(JSON.stringify(expected), -1));
}
export function nullable(codec) {
    return (value, way) => (value === null ? value : codec(value, way));
}
export function array(item) {
    return (value, way) => (Array.isArray(value) ? each(value, () => item, way) : new Mismatch("an array"));
}
export function tuple(...items) {
    return (value, way) => Array.isArray(value) && value.length === items.length
        ? each(value, (index) => items[index], way)
        : new Mismatch(`an array of ${items.length}`);
}
function each(values, codecOf, way) {
    const result = [];
    for (let index = 0; index < values.length; index++) {
        const item = codecOf(index)(values[index], way);
        if (item instanceof Mismatch)
            return item.at(index);
        result.push(item);
    }
    return result;
}
/** An object with any keys. */
export function record(codec) {
    return (value, way) => {
        if (!isA(value, "Object"))
            return new Mismatch("an object");
        const result = [];
        for (const [key, item] of Object.entries(value)) {
            // As in JSON, where it would be left out.
            if (item === undefined)
                continue;
            const converted = codec(item, way);
            if (converted instanceof Mismatch)
                return converted.at(key);
            result.push([key, converted]);
        }
        // Unlike an assignment it can't set the prototype.
        return Object.fromEntries(result);
    };
}
/** An object; members that aren't listed stay as they are. */
export function object(required, optional = {}) {
    const members = Object.entries({ ...required, ...optional });
    return (value, way) => {
        if (!isA(value, "Object"))
            return new Mismatch("an object");
        const result = { ...value };
        for (const [key, codec] of members) {
            const member = Object.hasOwn(result, key) ? result[key] : undefined;
            if (member === undefined) {
                if (Object.hasOwn(required, key))
                    return new Mismatch("a value", -0.5).at(key);
            }
            else {
                const converted = codec(member, way);
                if (converted instanceof Mismatch)
                    return converted.at(key);
                result[key] = converted;
            }
        }
        if (way & CLOSED) {
            for (const key of Object.keys(result)) {
                if (!Object.hasOwn(required, key) && !Object.hasOwn(optional, key))
                    return new Mismatch("nothing").at(key);
            }
        }
        return result;
    };
}
/** An object that is of several forms at once, which share no member. */
export function intersection(...parts) {
    return (value, way) => {
        let result = value;
        for (const part of parts) {
            // To each part the members of the others are unknown.
            result = part(result, way & ~CLOSED);
            if (result instanceof Mismatch)
                break;
        }
        return result;
    };
}
/** The first of `arms` that fits, where no value fits two. */
export function oneOf(...arms) {
    return remembering((value, way) => {
        let best;
        for (const arm of arms) {
            const result = arm(value, way);
            if (!(result instanceof Mismatch))
                return result;
            const [rank, most] = [Math.max(result.rank, 0), Math.max(best?.rank ?? -1, 0)];
            if (!best || rank > most)
                best = result;
            else if (rank === most && result.path === best.path && result.expected !== best.expected) {
                best.expected += ` or ${result.expected}`;
            }
        }
        return best ?? new Mismatch("nothing");
    });
}
/** What the unions within the one that is tried have said of objects, by the way. */
let said;
/**
 * A union that asks `codec` but once for each object within another union. Several arms of that may hold the same, and
 * so may their arms: without this, time doubles with each level.
 */
function remembering(codec) {
    return (value, way) => {
        if (typeof value !== "object" || value === null)
            return codec(value, way);
        if (!said) {
            said = [];
            try {
                return codec(value, way);
            }
            finally {
                said = undefined;
            }
        }
        said[way] ??= new Map();
        const known = said[way].get(codec) ?? new Map();
        said[way].set(codec, known);
        if (!known.has(value))
            known.set(value, codec(value, way));
        const result = known.get(value);
        // Whoever gets it adds to it.
        return result instanceof Mismatch ? result.copy() : result;
    };
}
/**
 * The first of `arms` that fits without a member that it doesn't know, or else the first that fits at all: a later arm
 * may be an earlier one with more members. Arms list all their members.
 */
export function union(...arms) {
    const codec = oneOf(...arms);
    return (value, way) => {
        const result = codec(value, way | CLOSED);
        return result instanceof Mismatch && !(way & CLOSED) ? codec(value, way) : result;
    };
}
/** A codec that is made when it is first used: it may hold itself, and loading it costs nothing. */
export function lazy(make) {
    const codec = once(make);
    return (value, way) => codec()(value, way);
}
/**
 * The codecs of a generic type, each made when it is first used. For the same codecs it is the same: a type that holds
 * itself twice would have another for each place in a value, and keep them.
 */
export function generic(make) {
    const made = { next: new WeakMap() };
    return (...codecs) => {
        let place = made;
        for (const codec of codecs) {
            const next = place.next.get(codec) ?? { next: new WeakMap() };
            place.next.set(codec, next);
            place = next;
        }
        place.codec ??= lazy(() => make(...codecs));
        return place.codec;
    };
}
/** Calls `make` at the first call. */
export function once(make) {
    let made;
    return () => {
        made ??= { value: make() };
        return made.value;
    };
}
