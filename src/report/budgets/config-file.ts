import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, extname, join, relative, resolve } from "node:path";
import { BytesperError } from "../../base/errors.js";
import { importable } from "../../experiment/compile.js";
import { importModule } from "../../experiment/import-module.js";
import { sentence } from "../../base/sentence.js";

export interface ConfigFile {
  /** Path for messages: relative to the working directory if the file lies in it. */
  name: string;
  path: string;
  text: string;
  config: unknown;
}

const NAMES = ["ts", "js", "mjs", "json"].map((ending) => `bytesper.config.${ending}`);

/**
 * Reads the config of budgets: the given file, or the nearest one from `folder` upwards. Throws `BAD_INPUT`,
 * also if the config is a module that throws.
 */
export async function readConfig(given: string | undefined, folder: string): Promise<ConfigFile> {
  const path = given === undefined ? found(folder) : resolve(folder, given);
  const shown = relative(folder, path);
  const name = shown.startsWith("..") ? path : shown;
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true)
    throw new BytesperError("BAD_INPUT", `${name} is no file; give the config of budgets with --config.`);
  const text = readFileSync(path, "utf8");
  if (extname(path) === ".json") {
    try {
      return { name, path, text, config: JSON.parse(text) as unknown };
    } catch (error) {
      throw new BytesperError("BAD_INPUT", `${name} is not JSON: ${sentence(error)}.`, { cause: error });
    }
  }
  const module = await importable(path);
  try {
    const { default: config } = (await importModule(module.url)) as { default?: unknown };
    if (config === undefined)
      throw new BytesperError("BAD_INPUT", `${name} has no default export; export an object of budgets.`);
    return { name, path, text, config };
  } catch (error) {
    if (error instanceof BytesperError) throw error;
    throw new BytesperError("BAD_INPUT", `${name} cannot be loaded: ${sentence(error)}.`, { cause: error });
  } finally {
    module.dispose();
  }
}

function found(folder: string): string {
  for (let place = resolve(folder); ; place = dirname(place)) {
    const name = NAMES.find((each) => existsSync(join(place, each)));
    if (name !== undefined) return join(place, name);
    if (dirname(place) === place)
      throw new BytesperError(
        "BAD_INPUT",
        `There is no ${NAMES.join(", ")} in ${folder} or above; write one such as { "session-scaling": { "perSession": "8 kB" } }, or give --config.`,
      );
  }
}

/** The line of a key in its experiment, counted from 1; 1 if it is not found. */
export function lineOf(text: string, experiment: string, key: string): number {
  const word = (name: string): RegExp =>
    new RegExp(`(^|[^\\w-])["']?${name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}["']?\\s*:`, "m");
  const start = text.search(word(experiment));
  if (start === -1) return 1;
  const rest = text.slice(start);
  const at = rest.search(word(key));
  const end = start + (at === -1 ? 0 : at + 1);
  return text.slice(0, end).split("\n").length;
}
