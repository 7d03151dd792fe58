/** The names behind spellings on the wire, from spellings by name. */
export declare function byWire<Name extends string>(wire: Readonly<Record<Name, string>>): ReadonlyMap<string, Name>;
