/** The names behind spellings on the wire, from spellings by name. */
export function byWire(wire) {
    return new Map(Object.entries(wire).map(([name, text]) => [text, name]));
}
