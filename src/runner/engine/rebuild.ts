import { basename, resolve } from "node:path";
import { BytesperError } from "../../base/errors.js";
import type { Result } from "../../record/schema.js";
import { journalOf } from "../journal/journal.js";
import { readJournal } from "../journal/read.js";
import { drawFigures } from "../figures.js";
import { writeResult } from "../results-folder.js";
import { requireExperimentFolders, requireResultsFolder } from "../results-mark.js";
import { writeIndex } from "../results-index.js";
import { deriveResult } from "./results.js";
import { writeRollback } from "./rollback.js";
import type { RunEvents } from "./run.js";
import { shownByFile } from "./shown.js";
import { stateOf } from "./state.js";

/** Computes every result of a run from its journal alone, and writes it. */
export async function rebuild(
  run: string,
  { to, replace }: { to: string | undefined; replace: boolean },
  events: Pick<RunEvents, "finished" | "notice">,
): Promise<{ results: Result[]; out: string }> {
  const { path, out: own } = journalOf(run);
  const { records, torn, sha256 } = readJournal(path, undefined, "counted");
  if (torn.length > 0) events.notice("The end of the journal is torn; what was cut off is left out.");
  const state = stateOf(records);
  if (state === undefined)
    throw new BytesperError(
      "BAD_JOURNAL",
      `${path} holds no complete record; nothing was started, run it anew.`,
    );
  const out = to === undefined ? own : resolve(to);
  requireResultsFolder(to ?? own);
  requireExperimentFolders(out, [...state.experiments.keys()]);
  const shown = await shownByFile(state.run.request);
  const results = [...state.experiments.keys()].flatMap((name) => {
    const { result } = deriveResult(state, name, `runs/${basename(path)}`, shown(name));
    return result === undefined ? [] : [{ ...result, journalSha256: sha256 }];
  });
  const told = new Set<string>();
  for (const result of results) {
    const drawings = await drawFigures(result);
    for (const problem of drawings.problems) {
      if (!told.has(problem)) events.notice(problem);
      told.add(problem);
    }
    const folder = writeResult(out, result, drawings, replace || state.run.request.replace);
    writeRollback(folder, result);
    events.finished(result, folder);
  }
  if (results.length > 0) for (const problem of writeIndex(out)) events.notice(problem);
  return { results, out };
}
