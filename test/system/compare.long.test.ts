import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bytesper, inFolder, measured } from "./cli.js";

const RUNS = 50;
const SOURCE = `class Session {
  constructor(i) {
    this.id = i;
    this.at = 1.7e12 + i;
    this.tags = new Map([["a", i]]);
    this.list = [i, { i }];
  }
}
export const create = (i) => new Session(i);`;

test(`${RUNS} measurements of one class, compared with the first, give no alarm`, async () => {
  await inFolder(async (folder) => {
    const subject = join(folder, "session.mjs");
    writeFileSync(subject, SOURCE);
    const alarms: string[] = [];
    for (let run = 0; run <= RUNS; run++) {
      const file = join(folder, `${run}.json`);
      writeFileSync(file, JSON.stringify(await measured([subject, "--trials", "3", "--instances", "300"])));
      if (run === 0) continue;
      const { code, stdout } = await bytesper(["compare", join(folder, "0.json"), file]);
      if (code !== 0) alarms.push(stdout);
    }
    expect(alarms).toEqual([]);
  });
});
