/** The names behind spellings on the wire, from spellings by name. */
export function byWire<Name extends string>(wire: Readonly<Record<Name, string>>): ReadonlyMap<string, Name> {
  return new Map(Object.entries(wire).map(([name, text]) => [text as string, name as Name]));
}
