import { dirname, resolve } from "node:path";
import { BytesperError } from "../base/errors.js";
import { openExperiment } from "../experiment/load.js";
import { experimentsOf, parseBudget } from "../report/budgets/budget.js";
import type { ConfigFile } from "../report/budgets/config-file.js";
import { suggestion } from "../base/nearest-name.js";
import type { Result } from "../record/schema.js";
import { experimentFile, shippedExperiments } from "../runner/engine/shipped.js";
import type { Planned } from "./check.js";

interface PlanOptions {
  only: readonly string[];
  full: boolean;
  committed: ReadonlyMap<string, Result>;
}

/** Finds the experiments of a config and validates every budget before anything is measured. */
export async function plan(file: ConfigFile, { only, full, committed }: PlanOptions): Promise<Planned[]> {
  const entries = experimentsOf(file.config, file.name);
  const unknown = only.find((name) => !entries.has(name));
  if (unknown !== undefined)
    throw new BytesperError(
      "USAGE",
      `--only names ${unknown}, for which ${file.name} has no budget${suggestion(unknown, entries.keys()) || `; it has ${[...entries.keys()].join(", ")}`}.`,
    );
  const planned: Planned[] = [];
  for (const [name, raw] of entries) {
    const source =
      raw.file === undefined
        ? { file: shipped(name, file.name), shipped: true }
        : { file: resolve(dirname(file.path), raw.file), shipped: false };
    const loaded = await openExperiment(experimentFile(source));
    loaded.dispose();
    const { name: own, unit } = loaded.experiment;
    if (own !== name)
      throw new BytesperError(
        "BAD_INPUT",
        `${file.name}: ${name} has the file ${raw.file ?? ""}, whose experiment is named "${own}"; call it that.`,
      );
    const budget = parseBudget(name, unit, raw, file.name);
    // A budget of growth compares two slopes. Both must come from the same populations.
    const isFullBase = committed.get(name)?.settings.quick === false;
    const grows = budget.limits.some(({ kind }) => kind === "growth");
    planned.push({ experiment: { name, source, quick: !full && !(grows && isFullBase) }, budget });
  }
  return only.length === 0 ? planned : planned.filter(({ budget }) => only.includes(budget.experiment));
}

function shipped(name: string, config: string): string {
  const names = shippedExperiments();
  if (names.includes(name)) return name;
  throw new BytesperError(
    "BAD_INPUT",
    `${config} has a budget for the unknown experiment "${name}"${suggestion(name, names) || `; those that ship are ${names.join(", ")}`}; for one of your own give its "file".`,
  );
}
