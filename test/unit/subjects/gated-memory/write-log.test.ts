import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Decision } from "../../../../experiments/subjects/gated-memory/decision.js";
import { GatedMemory } from "../../../../experiments/subjects/gated-memory/gated-memory.js";
import { events } from "../../../../experiments/subjects/gated-memory/stream.js";
import { COLUMNS, WriteLog } from "../../../../experiments/subjects/gated-memory/write-log.js";
import { inFolder } from "../../../system/cli.js";

const NAMES: Readonly<Record<string, keyof Decision>> = {
  step: "step",
  action: "action",
  reason: "reason",
  sim_max: "simMax",
  surprise: "surprise",
  surp_norm: "surpNorm",
  entropy: "entropy",
  entropy_raw: "entropyRaw",
  used_key_id: "usedKey",
  shadow_size: "shadowSize",
  mem_size: "memSize",
  k3_sim: "kSim",
  score: "score",
};

test("a row for each decision, with all its numbers, and the file is no longer held than it is written", async () => {
  await inFolder((folder) => {
    const path = join(folder, "writes.csv");
    const log = new WriteLog(path);
    const told: Decision[] = [];
    const memory = new GatedMemory({ nearMergeThr: 0.6, warmupSteps: 20 }, (decision) => {
      told.push(decision);
      log.write(decision);
    });
    for (const event of events({ seed: 2 })) {
      if (event.step >= 1500) break;
      memory.write(event);
    }
    // What is held back is at most 64 KiB and a row.
    const early = readFileSync(path, "latin1").length;
    log.close();
    const text = readFileSync(path, "latin1");
    expect(text.length - early).toBeLessThan(66 * 1024);
    expect(early).toBeGreaterThan(0);

    const [header, ...lines] = text
      .trimEnd()
      .split("\n")
      .map((line) => line.split(","));
    expect(header).toEqual([...COLUMNS]);
    expect(lines).toHaveLength(told.length);
    for (const [index, fields] of lines.entries()) {
      expect(fields).toHaveLength(COLUMNS.length);
      const decision = told[index] as Decision;
      for (const [place, column] of COLUMNS.entries()) {
        const name = NAMES[column];
        if (name !== undefined) expect(fields[place], column).toBe(String(decision[name] ?? ""));
      }
    }
    return Promise.resolve();
  });
});

test("the first rows of a memory, as text", async () => {
  await inFolder((folder) => {
    const path = join(folder, "writes.csv");
    const log = new WriteLog(path);
    const off = { dimension: 2, warmupSteps: 1, stageMidLow: 0.5, nearMergeThr: Infinity };
    const memory = new GatedMemory(off, (decision) => {
      log.write(decision);
    });
    const offer = (step: number, x: number, y: number): void => {
      memory.write({ step, embedding: Float32Array.of(x, y), entropy: 0.5, entropyRaw: 1 });
    };
    offer(0, 1, 0);
    offer(1, 1, 0);
    offer(2, 0, 1);
    offer(3, 0, -1);
    log.close();
    // The last is 0 and -1 similar to the two items: its surprise is 1.5.
    expect(readFileSync(path, "latin1").split("\n").slice(1)).toEqual([
      "0,defer,warmup,,,,,,6,,0,0,,,,,False,",
      "1,commit,add,-1,,,0.5,1,6,,0,1,,,,,False,",
      "2,commit,add,0,1,,0.5,1,6,0,0,2,,,0,1,False,",
      "3,commit,add,0,1.5,,0.5,1,6,0,0,3,,,0,1,False,",
      "",
    ]);
    return Promise.resolve();
  });
});
