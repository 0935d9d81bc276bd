import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseResult } from "../../src/record/schema.js";
import { bytesper, fitOf, inFolder, measured, unusedPort } from "./cli.js";

/**
 * A formatter: 144 B of V8's heap and some 26 kB of malloc that V8 is not told of. Its module waits for a port that only
 * one process can have.
 */
const FORMATTER = `import { once } from "node:events";
import { createServer } from "node:http";
await once(createServer().listen(${unusedPort()}, "127.0.0.1").unref(), "listening");
export const create = () => new Intl.DateTimeFormat("en-US", { dateStyle: "medium", timeStyle: "long", timeZone: "UTC" });
`;

test("measure, run and check judge the same total of one class", async () => {
  await inFolder(async (folder) => {
    writeFileSync(join(folder, "formatter.mjs"), FORMATTER);
    writeFileSync(
      join(folder, "formatters.experiment.mjs"),
      'export default { name: "formatters", unit: "formatter", factors: {}, instances: 200, subject: "./formatter.mjs" };\n',
    );
    const alone = fitOf(await measured(["./formatter.mjs", "--trials", "3"], { cwd: folder }));
    const { value: total } = alone.totalPerUnitBytes as { value: number };
    expect(total).toBeGreaterThan(20_000);

    const ran = await bytesper(["run", "formatters.experiment.mjs", "--trials", "3"], { cwd: folder });
    expect(ran.code, ran.stderr).toBe(0);
    const file = join(folder, "results/formatters/result.json");
    const grid = fitOf(parseResult(readFileSync(file, "utf8"), file));
    expect(grid.kernelPerUnitBytes).toHaveProperty("value");
    expect(alone.kernelPerUnitBytes).toHaveProperty("value");
    expect((grid.totalPerUnitBytes as { value: number }).value / total).toBeCloseTo(1, 2);

    const judged = async (bytes: number): Promise<number | null> => {
      writeFileSync(
        join(folder, "bytesper.config.json"),
        JSON.stringify({
          formatters: { file: "./formatters.experiment.mjs", perFormatter: `${Math.round(bytes)} B` },
        }),
      );
      return (await bytesper(["check", "--result", "results"], { cwd: folder })).code;
    };
    // A second measurement confirms what is over; V8's heap alone would pass both.
    expect(await judged(1.02 * total)).toBe(0);
    expect(await judged(0.98 * total)).toBe(1);
  });
});
