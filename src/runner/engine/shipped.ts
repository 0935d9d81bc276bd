import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BytesperError } from "../../base/errors.js";
import { suggestion } from "../../base/nearest-name.js";
import { inOrder } from "../../report/order.js";
import type { RunRequest } from "./request.js";

const EXPERIMENTS = fileURLToPath(new URL("../../../experiments/", import.meta.url));
const SUFFIX = /\.experiment\.[cm]?[jt]s$/;

/** Names of the experiments that bytesper ships and `profile` runs, in the order in which people ask. */
export function shippedExperiments(): string[] {
  const names = readdirSync(EXPERIMENTS)
    .filter((file) => SUFFIX.test(file))
    .map((file) => file.replace(SUFFIX, ""))
    .sort();
  return inOrder(names.map((experiment) => ({ experiment }))).map(({ experiment }) => experiment);
}

/**
 * Durations of the cells of shipped experiments on one machine of four cores, by their place in the grid, ms. None where
 * the file is missing, which costs a run only its first guess of the time left.
 */
export function shippedDurations(quick: boolean): ReadonlyMap<string, number> {
  const file = join(EXPERIMENTS, "durations.json");
  if (!existsSync(file)) return new Map();
  const text = readFileSync(file, "utf8");
  const document = JSON.parse(text) as Record<"full" | "quick", Record<string, number>>;
  return new Map(Object.entries(quick ? document.quick : document.full));
}

/** File of an experiment. Throws `UNKNOWN_EXPERIMENT` if no shipped experiment has the name. */
export function experimentFile({ file, shipped }: RunRequest["experiments"][number]): string {
  if (!shipped) return file;
  const found = readdirSync(EXPERIMENTS).find(
    (entry) => SUFFIX.test(entry) && entry.replace(SUFFIX, "") === file,
  );
  if (found !== undefined) return join(EXPERIMENTS, found);
  throw new BytesperError(
    "UNKNOWN_EXPERIMENT",
    `There is no experiment "${file}"${suggestion(file, shippedExperiments())}; the experiments are ${shippedExperiments().join(", ")}.`,
  );
}
