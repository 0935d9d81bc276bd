import { existsSync, statSync } from "node:fs";
import { dirname, extname, isAbsolute, resolve } from "node:path";
import { BytesperError } from "../errors.js";
import { sentence } from "../measure/load-subject.js";
import type { SubjectReference } from "../measure/subject.js";
import type { ImportableModule } from "./compile.js";
import { importable } from "./compile.js";
import type { Experiment } from "./define.js";

/** A subject that other processes can import until `dispose` is called. */
export interface ReadySubject {
  reference: SubjectReference;
  dispose: () => void;
}

export interface LoadedExperiment {
  experiment: Experiment;
  file: string;
  subject: ReadySubject;
}

const EXTENSIONS = [".js", ".mjs", ".cjs", ".ts", ".mts", ".cts"];

/** Opens a subject given as `FILE` or `FILE#export`, relative to `folder`. */
export async function openSubject(text: string, folder = process.cwd()): Promise<ReadySubject> {
  const hash = text.lastIndexOf("#");
  const [file, name] =
    hash > 0 && !existsSync(resolve(folder, text)) ? [text.slice(0, hash), text.slice(hash + 1)] : [text, ""];
  const path = isAbsolute(file) ? file : resolve(folder, file);
  requireModuleFile(path, file, "BAD_SUBJECT");
  const module = await importable(path);
  return {
    reference: { url: module.url, path: name === "" ? [] : name.split("."), name: text },
    dispose: module.dispose,
  };
}

/** Imports an experiment file and makes its subject ready. */
export async function openExperiment(file: string): Promise<LoadedExperiment> {
  const path = resolve(file);
  requireModuleFile(path, file, "BAD_EXPERIMENT");
  const module = await importable(path);
  try {
    const experiment = await importExperiment(module, file);
    if (typeof experiment.subject === "string") {
      const subject = await openSubject(experiment.subject, dirname(path));
      module.dispose();
      return { experiment, file, subject };
    }
    const reference = { url: module.url, path: ["default", "subject"], name: `the subject of ${file}` };
    return { experiment, file, subject: { reference, dispose: module.dispose } };
  } catch (error) {
    module.dispose();
    throw error;
  }
}

async function importExperiment(module: ImportableModule, file: string): Promise<Experiment> {
  let exports: { default?: unknown };
  try {
    exports = (await import(module.url)) as { default?: unknown };
  } catch (error) {
    throw new BytesperError("BAD_EXPERIMENT", `${file} cannot be loaded: ${sentence(error)}.`, {
      cause: error,
    });
  }
  const candidate = exports.default as Partial<Experiment> | undefined;
  const problem = problemOf(candidate);
  if (problem === undefined) return candidate as Experiment;
  throw new BytesperError(
    "BAD_EXPERIMENT",
    `${file} is not an experiment: ${problem}; see "An experiment file" in CONTRIBUTING.md.`,
  );
}

function problemOf(candidate: Partial<Experiment> | undefined): string | undefined {
  if (typeof candidate !== "object") return "it has no default export that is an object";
  if (typeof candidate.name !== "string" || !/^[\w.-]+$/.test(candidate.name))
    return 'its "name" must be letters, digits, "-", "_" and "."';
  if (typeof candidate.unit !== "string" || candidate.unit === "") return 'its "unit" must say what one is';
  if (typeof candidate.subject !== "string" && typeof candidate.subject?.create !== "function")
    return 'its "subject" must be a module path or an object with create(index)';
  const { factors = {}, population, instances, repetitions } = candidate;
  for (const [name, levels] of Object.entries(factors)) {
    if (!Array.isArray(levels) || levels.length === 0)
      return `factor "${name}" must be a list with at least one level`;
  }
  if (population !== undefined) {
    const levels = factors[population];
    if (levels === undefined)
      return `its "population" names the factor "${population}", which it does not have`;
    if (!levels.every(isCount))
      return `the levels of the population "${population}" must be whole numbers from 1`;
  }
  if (instances !== undefined && !isCount(instances)) return '"instances" must be a whole number from 1';
  if (repetitions !== undefined && !isCount(repetitions))
    return '"repetitions" must be a whole number from 1';
  return undefined;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

function requireModuleFile(path: string, shown: string, code: "BAD_SUBJECT" | "BAD_EXPERIMENT"): void {
  if (!existsSync(path)) throw new BytesperError(code, `${shown} does not exist; give the path of a module.`);
  if (!statSync(path).isFile())
    throw new BytesperError(code, `${shown} is not a file; give the path of a module.`);
  if (!EXTENSIONS.includes(extname(path))) {
    throw new BytesperError(code, `${shown} must be a module (${EXTENSIONS.join(", ")}).`);
  }
}
