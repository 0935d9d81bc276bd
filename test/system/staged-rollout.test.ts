import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Result } from "../../src/record/schema.js";
import { parseResult } from "../../src/record/schema.js";
import { readJournal } from "../../src/runner/journal/read.js";
import { bytesper, inFolder } from "./cli.js";
import { Runner } from "./faults/runner.js";

const MIB = 2 ** 20;
/** Flows of the start: 4 samples over 768 columns, in blocks of 1,024. */
const BLOCK_BYTES = 1024 * 1540;

interface Rollback {
  schema: string;
  runId: string;
  stage?: string;
  flags: Record<string, unknown>;
  degradation?: { stage: string; flags: { flag: string; from: unknown; to: unknown }[]; how: string };
}

interface Rolled {
  code: number | null;
  stdout: string;
  result: Result;
  rollback: Rollback;
  /** Labels of the cells that were started, in order. */
  started: string[];
}

function read(folder: string, experiment: string): Pick<Rolled, "result" | "rollback" | "started"> {
  const text = (file: string): string => readFileSync(join(folder, experiment, file), "utf8");
  const file = existsSync(join(folder, experiment, "result.json")) ? "result.json" : "partial.json";
  const { records } = readJournal(join(folder, "journal.jsonl"));
  const labels = new Map(
    records.flatMap((record) => (record.type === "planned" ? [[record.cell, record.label] as const] : [])),
  );
  return {
    result: parseResult(text(file), file),
    rollback: JSON.parse(text("rollback.json")) as Rollback,
    started: records.flatMap((record) =>
      record.type === "started" ? [(labels.get(record.cell) ?? "").replace(`${experiment} `, "")] : [],
    ),
  };
}

/** The experiment that ships, small, on the host, under a cap. */
async function shipped(folder: string, cap: string): Promise<Rolled> {
  const args = [
    "profile",
    "staged-rollout",
    "--quick",
    "--device",
    "cpu",
    "--verbose",
    "--device-cap",
    cap,
    "--out",
    folder,
  ];
  const { code, stdout } = await bytesper(args);
  return { code, stdout, ...read(folder, "staged-rollout") };
}

const verdictsOf = ({ rollout }: Result): string[] | undefined =>
  rollout?.stages.map(({ verdict }) => verdict);

describe("the flow field", () => {
  test("under a cap that stage B breaks, B is the last that runs, and the flags of A are written", async () => {
    await inFolder(async (folder) => {
      // A holds 3,136 flows at most, 4 blocks; B needs a fifth.
      const { code, stdout, result, rollback, started } = await shipped(folder, "7MiB");
      expect(code).toBe(0);
      expect(started.slice(0, 3)).toEqual(["stage stabilise trial 1", "stage A trial 1", "stage B trial 1"]);
      expect(started.filter((label) => label.startsWith("stage"))).toHaveLength(3);
      expect(verdictsOf(result)?.slice(0, 4)).toEqual(["passed", "passed", "failed", "not run"]);
      expect(result.complete).toBe(true);
      expect(rollback).toMatchObject({
        schema: "bytesper/rollback@1",
        runId: result.runId,
        stage: "A",
        flags: { reflection: true, movementSpawning: false, maxSpawnPerStep: 1, samples: 4 },
        degradation: { stage: "B", flags: [{ flag: "movementSpawning", from: false, to: true }] },
      });
      expect(stdout).toContain("by movementSpawning going from false to true");
      expect(stdout).toContain("Roll back to the flags of A.");
      const [stabilise, a, b] = result.rows;
      expect(stabilise?.readings.activeFlowsMax).toMatchObject({ value: 3072 });
      // 16 steps with one more flow for each of 4 samples.
      expect(a?.readings.activeFlowsMax).toMatchObject({ value: 3072 + 64 });
      expect(a?.readings.peakAllocatedBytes).toSatisfy(
        (peak: { value: number }) => peak.value >= 4 * BLOCK_BYTES && peak.value < 4 * BLOCK_BYTES + 32_768,
      );
      expect(b?.outcome).toBe("oom-device");
      expect(b?.readings.peakReservedBytes).toMatchObject({ above: 7 * MIB });
      expect(b?.cause).toMatch(/^step \d+ of 16 with 4\d{3} flows: .*cap of 7\.00 MiB/);
      // The journal has every step that was taken, also of the stage that broke.
      const flows = b?.series?.find(({ reading }) => reading === "activeFlows")?.points ?? [];
      const { records } = readJournal(join(folder, "journal.jsonl"));
      const streamed = records
        .flatMap((record) =>
          record.type === "turn" ? [record.record as { steps: { active: number }[] }] : [],
        )
        .flatMap(({ steps }) => steps);
      expect(flows.length).toBeGreaterThan(5);
      for (const [, active] of flows) expect(streamed.map((step) => step.active)).toContain(active);
    });
  });

  test("where not even the first stage fits, fallbacks run until one passes", async () => {
    await inFolder(async (folder) => {
      // 3 blocks are 4.5 MiB; the smaller batch has 1,536 flows, 2 blocks.
      const { result, rollback, started } = await shipped(folder, "4MiB");
      expect(started.filter((label) => label.startsWith("stage"))).toEqual([
        "stage stabilise trial 1",
        "stage smaller batch trial 1",
      ]);
      expect(rollback).toMatchObject({ stage: "smaller batch", flags: { samples: 2, maxSpawnPerStep: 0 } });
      expect(result.rollout?.stages.map(({ why }) => why).slice(-1)).toEqual(["smaller batch passed"]);
    });
  });

  test("where nothing fits there is nothing to roll back to, which is said and not guessed", async () => {
    await inFolder(async (folder) => {
      const { code, result, rollback } = await shipped(folder, "1MiB");
      expect(code).toBe(0);
      expect(rollback.flags).toEqual({ absent: "no stage has passed" });
      expect(rollback).not.toHaveProperty("stage");
      expect(verdictsOf(result)?.slice(4)).toEqual(["failed", "failed", "failed", "failed"]);
    });
  });

  test("without a limit on flows they grow as the share of parents says, until the cap", async () => {
    await inFolder(async (folder) => {
      const { result, rollback } = await shipped(folder, "64MiB");
      expect(rollback.stage).toBe("C");
      const part = (name: string): Result["rows"][number] | undefined =>
        result.followUps?.find((each) => each.name === name)?.rows[0];
      const growth = part("growth");
      expect(growth?.outcome).toBe("oom-device");
      const value = (name: string): number =>
        (growth?.readings[name] as { value: number } | undefined)?.value ?? Number.NaN;
      expect(value("growthPerStep") / value("predictedGrowthPerStep")).toBeGreaterThan(0.9);
      expect(value("growthPerStep") / value("predictedGrowthPerStep")).toBeLessThan(1.1);
      expect(value("doublingSteps")).toBeCloseTo(Math.LN2 / Math.log1p(value("growthPerStep")), 6);
      expect(value("doublingStepsLow")).toBeLessThan(value("doublingStepsHigh"));
      expect(part("boundary")?.readings).toMatchObject({
        leftFlows: { value: 0 },
        unaccountedFlows: { value: 0 },
        furthestOutside: { value: 0 },
      });
      expect(part("flow-bytes")?.readings).toMatchObject({
        formulaPerFlowBytes: { value: 1536 },
        allocatedPerFlowBytes: { value: BLOCK_BYTES / 768 },
        unexplainedBytes: { value: 0 },
      });
    });
  });
});

/** Stages of a shell command, which says what it costs. */
function commandRollout(folder: string, changes: { limit?: number; script?: string } = {}): string {
  const { limit = 10, script = "" } = changes;
  const file = join(folder, "rolled.experiment.mjs");
  const cost = 'c={spawn}; if [ {wide} = true ]; then c=$((c+20)); fi; echo "{\\"cost\\": $c}"';
  const experiment = {
    name: "rolled",
    unit: "stage",
    caps: { time: "60 s" },
    rollout: {
      flags: { spawn: 0, wide: false, deep: false },
      readings: ["cost"],
      criteria: { cost: { atMost: limit } },
      stages: [
        { name: "stabilise", flags: {} },
        { name: "A", flags: { spawn: 2 } },
        { name: "B", flags: { wide: true, deep: true } },
      ],
    },
    command: ["sh", "-c", `echo "{spawn} {wide} {deep}" >> starts; ${script} ${cost}`],
  };
  writeFileSync(file, `export default ${JSON.stringify(experiment)};\n`);
  return file;
}

const startsIn = (folder: string): string[] =>
  readFileSync(join(folder, "starts"), "utf8").trimEnd().split("\n");

test("a command's stages get their flags, and the flag that breaks one of two is found", async () => {
  await inFolder(async (folder) => {
    const out = join(folder, "out");
    const { code } = await bytesper(["run", commandRollout(folder), "--out", out, "--slots", "1"]);
    expect(code).toBe(0);
    const { rollback } = read(out, "rolled");
    expect(startsIn(folder)).toEqual([
      "0 false false",
      "2 false false",
      "2 true true",
      "2 true false",
      "2 false true",
    ]);
    expect(rollback).toMatchObject({
      stage: "A",
      degradation: { stage: "B", flags: [{ flag: "wide", from: false, to: true }] },
    });
  });
});

test("a resume after the runner was killed repeats no stage that passed", async () => {
  await inFolder(async (folder) => {
    const out = join(folder, "out");
    // B waits for a file, so that the runner is killed while it runs.
    const script = "while [ {wide} = true ] && [ ! -e go ]; do sleep 0.05; done;";
    const runner = new Runner(["run", commandRollout(folder, { script }), "--out", out, "--slots", "1"]);
    await expect
      .poll(() => existsSync(join(folder, "starts")) && startsIn(folder).length, { timeout: 30_000 })
      .toBe(3);
    runner.child.kill("SIGKILL");
    await runner.ended;
    expect(existsSync(join(out, "rolled/rollback.json"))).toBe(false);
    const state = async (): Promise<unknown> =>
      (JSON.parse((await bytesper(["status", out, "--json"])).stdout) as { state: unknown }).state;
    expect(await state()).toBe("stopped");
    writeFileSync(join(folder, "go"), "");
    expect((await bytesper(["resume", out])).code).toBe(0);
    expect(await state()).toBe("finished");
    const starts = startsIn(folder);
    expect(starts.filter((start) => start === "0 false false")).toHaveLength(1);
    expect(starts.filter((start) => start === "2 false false")).toHaveLength(1);
    expect(starts.filter((start) => start === "2 true true")).toHaveLength(2);
    expect(read(out, "rolled").rollback).toMatchObject({ stage: "A", degradation: { stage: "B" } });
  });
});

test("other criteria judge what ran anew, and run only what they make necessary", async () => {
  await inFolder(async (folder) => {
    const out = join(folder, "out");
    await bytesper(["run", commandRollout(folder, { limit: 50 }), "--out", out, "--slots", "1"]);
    expect(read(out, "rolled").rollback).toMatchObject({ stage: "B" });
    expect(startsIn(folder)).toHaveLength(3);
    commandRollout(folder, { limit: 1 });
    await bytesper(["resume", out]);
    expect(read(out, "rolled").rollback).toMatchObject({ stage: "stabilise", degradation: { stage: "A" } });
    expect(startsIn(folder)).toHaveLength(3);
  });
});

test("the journal is enough to make verdicts and rollback again, byte for byte", async () => {
  await inFolder(async (folder) => {
    const out = join(folder, "out");
    await bytesper(["run", commandRollout(folder), "--out", out]);
    const files = ["result.json", "result.md", "rollback.json"];
    const before = files.map((file) => readFileSync(join(out, "rolled", file), "utf8"));
    expect((await bytesper(["report", out])).code).toBe(0);
    expect(files.map((file) => readFileSync(join(out, "rolled", file), "utf8"))).toEqual(before);
  });
});

test("a stage that crashes has failed: the rollout stops, and what passed is still written", async () => {
  await inFolder(async (folder) => {
    const out = join(folder, "out");
    const script = "if [ {spawn} = 2 ]; then exit 3; fi;";
    const { code } = await bytesper(["run", commandRollout(folder, { script }), "--out", out]);
    expect(code).toBe(1);
    const { rollback, result } = read(out, "rolled");
    expect(rollback).toMatchObject({ stage: "stabilise", degradation: { stage: "A" } });
    expect(result.rollout?.stages[1]?.failure).toMatch(/^crash: .*code 3/);
  });
});

describe("a mistake is one sentence", () => {
  test("of a plan", async () => {
    await inFolder(async (folder) => {
      const file = join(folder, "x.experiment.mjs");
      const stages = '[{ name: "a", flags: {}, after: "b" }, { name: "b", flags: {}, after: "a" }]';
      writeFileSync(
        file,
        `export default { name: "x", unit: "x", command: ["true"], rollout: { flags: {}, readings: [], stages: ${stages} } };`,
      );
      const { code, stderr } = await bytesper(["run", file, "--out", join(folder, "out")]);
      expect(code).toBe(2);
      expect(stderr).toMatch(/x\.experiment\.mjs is not an experiment: .*in a circle \(a after b after a\)/);
      expect(stderr.trim().split("\n")).toHaveLength(1);
    });
  });

  test("of --filter, which would leave stages out that others build on", async () => {
    await inFolder(async (folder) => {
      const { code, stderr } = await bytesper(["run", commandRollout(folder), "--filter", "stage=A"]);
      expect(code).toBe(2);
      expect(stderr).toMatch(
        /rolled runs stages that build on one another, of which --filter can leave none/,
      );
    });
  });
});

test("--minimal runs the first stage alone", async () => {
  await inFolder(async (folder) => {
    const out = join(folder, "out");
    await bytesper(["run", commandRollout(folder), "--out", out, "--minimal"]);
    expect(startsIn(folder)).toEqual(["0 false false"]);
    expect(read(out, "rolled").rollback).toMatchObject({ stage: "stabilise" });
  });
});
