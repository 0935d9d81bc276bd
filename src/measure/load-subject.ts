import { BytesperError } from "../base/errors.js";
import { sentence } from "../base/sentence.js";
import type { LoadedSubject, SubjectReference } from "../experiment/subject.js";

export const NULL_SUBJECT: SubjectReference = { url: "bytesper:null", path: [], name: "null control" };

type Loose = Record<string, unknown>;

/** Imports a subject in the process that measures it. Throws `BAD_SUBJECT` when it has no `create`. */
export async function loadSubject(reference: SubjectReference): Promise<LoadedSubject> {
  if (reference.url === NULL_SUBJECT.url)
    return { create: () => null, release: undefined, prepare: undefined };
  let target: unknown;
  try {
    target = await import(reference.url);
  } catch (error) {
    throw new BytesperError("BAD_SUBJECT", `${reference.name} cannot be loaded: ${sentence(error)}.`, {
      cause: error,
    });
  }
  for (const name of reference.path) {
    const next = isObject(target) ? target[name] : undefined;
    if (next === undefined) {
      throw new BytesperError(
        "BAD_SUBJECT",
        `${reference.name} has no export "${reference.path.join(".")}".`,
      );
    }
    target = next;
  }
  return subjectOf(target, reference);
}

function subjectOf(target: unknown, reference: SubjectReference): LoadedSubject {
  if (typeof target === "function")
    return { create: maker(target as (...args: never[]) => unknown), release: undefined, prepare: undefined };
  const outer = isObject(target) ? target : {};
  const holder = !("create" in outer) && isObject(outer.default) ? outer.default : outer;
  const { create, release, prepare, estimate } = holder;
  if (typeof create !== "function") {
    throw new BytesperError(
      "BAD_SUBJECT",
      `${reference.name} must export create(index), which returns one instance; it exports ${names(outer)}.`,
    );
  }
  return {
    create: (index, context) => (create as LoadedSubject["create"]).call(holder, index, context),
    release: optional(holder, "release", release, reference),
    prepare: optional(holder, "prepare", prepare, reference),
    estimate: optional(holder, "estimate", estimate, reference),
  };
}

/** Constructs a class and calls any other function; both get the index. */
function maker(target: (...args: never[]) => unknown): LoadedSubject["create"] {
  if (/^class\b/.test(Function.prototype.toString.call(target))) {
    const Class = target as unknown as new (index: number) => unknown;
    return (index) => new Class(index);
  }
  return target as unknown as LoadedSubject["create"];
}

function optional(
  holder: Loose,
  name: string,
  value: unknown,
  reference: SubjectReference,
): ((argument: unknown) => unknown) | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "function")
    return (argument) => (value as (argument: unknown) => unknown).call(holder, argument);
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
