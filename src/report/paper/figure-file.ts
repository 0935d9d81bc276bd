import { existsSync, readdirSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { suggestion } from "../../base/nearest-name.js";
import { MarkerError } from "./problem.js";

const FOLDER = "figures";

/**
 * Path of a figure relative to the folder of its paper, with the first extension that exists. Throws
 * `MarkerError` if none exists.
 */
export function figurePath(
  results: string,
  experiment: string,
  name: string,
  endings: readonly string[],
  paperFolder: string,
): string {
  const folder = join(results, experiment, FOLDER);
  const ending = endings.find((each) => existsSync(join(folder, `${name}${each}`)));
  if (ending === undefined || name === "" || /[/\\]/.test(name))
    throw missing(folder, experiment, name, endings);
  return relative(paperFolder, join(folder, `${name}${ending}`))
    .split(sep)
    .join("/");
}

function missing(folder: string, experiment: string, name: string, endings: readonly string[]): MarkerError {
  const files = existsSync(folder) ? readdirSync(folder) : [];
  const names = [...new Set(files.map((file) => file.replace(/\..*$/, "")))].sort();
  const there = names.includes(name)
    ? `, but there is ${files.filter((file) => file.startsWith(`${name}.`)).join(", ")}`
    : suggestion(name, names) || (names.length === 0 ? "" : `; there is ${names.join(", ")}`);
  const how = names.length === 0 ? '; draw its figures with "bytesper report"' : "";
  return new MarkerError(
    `${experiment} has no figure ${name} as ${endings.join(" or ")} in ${folder}${there}${how}.`,
  );
}
