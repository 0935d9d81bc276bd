import { existsSync } from "node:fs";
import { dirname, isAbsolute, resolve } from "node:path";
import { BytesperError } from "../base/errors.js";
import { parseDuration } from "../base/duration.js";
import { suggestion } from "../base/nearest-name.js";
import { columnsOf, rolloutProblem } from "./rollout/index.js";
import { sentence } from "../base/sentence.js";
import type { SubjectReference } from "./subject.js";
import { parseSize } from "../base/size.js";
import type { ImportableModule } from "./compile.js";
import { importModule } from "./import-module.js";
import { withPlace } from "./thrown.js";
import { importable, requireModuleFile } from "./compile.js";
import type { Experiment, Level } from "./define.js";
import { figuresProblem } from "./figures-problem.js";
import { CAPS, keysProblem, valueNameProblem } from "./keys-problem.js";
import { nameProblem } from "./name.js";
import { shown, valuesProblem } from "./values-problem.js";

/** A subject that other processes can import until `dispose` is called. */
export interface ReadySubject {
  reference: SubjectReference;
  /** What could not be compiled as the user's project compiles it, one sentence each. */
  doubts: readonly string[];
  dispose: () => void;
}

export interface LoadedExperiment {
  experiment: Experiment;
  file: string;
  /** Absent for an experiment of programs. */
  subject?: ReadySubject;
  /** The programs by the path that the experiment gives. */
  programs: ReadonlyMap<string, SubjectReference>;
  dispose: () => void;
}

/**
 * Opens a subject given as `FILE` or `FILE#export`, relative to `folder`.
 *
 * @param modules folder for compiled code; the default is a temporary folder
 */
export async function openSubject(
  text: string,
  folder = process.cwd(),
  modules?: string,
  imports: readonly string[] = [],
): Promise<ReadySubject> {
  const hash = text.lastIndexOf("#");
  const [file, name] =
    hash > 0 && !existsSync(resolve(folder, text)) ? [text.slice(0, hash), text.slice(hash + 1)] : [text, ""];
  const path = isAbsolute(file) ? file : resolve(folder, file);
  requireModuleFile(path, file, "BAD_SUBJECT");
  const module = await importable(path, modules, imports);
  return {
    reference: { url: module.url, path: name === "" ? [] : name.split("."), name: text },
    doubts: module.doubts,
    dispose: module.dispose,
  };
}

/**
 * Imports an experiment file and makes its subject ready.
 *
 * @param value the experiment where no file holds it; `file` then says what its paths are relative to
 * @param imports modules that the measuring processes load first; this process does not
 */
export async function openExperiment(
  file: string,
  modules?: string,
  value?: Experiment,
  imports: readonly string[] = [],
): Promise<LoadedExperiment> {
  if (value !== undefined) return openParts(checkedValue(value), file, modules, imports);
  const path = resolve(file);
  requireModuleFile(path, file, "BAD_EXPERIMENT");
  const module = await importable(path, modules);
  try {
    return await openParts(await importExperiment(module, file), file, modules, imports, module);
  } catch (error) {
    module.dispose();
    throw error;
  }
}

/** The experiment of a file, for what it says about showing a result; its subject and its programs are not looked at. */
export async function readExperiment(file: string): Promise<Experiment> {
  requireModuleFile(resolve(file), file, "BAD_EXPERIMENT");
  const module = await importable(resolve(file), undefined);
  try {
    return await importExperiment(module, file);
  } finally {
    module.dispose();
  }
}

/** Makes the subject and the programs of an experiment ready. */
async function openParts(
  experiment: Experiment,
  file: string,
  modules: string | undefined,
  imports: readonly string[],
  module?: ImportableModule,
): Promise<LoadedExperiment> {
  const folder = dirname(resolve(file));
  const opened: ReadySubject[] = [];
  const dispose = (): void => {
    for (const each of opened) each.dispose();
    module?.dispose();
  };
  const programs = new Map<string, SubjectReference>();
  for (const program of programsOf(experiment)) {
    const ready = await openSubject(program, folder, modules, imports);
    opened.push(ready);
    programs.set(program, ready.reference);
  }
  if (experiment.program !== undefined || experiment.command !== undefined)
    return { experiment, file, programs, dispose };
  if (typeof experiment.subject === "string") {
    const subject = await openSubject(experiment.subject, folder, modules, imports);
    opened.push(subject);
    return { experiment, file, subject, programs, dispose };
  }
  const url = module?.url ?? "";
  const reference = { url, path: ["default", "subject"], name: `the subject of ${file}` };
  return {
    experiment,
    file,
    subject: { reference, doubts: module?.doubts ?? [], dispose },
    programs,
    dispose,
  };
}

/** An experiment that a program holds. Throws `BAD_EXPERIMENT`, also if its subject is in no module. */
function checkedValue(value: Experiment): Experiment {
  const problem = problemOf(value);
  if (problem !== undefined)
    throw new BytesperError("BAD_EXPERIMENT", `What was given is not an experiment: ${problem}.`);
  if (value.subject === undefined || typeof value.subject === "string") return value;
  throw new BytesperError(
    "BAD_EXPERIMENT",
    `The subject of "${value.name}" is functions, which a fresh process cannot be handed; export them from a module and give its path as "subject".`,
  );
}

function programsOf({ program, followUps = [] }: Experiment): Set<string> {
  return new Set([program, ...followUps.map((part) => part.program)].filter((path) => path !== undefined));
}

async function importExperiment(module: ImportableModule, file: string): Promise<Experiment> {
  let exports: { default?: unknown };
  try {
    exports = (await importModule(module.url)) as { default?: unknown };
  } catch (error) {
    const stack = error instanceof Error ? error.stack : undefined;
    const told = withPlace(`${file} cannot be loaded: ${sentence(error)}.`, stack);
    throw new BytesperError("BAD_EXPERIMENT", told, { cause: error });
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
  if (typeof candidate !== "object" || (candidate as unknown) === null)
    return "it has no default export that is an object";
  const naming = nameProblem(candidate.name);
  if (naming !== undefined) return naming;
  if (typeof candidate.unit !== "string" || candidate.unit === "") return 'its "unit" must say what one is';
  const keyProblem = keysProblem(candidate);
  if (keyProblem !== undefined) return keyProblem;
  const kinds = ["subject", "program", "command"].filter((key) => key in candidate);
  if (kinds.length > 1) return `it has ${kinds.map((key) => `"${key}"`).join(" and ")}; give one of them`;
  if (
    candidate.command === undefined &&
    typeof candidate.program !== "string" &&
    typeof candidate.subject !== "string" &&
    typeof candidate.subject?.create !== "function"
  )
    return 'it needs a "subject" (a module path or an object with create(index)), a "program" (a module path) or a "command" (a list of words)';
  const { factors = {}, population, instances, repetitions } = candidate;
  const valueProblem = valuesProblem(candidate);
  if (valueProblem !== undefined) return valueProblem;
  const stagesProblem = rolloutProblemOf(candidate);
  if (stagesProblem !== undefined) return stagesProblem;
  const names = candidate.rollout === undefined ? Object.keys(factors) : columnsOf(candidate.rollout);
  const commandProblem = commandProblemOf(candidate, names);
  if (commandProblem !== undefined) return commandProblem;
  const levelsOf = (name: string): readonly Level[] | undefined =>
    Object.hasOwn(factors, name) ? factors[name] : undefined;
  if (population !== undefined) {
    const levels = levelsOf(population);
    if (levels === undefined)
      return `its "population" names the factor "${population}", which it does not have${suggestion(population, names)}`;
    if (!levels.every(isCount))
      return `the levels of the population "${population}" must be whole numbers from 1`;
  }
  const { frontier } = candidate;
  if (frontier !== undefined && !(levelsOf(frontier) ?? []).every((level) => typeof level === "number"))
    return `the levels of its "frontier" factor "${frontier}" must be numbers`;
  if (frontier !== undefined && levelsOf(frontier) === undefined)
    return `its "frontier" names the factor "${frontier}", which it does not have${suggestion(frontier, names)}`;
  const parts = (candidate.followUps ?? []).map(({ name }) => name);
  const columnText = columnsProblem(candidate, names);
  if (columnText !== undefined) return columnText;
  const figuresText = figuresProblem(candidate.figures, parts, (part) =>
    factorsOfPart(candidate, names, part),
  );
  if (figuresText !== undefined) return figuresText;
  const capsProblem = capsProblemOf(candidate.caps);
  if (capsProblem !== undefined) return capsProblem;
  if (instances !== undefined && !isCount(instances)) return '"instances" must be a whole number from 1';
  if (repetitions !== undefined && !isCount(repetitions))
    return '"repetitions" must be a whole number from 1';
  const { seeds } = candidate as { seeds?: unknown };
  if (seeds !== undefined && seeds !== "different" && seeds !== "same")
    return `its "seeds" is ${shown(seeds)}, and "different" or "same" was expected`;
  return undefined;
}

/** The factors of the experiment's own rows, or those of a follow-up. */
function factorsOfPart(
  { followUps = [] }: Partial<Experiment>,
  own: readonly string[],
  part: string | undefined,
): readonly string[] {
  if (part === undefined) return own;
  return Object.keys(followUps.find(({ name }) => name === part)?.factors ?? {});
}

function columnsProblem(candidate: Partial<Experiment>, own: readonly string[]): string | undefined {
  const tables = [
    { place: 'its "table"', part: undefined, table: candidate.table },
    ...(candidate.followUps ?? []).map(({ name, table }) => ({
      place: `the "table" of its follow-up "${name}"`,
      part: name,
      table,
    })),
  ];
  for (const { place, part, table } of tables)
    for (const { title, from } of table?.columns ?? []) {
      const problem = valueNameProblem(from, factorsOfPart(candidate, own, part));
      if (problem !== undefined) return `the column "${title}" of ${place} shows ${problem}`;
    }
  return undefined;
}

function rolloutProblemOf(candidate: Partial<Experiment>): string | undefined {
  const { rollout, command, program } = candidate;
  if (rollout === undefined) return undefined;
  const other = ["factors", "quick", "exclude", "frontier", "population"].find((key) => key in candidate);
  if (other !== undefined) return `it has "rollout" and "${other}"; the flags of the stages are its factors`;
  if (command === undefined && program === undefined)
    return 'it has a "rollout" and a "subject"; stages are run by a "program" or a "command"';
  const problem = rolloutProblem(rollout, command !== undefined);
  return problem === undefined ? undefined : `of its "rollout": ${problem}`;
}

/** A placeholder that is no factor would reach the program unchanged, so it is a mistake. */
function commandProblemOf(
  { command, env = {}, requires = [] }: Partial<Experiment>,
  factors: readonly string[],
): string | undefined {
  if (command === undefined) return undefined;
  const words: unknown = command;
  if (!Array.isArray(words) || words.length === 0 || !words.every((word) => typeof word === "string"))
    return 'its "command" must be a list of words, the program first';
  if (words[0] === "") return 'the first word of its "command" must name a program';
  if (!Array.isArray(requires) || !requires.every((name) => typeof name === "string"))
    return 'its "requires" must be a list of names of readings';
  const places = [
    ...command.map((text) => ({ place: "command", text })),
    ...Object.values(env).map((text) => ({ place: "env", text })),
  ];
  for (const { place, text } of places) {
    if (typeof text !== "string") return 'the values of its "env" must be texts';
    for (const [placeholder, name = ""] of text.matchAll(PLACEHOLDER)) {
      if (!OWN_PLACEHOLDERS.includes(name) && !factors.includes(name))
        return `"${placeholder}" stands in its "${place}" and there is no factor "${name}"; the factors are ${factors.join(", ") || "none"}${suggestion(name, OWN_PLACEHOLDERS)}`;
    }
  }
  return undefined;
}

/** Placeholders that need no factor; a factor of that name is meant where there is one. */
const OWN_PLACEHOLDERS = ["seed", "repetition"];
const PLACEHOLDER = /\{([A-Za-z_][\w-]*)\}/g;

/** Whether a command is told which of its repetitions it is, and so does another thing in each. */
export function tellsRepetition({ command = [], env = {} }: Experiment): boolean {
  return [...command, ...Object.values(env)].some((text) => /\{(seed|repetition)\}/.test(text));
}

/** A text of a command with levels in place of `{name}`. */
export function fillIn(text: string, levels: Readonly<Record<string, unknown>>): string {
  return text.replace(PLACEHOLDER, (placeholder, name: string) =>
    Object.hasOwn(levels, name) ? String(levels[name]) : placeholder,
  );
}

function capsProblemOf(caps: unknown): string | undefined {
  if (caps === undefined) return undefined;
  if (typeof caps !== "object" || caps === null) return 'its "caps" must be an object';
  for (const [name, value] of Object.entries(caps)) {
    if (!CAPS.includes(name))
      return `there is no cap "${name}"; the caps are memory, device and time${suggestion(name, CAPS)}`;
    try {
      if (typeof value !== "string") throw new Error();
      if (name === "time") parseDuration(value);
      else parseSize(value);
    } catch {
      const example = name === "time" ? '"20 s", below 24 days' : '"2 GiB"';
      return `the cap "${name}" is ${JSON.stringify(value)}; give a text such as ${example}`;
    }
  }
  return undefined;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}
