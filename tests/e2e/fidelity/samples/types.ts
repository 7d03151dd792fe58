// Types as glue-codegen writes them, one of each kind.
export type Point = { x: number; y: string | null; z?: number[] };
export type Shape = "None" | { Circle: number } | { Pair: [string, boolean] };
export type Tagged = { type: "a"; x: number } | { type: "b" };
export type Both = { own: number } & Tagged;
export type Counts = { [key in string]: number };
export type ByKind = { [key in "a" | "b"]?: number };
export type Tree = { children: Tree[] };
export type Exact = [bigint, Uint8Array, Date, Map<bigint, string>, Set<number>];
export type Empty = Record<symbol, never>;
