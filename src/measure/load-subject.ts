import { BytesperError } from "../base/errors.js";
import { sentence } from "../base/sentence.js";
import { importModule } from "../experiment/import-module.js";
import type { LoadedSubject, SubjectReference } from "../experiment/subject.js";

export const NULL_SUBJECT: SubjectReference = { url: "bytesper:null", path: [], name: "null control" };

type Loose = Record<string, unknown>;

/** Imports a subject in the process that measures it. Throws `BAD_SUBJECT` when it has no `create`. */
export async function loadSubject(reference: SubjectReference): Promise<LoadedSubject> {
  if (reference.url === NULL_SUBJECT.url)
    return { create: () => null, release: undefined, prepare: undefined };
  let target: unknown;
  try {
    target = await importModule(reference.url);
  } catch (error) {
    throw new BytesperError("BAD_SUBJECT", `${reference.name} cannot be loaded: ${sentence(error)}.`, {
      cause: error,
    });
  }
  const module = target;
  for (const name of reference.path) {
    const next = memberOf(target, name);
    if (next === undefined) throw await noSuchExport(reference, module);
    target = next;
  }
  return subjectOf(target, reference);
}

/** A member of a module. Exports of CommonJS that no lexer finds are members of its default export. */
function memberOf(holder: unknown, name: string): unknown {
  if (!isObject(holder)) return undefined;
  return holder[name] ?? (isObject(holder.default) ? holder.default[name] : undefined);
}

async function noSuchExport({ name, path }: SubjectReference, module: unknown): Promise<BytesperError> {
  const { nearestName } = await import("../base/nearest-name.js");
  const known = measurable(isObject(module) ? module : {});
  const near = nearestName(path.join("."), known) ?? known[0];
  const file = name.slice(0, name.lastIndexOf("#"));
  const advice = near === undefined ? "" : `; give ${file}#${near}, or export that name`;
  return new BytesperError(
    "BAD_SUBJECT",
    `${name} has no export "${path.join(".")}"; the module exports ${names(isObject(module) ? module : {})}${advice}.`,
  );
}

/** Names of the exports that can be constructed or called, classes first. */
function measurable(exports: Loose): string[] {
  const functions = Object.entries(exports).filter(([, value]) => typeof value === "function");
  return [...functions.filter(([, value]) => isClass(value)), ...functions].map(([name]) => name);
}

function subjectOf(target: unknown, reference: SubjectReference): LoadedSubject {
  if (typeof target === "function")
    return { create: maker(target as (...args: never[]) => unknown), release: undefined, prepare: undefined };
  const outer = isObject(target) ? target : {};
  const holder = !("create" in outer) && isObject(outer.default) ? outer.default : outer;
  const { create, release, prepare, use, estimate } = holder;
  if (typeof create !== "function") {
    const [first] = reference.path.length === 0 ? measurable(outer) : [];
    const advice = first === undefined ? "" : `; to measure ${first}, give ${reference.name}#${first}`;
    throw new BytesperError(
      "BAD_SUBJECT",
      `${reference.name} must export create(index), which returns one instance; it exports ${names(outer)}${advice}.`,
    );
  }
  return {
    create: (index, context) => (create as LoadedSubject["create"]).call(holder, index, context),
    release: optional(holder, "release", release, reference),
    prepare: optional(holder, "prepare", prepare, reference),
    use: optional(holder, "use", use, reference),
    estimate: optional(holder, "estimate", estimate, reference),
  };
}

/**
 * Constructs a class and calls any other function; both get the index. A class whose first parameter has a default gets
 * none: in place of a count of messages the index would make each instance larger than the one before.
 */
function maker(target: (...args: never[]) => unknown): LoadedSubject["create"] {
  if (isClass(target)) {
    const Class = target as unknown as new (index?: number) => unknown;
    return takesIndex(target) ? (index) => new Class(index) : () => new Class();
  }
  return target as unknown as LoadedSubject["create"];
}

/** Whether the constructor, its own or an inherited one, has a first parameter without a default. */
function takesIndex(target: (...args: never[]) => unknown): boolean {
  const source = Function.prototype.toString.call(target);
  if (!source.startsWith("class")) {
    const [, first] = /^function\b[^(]*\(\s*([\w$]+)/.exec(source) ?? [];
    // As compilers for old runtimes write a default.
    return first === undefined || !source.includes(`${first} === void 0`);
  }
  const [, first] = /(?:^|[{};\s])constructor\s*\(\s*([^\s,)]*)/.exec(source) ?? [];
  if (first !== undefined && !first.startsWith("..."))
    return target.length > 0 || /\barguments\b/.test(source);
  const base: unknown = Object.getPrototypeOf(target);
  if (typeof base === "function" && base !== Function.prototype)
    return takesIndex(base as (...args: never[]) => unknown);
  return first !== undefined;
}

/**
 * Also a class that was compiled for old runtimes to a function: it has methods or a base, or has the name of
 * a class and uses `this`. A function that returns an object returns it under `new` as well.
 */
function isClass(target: unknown): boolean {
  if (typeof target !== "function") return false;
  const source = Function.prototype.toString.call(target);
  if (/^class\b/.test(source)) return true;
  const prototype: unknown = target.prototype;
  if (!/^function\b(?!\s*\*)/.test(source) || !isObject(prototype)) return false;
  if (Object.getOwnPropertyNames(prototype).length > 1) return true;
  if (Object.getPrototypeOf(prototype) !== Object.prototype) return true;
  return /^[A-Z]/.test(target.name) && /\bthis\b/.test(source);
}

function optional(
  holder: Loose,
  name: string,
  value: unknown,
  reference: SubjectReference,
): ((...args: unknown[]) => unknown) | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "function")
    return (...args) => (value as (...args: unknown[]) => unknown).apply(holder, args);
  throw new BytesperError(
    "BAD_SUBJECT",
    `${reference.name} exports ${name}, which must be a function, not ${typeof value}.`,
  );
}

function names(exports: Loose): string {
  const list = Object.keys(exports);
  return list.length === 0 ? "nothing" : list.join(", ");
}

function isObject(value: unknown): value is Loose {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}
