import type { Level } from "../experiment/define.js";
import { bytesWithBinaryUnit, fixed } from "../base/format.js";
import type { Result, ResultRow } from "../record/schema.js";
import type { Cell, Table } from "../base/table/table.js";

type Rollout = NonNullable<Result["rollout"]>;
type Stage = Rollout["stages"][number];
type Check = Stage["checks"][number];

/** The stages of a rollout with their verdicts, the stage that fails first, and what to roll back to. */
export function rolloutTables({ rollout }: Result): Table[] {
  if (rollout === undefined) return [];
  return [
    {
      caption: "Verdicts of the stages",
      columns: [
        { title: "stage", align: "left" },
        { title: "sets", align: "left" },
        { title: "verdict", align: "left" },
        { title: "because", align: "left" },
      ],
      rows: rollout.stages.map((stage) => [
        stage.name,
        stage.changed.map((flag) => `${flag}=${String(stage.flags[flag])}`).join(", ") || "nothing",
        stage.verdict,
        stage.verdict === "not run" ? { absent: stage.why ?? "it was not run" } : reasonsOf(stage),
      ]),
      notes: conclusionOf(rollout),
    },
  ];
}

/** The verdict of the stage that a row shows. A row in which only one flag changed has none. */
export function verdictCell({ rollout }: Result, { factors }: ResultRow): Cell {
  const stage = rollout?.stages.find(({ name }) => name === factors.stage);
  if (stage === undefined) return { absent: "it is no stage of a rollout" };
  if (factors.change === "all") return stage.verdict;
  return { absent: `run to name the flag by which ${stage.name} fails` };
}

/** Where the rollout stopped, why, and what to go back to. */
function conclusionOf({ stages, degradation, rollback, decided }: Rollout): string[] {
  if (!decided) return ["The rollout is unfinished: the next stage waits to be run."];
  const back =
    "absent" in rollback
      ? `There is nothing to roll back to: ${rollback.absent}.`
      : `Roll back to the flags of ${rollback.stage}.`;
  if (degradation === undefined) return [`Every stage passed; the flags of ${stageOf(rollback)} hold.`];
  const failed = stages.find(({ name }) => name === degradation.stage);
  const why = failed === undefined ? "" : ` (${reasonsOf(failed)})`;
  const flags = degradation.flags
    .map(({ flag, from, to }) => `${flag} going from ${shown(from)} to ${shown(to)}`)
    .join(" and ");
  const by = flags === "" ? `no flag can be named: ${degradation.how}` : `by ${flags}: ${degradation.how}`;
  return [`It degrades at ${degradation.stage}${why}, ${by}. ${back}`];
}

function stageOf(rollback: Rollout["rollback"]): string {
  return "absent" in rollback ? "none" : rollback.stage;
}

function shown(level: Level): string {
  return typeof level === "number" ? level.toLocaleString("en-US") : String(level);
}

/** Why a stage failed; if it passed, its distance to the nearest bound. */
function reasonsOf({ verdict, failure, checks }: Stage): string {
  if (verdict === "unfinished") return "its cell has not ended";
  if (verdict === "passed") return `${checks.length} of ${checks.length} criteria met`;
  const broken = checks.filter(({ met }) => !met);
  // After a failure all readings are missing, so they need not be listed.
  const said = failure === undefined ? broken : broken.filter(({ value }) => value !== undefined);
  return [...(failure === undefined ? [] : [failure]), ...said.map(sentenceOf)].join("; ");
}

function sentenceOf({ reading, kind, limit, boundary, value, why }: Check): string {
  if (value === undefined || boundary === undefined) return why ?? `${reading} is unknown`;
  const bound =
    kind === "atMostTimesPrevious"
      ? `at most ${fixed(limit, 2)} times the stage before (${amount(reading, boundary)})`
      : `${kind === "atLeast" ? "at least" : "at most"} ${amount(reading, boundary)}`;
  return `${reading} is ${amount(reading, value)}, allowed is ${bound}`;
}

function amount(reading: string, value: number): string {
  if (reading.endsWith("Bytes")) return bytesWithBinaryUnit(value);
  if (reading.endsWith("Ms")) return `${fixed(value, value < 100 ? 2 : 0)} ms`;
  return fixed(value, Number.isInteger(value) ? 0 : 3);
}
