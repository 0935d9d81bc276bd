import { extname } from "node:path";
import type { ConfigFile } from "../report/budgets/config-file.js";
import type { Confirmed } from "../report/budgets/confirm.js";
import { editText, editedJson, editsOf } from "../report/budgets/update.js";
import { writeWhole } from "../base/write.js";
import type { Planned } from "./check.js";

/**
 * Lowers budgets, and raises exceeded ones if a reason was given. A JSON config is written. For a module the
 * edits are printed, because only its author knows how it computes its values. Returns whether the config now
 * allows every measured value.
 */
export function update(
  file: ConfigFile,
  planned: readonly Planned[],
  confirmed: readonly Confirmed[],
  reason: string | undefined,
): boolean {
  const limits = new Map(
    planned.flatMap(({ budget }) =>
      budget.limits.flatMap((limit): [string, number][] => {
        const name = `${budget.experiment}.${limit.key}`;
        if (limit.kind === "perUnit") return [[name, limit.bytes]];
        return limit.kind === "capacity" ? [[name, limit.atLeast]] : [];
      }),
    ),
  );
  const edits = editsOf(confirmed, limits, reason !== undefined);
  const isJson = extname(file.path) === ".json";
  if (edits.length > 0 && isJson) writeWhole(file.path, editedJson(file.text, edits, reason));
  const verb = isJson ? "Written" : "To be edited by hand";
  if (edits.length === 0) process.stderr.write(`${file.name} is as tight as it gets; nothing to update.\n`);
  for (const edit of edits) process.stderr.write(`${verb} in ${file.name}: ${editText(edit)}\n`);
  const over = confirmed.filter(({ verdict }) => verdict === "over");
  const kept = over.filter(
    ({ first }) => !edits.some(({ experiment, key }) => experiment === first.experiment && key === first.key),
  );
  if (kept.length > 0 && reason === undefined)
    process.stderr.write('A budget is raised only with --allow-raise "reason".\n');
  return (
    isJson && over.length > 0 && kept.length === 0 && confirmed.every(({ verdict }) => verdict !== "unknown")
  );
}
