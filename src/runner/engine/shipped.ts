import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BytesperError } from "../../base/errors.js";
import type { RunRequest } from "./request.js";

const EXPERIMENTS = fileURLToPath(new URL("../../../experiments/", import.meta.url));
const SUFFIX = /\.experiment\.[cm]?[jt]s$/;

/** Names of the experiments that bytesper ships and `profile` runs. */
export function shippedExperiments(): string[] {
  return readdirSync(EXPERIMENTS)
    .filter((file) => SUFFIX.test(file))
    .map((file) => file.replace(SUFFIX, ""))
    .sort();
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
    `There is no experiment "${file}"; the experiments are ${shippedExperiments().join(", ")}.`,
  );
}
