import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Fits } from "../../src/record/fits.js";
import type { Result } from "../../src/record/schema.js";
import { bytesper, inFolder, MAIN, run } from "./cli.js";

/** One instance holds 100 kB outside of V8's heap, so a container of 256 MiB holds fewer than 2,621. */
const BUFFERS = "export const create = (i) => ({ i, body: Buffer.alloc(100_000, i & 255) });";

test("buffers fill the container, and the answer has both ends with their evidence", async () => {
  await inFolder(async (folder) => {
    const subject = join(folder, "upload.mjs");
    writeFileSync(subject, BUFFERS);
    const { code, stdout, stderr } = await bytesper(["fits", subject, "--memory", "256MiB", "--json"]);
    expect(stderr).not.toMatch(/defect/);
    expect(code).toBe(0);
    const found = JSON.parse(stdout) as Fits;
    expect(found.lives).toBeLessThan(found.dies ?? 0);
    expect(found.dies).toBeLessThan(2684);
    expect(found.lives).toBeGreaterThan(2000);
    expect(["container", "native"]).toContain(found.wall);
    expect(found.runs.some(({ lives, exitCode }) => lives && exitCode === 0)).toBe(true);
    expect(found.runs.some(({ lives, cause }) => !lives && cause !== undefined)).toBe(true);
  });
});

test("a subject that takes all descriptors meets their limit, though nothing is left to read the process with", async () => {
  await inFolder(async (folder) => {
    const subject = join(folder, "handle.mjs");
    writeFileSync(
      subject,
      'import { openSync } from "node:fs"; export const create = () => openSync("/dev/null");',
    );
    const fits = `ulimit -n 256 && exec "$0" "$1" fits "$2" --memory 256MiB --json`;
    const { stdout, stderr } = await run("sh", ["-c", fits, process.execPath, MAIN, subject]);
    expect(stderr).not.toMatch(/EMFILE/);
    const found = JSON.parse(stdout) as Fits;
    expect(found).toMatchObject({ wall: "descriptors", predictedWall: "descriptors" });
    expect(found.lives).toBeLessThan(256);
    // Node itself holds some twenty.
    expect(found.dies).toBeGreaterThan(225);
  });
});

test.each([
  { name: "throws at once", source: 'throw new Error("no data")', code: 1, says: /create\(0\).*no data/ },
  {
    name: "is larger than the container",
    source: "Buffer.alloc(2 ** 29, 1)",
    code: 1,
    says: /one instance does not fit/,
  },
  { name: "holds nothing", source: "null", code: 2, says: /holds nothing that can be counted/ },
])("a subject that $name is told in one sentence", async ({ source, code, says }) => {
  await inFolder(async (folder) => {
    const subject = join(folder, "subject.mjs");
    writeFileSync(
      subject,
      `export const create = () => { ${source.startsWith("throw") ? source : `return ${source}`}; };`,
    );
    const ended = await bytesper(["fits", subject, "--memory", "256MiB"]);
    expect(ended.stderr).toMatch(says);
    expect(ended.code).toBe(code);
  });
});

test("an experiment that names a container has its answer in the table, searched and not predicted", async () => {
  await inFolder(async (folder) => {
    writeFileSync(join(folder, "upload.mjs"), BUFFERS);
    writeFileSync(
      join(folder, "uploads.experiment.mjs"),
      `export default { name: "uploads", unit: "upload", subject: "./upload.mjs", instances: 200, fits: ["256 MiB"] };`,
    );
    const { code, stderr } = await bytesper(
      ["run", "uploads.experiment.mjs", "--trials", "2", "--out", "out"],
      {
        cwd: folder,
      },
    );
    expect(stderr).not.toMatch(/defect/);
    expect(code).toBe(0);
    const { capacity, warnings } = JSON.parse(
      readFileSync(join(folder, "out/uploads/result.json"), "utf8"),
    ) as Result;
    const row = capacity?.rows?.find(({ memoryBytes }) => memoryBytes === 256 * 2 ** 20);
    expect(row).toMatchObject({ basis: "measured", wall: "container" });
    expect(row?.fits).toBeGreaterThan(2000);
    expect(row?.dies).toBeLessThan(2684);
    expect(capacity?.rows?.filter(({ basis }) => basis === "measured")).toHaveLength(1);
    expect(warnings.map(({ name }) => name)).not.toContain("capacity-not-searched");
  });
});
