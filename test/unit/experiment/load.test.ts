import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { Experiment } from "../../../src/experiment/define.js";
import { fillIn, openExperiment, openSubject } from "../../../src/experiment/load.js";

const folder = mkdtempSync(join(tmpdir(), "bytesper-test-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const NAME = 'its "name" must be letters, digits, "-", "_" and ".", and not begin with "."';
let files = 0;

/** A file with this default export. */
function fileOf(experiment: unknown): string {
  const file = join(folder, `${++files}.experiment.mjs`);
  writeFileSync(file, `export default ${JSON.stringify(experiment)};\n`);
  return file;
}

/** What is wrong with an experiment, without the words around it. */
async function problemOf(experiment: unknown): Promise<string> {
  const file = fileOf(experiment);
  const error: unknown = await openExperiment(file).catch((reason: unknown) => reason);
  const { code, message } = error as { code?: string; message: string };
  expect(code, message).toBe("BAD_EXPERIMENT");
  const [before, after] = [
    `${file} is not an experiment: `,
    '; see "An experiment file" in CONTRIBUTING.md.',
  ];
  expect(message.startsWith(before) && message.endsWith(after), message).toBe(true);
  return message.slice(before.length, -after.length);
}

const command: Experiment = {
  name: "hog",
  unit: "MiB",
  factors: { size: [64, 128], kind: ["a", "b"] },
  command: ["python3", "hog.py", "{size}"],
};

function changed(changes: Record<string, unknown>): unknown {
  return { ...command, ...changes };
}

test("a plain object is an experiment", async () => {
  const whole = changed({
    repetitions: 2,
    caps: { memory: "512 MiB", device: "1 GiB", time: "20 s" },
    env: { SIZE: "{size}", SEED: "{seed}" },
    requires: ["usedBytes"],
    frontier: "size",
    population: "size",
  });
  const loaded = await openExperiment(fileOf(whole));
  expect(loaded.experiment).toEqual(whole);
  expect(loaded.subject).toBeUndefined();
  loaded.dispose();
});

describe("what every experiment needs", () => {
  test.each([
    [null, "it has no default export that is an object"],
    [5, "it has no default export that is an object"],
    [changed({ name: "two words" }), NAME],
    [changed({ name: "../up" }), NAME],
    [changed({ name: ".." }), NAME],
    [changed({ unit: "" }), 'its "unit" must say what one is'],
    [changed({ factors: { size: [] } }), 'factor "size" must be a list with at least one level'],
    [changed({ factors: { size: 64 } }), 'factor "size" must be a list with at least one level'],
    [
      changed({ factors: { size: [64, 128, 64], kind: ["a"] } }),
      'factor "size" has the level 64 more than once',
    ],
    [changed({ repetitions: 0 }), '"repetitions" must be a whole number from 1'],
    [changed({ instances: 1.5 }), '"instances" must be a whole number from 1'],
  ])("%j: %s", async (experiment, problem) => {
    expect(await problemOf(experiment)).toBe(problem);
  });
});

describe("what is measured", () => {
  test.each([
    [
      changed({ command: undefined }),
      'it needs a "subject" (a module path or an object with create(index)), a "program" (a module path) or a "command" (a list of words)',
    ],
    [changed({ program: "./p.mjs" }), 'it has "program" and "command"; give one of them'],
    [
      changed({ subject: "./s.mjs", program: "./p.mjs" }),
      'it has "subject" and "program" and "command"; give one of them',
    ],
    [changed({ command: [] }), 'its "command" must be a list of words, the program first'],
    [changed({ command: "hog 64" }), 'its "command" must be a list of words, the program first'],
    [changed({ command: ["hog", 64] }), 'its "command" must be a list of words, the program first'],
    [changed({ command: [""] }), 'the first word of its "command" must name a program'],
    [changed({ requires: "usedBytes" }), 'its "requires" must be a list of names of readings'],
    [changed({ env: { SIZE: 64 } }), 'the values of its "env" must be texts'],
    [
      changed({ command: ["hog", "{sise}"] }),
      '"{sise}" stands in its "command" and there is no factor "sise"; the factors are size, kind',
    ],
    [
      changed({ env: { SIZE: "{sise}" } }),
      '"{sise}" stands in its "env" and there is no factor "sise"; the factors are size, kind',
    ],
    [
      changed({ factors: {}, command: ["hog", "{size}"] }),
      '"{size}" stands in its "command" and there is no factor "size"; the factors are none',
    ],
  ])("%j: %s", async (experiment, problem) => {
    expect(await problemOf(experiment)).toBe(problem);
  });

  test("braces that hold no name are the command's own", async () => {
    const { experiment, dispose } = await openExperiment(
      fileOf(changed({ command: ["awk", "{ print $1 }", '{"a": 1}', "{}", "${x}"], factors: { x: [1] } })),
    );
    expect(experiment.command).toHaveLength(5);
    dispose();
  });
});

describe("factors with a part to play", () => {
  test.each([
    [
      changed({ population: "sessions" }),
      'its "population" names the factor "sessions", which it does not have',
    ],
    [changed({ population: "kind" }), 'the levels of the population "kind" must be whole numbers from 1'],
    [
      changed({ population: "size", factors: { size: [0, 1], kind: [1] } }),
      'the levels of the population "size" must be whole numbers from 1',
    ],
    [changed({ frontier: "kind" }), 'the levels of its "frontier" factor "kind" must be numbers'],
    [changed({ frontier: "sessions" }), 'its "frontier" names the factor "sessions", which it does not have'],
  ])("%j: %s", async (experiment, problem) => {
    expect(await problemOf(experiment)).toBe(problem);
  });
});

describe("a name that means nothing is refused with the nearest that does", () => {
  const table = (column: object): unknown =>
    changed({ table: { title: "t", columns: [{ title: "Used", from: "readings.a", ...column }] } });
  const figure = (more: object): unknown =>
    changed({ figures: [{ title: "f", x: "factors.size", y: ["readings.a"], ...more }] });
  test.each([
    [changed({ repetitons: 5 }), 'it has the key "repetitons"; the nearest is repetitions'],
    [changed({ require: ["x"] }), 'it has the key "require"; the nearest is requires'],
    [
      changed({ caps: { memry: "1 GiB" } }),
      'there is no cap "memry"; the caps are memory, device and time; the nearest is memory',
    ],
    [
      changed({ quick: { sise: [1] } }),
      'its "quick" names the factor "sise", which it does not have; the factors are size, kind; the nearest is size',
    ],
    [
      changed({ population: "sizes" }),
      'its "population" names the factor "sizes", which it does not have; the nearest is size',
    ],
    [
      changed({ table: { title: "t", colums: [], columns: [] } }),
      'its "table" has the key "colums"; the nearest is columns',
    ],
    [table({ unti: "MB" }), 'a column of its "table" has the key "unti"; the nearest is unit'],
    [
      table({ unit: "mb" }),
      'a column of its "table" has the unit "mb"; the units are B, kB, MB, KiB, MiB, GiB',
    ],
    [
      table({ from: "factors.sise" }),
      'the column "Used" of its "table" shows "factors.sise", and there is no factor "sise"; the factors are size, kind; the nearest is size',
    ],
    [figure({ lgo: ["x"] }), 'of its "figures", number 1 has the key "lgo"; the nearest is log'],
    [
      figure({ y: [{ from: "readings.a", nmae: "b" }] }),
      'of its "figures", number 1 has a value that has the key "nmae"; the nearest is name',
    ],
    [
      figure({ where: { sizes: 1 } }),
      'of its "figures", number 1 has a "where" with the factor "sizes", which is none; the factors are size, kind; the nearest is size',
    ],
    [
      figure({ marks: [{ axis: "y", at: 1, label: "l", lable: "m" }] }),
      'of its "figures", number 1 has a mark that has the key "lable"; the nearest is label',
    ],
    [
      changed({ rollout: { flag: {}, flags: {} }, factors: undefined }),
      'its "rollout" has the key "flag"; the nearest is flags',
    ],
    [
      changed({ command: undefined, subject: { create: "x", relaese: "y" } }),
      'its "subject" has the key "relaese"; the nearest is release',
    ],
    [changed({ seeds: "all" }), 'its "seeds" is "all", and "different" or "same" was expected'],
  ])("%j: %s", async (experiment, problem) => {
    expect(await problemOf(experiment)).toBe(problem);
  });
});

describe("caps", () => {
  test.each([
    [5, 'its "caps" must be an object'],
    [null, 'its "caps" must be an object'],
    [{ ram: "1 GiB" }, 'there is no cap "ram"; the caps are memory, device and time'],
    [{ memory: "much" }, 'the cap "memory" is "much"; give a text such as "2 GiB"'],
    [{ memory: 512 }, 'the cap "memory" is 512; give a text such as "2 GiB"'],
    [{ device: "" }, 'the cap "device" is ""; give a text such as "2 GiB"'],
    [{ time: "20 minutes" }, 'the cap "time" is "20 minutes"; give a text such as "20 s", below 24 days'],
    [{ time: "0 s" }, 'the cap "time" is "0 s"; give a text such as "20 s", below 24 days'],
  ])("%j: %s", async (caps, problem) => {
    expect(await problemOf(changed({ caps }))).toBe(problem);
  });
});

describe("a file", () => {
  test("that is not there, is a folder or no module is told by its name", async () => {
    const missing = join(folder, "missing.experiment.mjs");
    await expect(openExperiment(missing)).rejects.toThrow(
      `${missing} does not exist; give the path of a module.`,
    );
    const directory = join(folder, "directory.mjs");
    mkdirSync(directory);
    await expect(openExperiment(directory)).rejects.toThrow(`${directory} is not a file;`);
    const text = join(folder, "experiment.txt");
    writeFileSync(text, "");
    await expect(openExperiment(text)).rejects.toThrow(`${text} must be a module (.js, .mjs,`);
  });

  test("that throws is told with what it threw", async () => {
    const file = join(folder, "throws.experiment.mjs");
    writeFileSync(file, 'throw new Error("out of ideas");\n');
    await expect(openExperiment(file)).rejects.toThrow(
      `${file} cannot be loaded: out of ideas (${file}:1:7).`,
    );
  });

  test("may be TypeScript of a project whose modules are CommonJS", async () => {
    const project = join(folder, "commonjs");
    mkdirSync(project);
    writeFileSync(join(project, "tsconfig.json"), '{ "compilerOptions": { "module": "commonjs" } }');
    const file = join(project, "own.experiment.ts");
    writeFileSync(file, `export default ${JSON.stringify(command)};\n`);
    const { experiment, dispose } = await openExperiment(file);
    expect(experiment.name).toBe("hog");
    dispose();
  });

  test("with a subject beside it that is not there is told by the subject's name", async () => {
    // What is undefined is no key of the file.
    await expect(
      openExperiment(fileOf(changed({ command: undefined, subject: "./gone.mjs" }))),
    ).rejects.toThrow("./gone.mjs does not exist; give the path of a module.");
  });

  test("with a subject of its own keeps that", async () => {
    const file = join(folder, "inline.experiment.mjs");
    writeFileSync(
      file,
      'export default { name: "own", unit: "x", factors: {}, instances: 10, subject: { create: (i) => [i] } };\n',
    );
    const { subject, dispose } = await openExperiment(file);
    expect(subject?.reference.path).toEqual(["default", "subject"]);
    dispose();
  });

  test("may hold several subjects, of which a name is chosen", async () => {
    const file = join(folder, "several.mjs");
    writeFileSync(file, "export const one = { create: () => [] };\n");
    const { reference, dispose } = await openSubject("several.mjs#one", folder);
    expect(reference).toMatchObject({ path: ["one"], name: "several.mjs#one" });
    dispose();
  });
});

describe("a placeholder", () => {
  test("is filled with its level, as often as it stands there", () => {
    expect(fillIn("{size}:{size}-{kind}/{seed}", { size: 64, kind: "a", seed: 1 })).toBe("64:64-a/1");
  });

  test("is not looked for in what was filled in", () => {
    expect(fillIn("{kind}", { kind: "{size}", size: 64 })).toBe("{size}");
  });

  test("that is a name which every object has is left as it stands", () => {
    expect(fillIn("{constructor}", { size: 1 })).toBe("{constructor}");
  });
});
