// What a TypeScript type allows, as the compiler tells it: nothing here knows how glue-codegen makes types.
import {
  API,
  type Checker,
  isIntersectionType,
  isLiteralType,
  isTupleType,
  isTypeReference,
  isUnionType,
  type Project,
  SymbolFlags,
  type Type,
  TypeFlags,
} from "typescript/unstable/sync";

/** A type as a graph; recursive types lead back to where they began. */
export interface Shape {
  /** As the compiler writes it. */
  readonly text: string;
  readonly is: Kind;
}

export type Kind =
  | { readonly kind: "anything" }
  | { readonly kind: "nothing" }
  | { readonly kind: "primitive"; readonly name: Primitive }
  | { readonly kind: "literal"; readonly value: unknown }
  | { readonly kind: "union"; readonly arms: readonly Shape[] }
  | { readonly kind: "array"; readonly item: Shape }
  | { readonly kind: "tuple"; readonly items: readonly Shape[] }
  | { readonly kind: "class"; readonly name: ClassName; readonly args: readonly Shape[] }
  | {
      readonly kind: "object";
      readonly members: ReadonlyMap<string, Member>;
      readonly indexes: readonly Index[];
      /** Of an intersection: a value must fit each, and together they say which members there are. */
      readonly parts: readonly Shape[];
    };

export type Primitive = "string" | "number" | "boolean" | "bigint" | "null" | "undefined";
export type ClassName = "Date" | "Uint8Array" | "Map" | "Set";

export interface Member {
  readonly optional: boolean;
  readonly shape: Shape;
}

export interface Index {
  readonly key: "string" | "number";
  readonly value: Shape;
}

/** The types of a project. */
export class Shapes {
  readonly #api: API;
  readonly #project: Project;
  readonly #known = new Map<number, { text: string; is: Kind }>();

  constructor(config: string) {
    this.#api = new API({});
    const project = this.#api.updateSnapshot({ openProjects: [config] }).getProject(config);
    if (!project) throw new Error(`no project ${config}`);
    this.#project = project;
  }

  close(): void {
    this.#api.close();
  }

  /** The type of a parameter of a method. */
  parameter(file: string, className: string, method: string, parameter: string): Shape {
    const checker = this.#checker;
    const type = this.#declared(file, className);
    const symbol = checker.getPropertyOfType(type, method);
    const methodType = symbol && checker.getTypeOfSymbol(symbol);
    const [signature] = methodType ? checker.getSignaturesOfType(methodType, 0) : [];
    const found = signature?.getParameters().find(({ name }) => name === parameter);
    const parameterType = found && checker.getTypeOfSymbol(found);
    if (!parameterType) throw new Error(`${file}: no ${className}.${method}(${parameter})`);
    return this.#shape(parameterType);
  }

  /** The type that a file exports under this name. */
  exported(file: string, name: string): Shape {
    return this.#shape(this.#declared(file, name));
  }

  get #checker(): Checker {
    return this.#project.checker;
  }

  #declared(file: string, name: string): Type {
    const source = this.#project.program.getSourceFile(file);
    const module = source && this.#checker.getSymbolAtLocation(source);
    const symbol = module && this.#checker.getMemberInModuleExports(module, name);
    if (!symbol) throw new Error(`${file} exports no ${name}`);
    return this.#checker.getDeclaredTypeOfSymbol(symbol);
  }

  #shape(type: Type): Shape {
    const known = this.#known.get(type.id);
    if (known) return known;
    const shape: { text: string; is: Kind } = { text: this.#checker.typeToString(type), is: { kind: "nothing" } };
    this.#known.set(type.id, shape);
    shape.is = this.#kind(type);
    return shape;
  }

  #kind(type: Type): Kind {
    if (type.isErrorType()) throw new Error("a type that the compiler doesn't know");
    const { flags } = type;
    if (flags & TypeFlags.AnyOrUnknown) return { kind: "anything" };
    if (flags & TypeFlags.Never) return { kind: "nothing" };
    for (const [flag, name] of PRIMITIVES) if (flags & flag) return { kind: "primitive", name };
    if (isLiteralType(type)) return { kind: "literal", value: type.value };
    if (isUnionType(type)) return { kind: "union", arms: type.getTypes().map((arm) => this.#shape(arm)) };
    if (isTypeReference(type)) {
      const args = this.#checker.getTypeArguments(type).map((arg) => this.#shape(arg));
      const target = type.getTarget();
      if (isTupleType(target)) return { kind: "tuple", items: args };
      const name = target.getSymbol()?.name;
      if (name === "Array" && args[0]) return { kind: "array", item: args[0] };
      if (isClassName(name)) return { kind: "class", name, args };
    }
    const name = type.getSymbol()?.name;
    if (type.isClassOrInterface() && isClassName(name)) return { kind: "class", name, args: [] };
    if (!(flags & (TypeFlags.Object | TypeFlags.Intersection)))
      throw new Error(`can't read the type ${this.#checker.typeToString(type)}`);
    return this.#object(type);
  }

  #object(type: Type): Kind {
    const members = new Map<string, Member>();
    for (const symbol of this.#checker.getPropertiesOfType(type)) {
      const memberType = this.#checker.getTypeOfSymbol(symbol);
      if (!memberType) throw new Error(`${symbol.name} has no type`);
      const optional = (symbol.flags & SymbolFlags.Optional) !== 0;
      members.set(symbol.name, { optional, shape: this.#shape(memberType) });
    }
    const indexes: Index[] = [];
    for (const info of this.#checker.getIndexInfosOfType(type)) {
      // `Record<symbol, never>` is glue-codegen's word for an object without members.
      if (info.keyType.flags & TypeFlags.ESSymbol) continue;
      const key = info.keyType.flags & TypeFlags.String ? "string" : "number";
      indexes.push({ key, value: this.#shape(info.valueType) });
    }
    const parts = isIntersectionType(type) ? type.getTypes().map((part) => this.#shape(part)) : [];
    return { kind: "object", members, indexes, parts };
  }
}

const PRIMITIVES: readonly (readonly [TypeFlags, Primitive])[] = [
  [TypeFlags.String, "string"],
  [TypeFlags.Number, "number"],
  [TypeFlags.BigInt, "bigint"],
  [TypeFlags.Boolean, "boolean"],
  [TypeFlags.Null, "null"],
  [TypeFlags.Undefined | TypeFlags.Void, "undefined"],
];

function isClassName(name: string | undefined): name is ClassName {
  return name === "Date" || name === "Uint8Array" || name === "Map" || name === "Set";
}
