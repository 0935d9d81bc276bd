import { rmSync } from "node:fs";
import { join } from "node:path";
import { ROLLBACK_SCHEMA } from "../../record/rollback-schema.js";
import type { Result } from "../../record/schema.js";
import { writeWhole } from "../../base/write.js";

/**
 * Once the rollout is decided, writes the flags of the last passed stage to `rollback.json` in the result's
 * folder. Before that the file is removed: it would belong to an earlier run.
 */
export function writeRollback(folder: string, { rollout, experiment, runId }: Result): void {
  if (rollout === undefined) return;
  const file = join(folder, "rollback.json");
  if (!rollout.decided) {
    rmSync(file, { force: true });
    return;
  }
  const { rollback, degradation } = rollout;
  const flags =
    "absent" in rollback
      ? { flags: { absent: rollback.absent } }
      : { stage: rollback.stage, flags: rollback.flags };
  const document = {
    schema: ROLLBACK_SCHEMA,
    experiment,
    runId,
    ...flags,
    ...(degradation === undefined ? {} : { degradation }),
  };
  writeWhole(file, `${JSON.stringify(document, null, 2)}\n`);
}
