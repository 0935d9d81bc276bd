import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { BytesperError } from "../../errors.js";
import type { Result } from "../../report/schema.js";
import { journalOf } from "../journal/journal.js";
import { readJournal } from "../journal/read.js";
import { writeResult } from "../results-folder.js";
import { writeIndex } from "../results-index.js";
import { deriveResult } from "./results.js";
import type { RunEvents } from "./run.js";
import { stateOf } from "./state.js";

/** Derives every result of a run from its journal alone and writes it. */
export function rebuild(
  run: string,
  to: string | undefined,
  events: Pick<RunEvents, "finished" | "notice">,
): { results: Result[]; out: string } {
  const { path, out: own } = journalOf(run);
  const { records, torn } = readJournal(path);
  if (torn.length > 0) events.notice("The end of the journal is torn; what was cut off is left out.");
  const state = stateOf(records);
  if (state === undefined)
    throw new BytesperError(
      "BAD_JOURNAL",
      `${path} holds no complete record; nothing was started, run it anew.`,
    );
  const out = to === undefined ? own : resolve(to);
  const hash = createHash("sha256").update(readFileSync(path)).digest("hex");
  const results = [...state.experiments.keys()].flatMap((name) => {
    const { result } = deriveResult(state, name, `runs/${basename(path)}`);
    return result === undefined ? [] : [{ ...result, journalSha256: hash }];
  });
  for (const result of results) events.finished(result, writeResult(out, result));
  if (results.length > 0) for (const problem of writeIndex(out)) events.notice(problem);
  return { results, out };
}
