import { answerFrom } from "../../analysis/answer.js";
import { sentence } from "../../base/sentence.js";
import type { Experiment } from "../../experiment/define.js";
import { readExperiment } from "../../experiment/load.js";
import type { Result } from "../../record/schema.js";
import type { RunRequest } from "./request.js";
import { experimentFile } from "./shipped.js";

/** What an experiment file says about showing its result. It changes no number, so it needs no new measurement. */
export type Shown = Pick<Experiment, "answer" | "figures"> | { absent: string } | "as recorded";

export function shownOf({ answer, figures }: Experiment): Shown {
  return { ...(answer === undefined ? {} : { answer }), ...(figures === undefined ? {} : { figures }) };
}

/**
 * The same for each shipped experiment of a run that ended, from the files as they are now. A user's file that a journal
 * names is not loaded: the journal may come from elsewhere, and loading a file runs it.
 */
export async function shownByFile({ experiments }: RunRequest): Promise<(name: string) => Shown> {
  const read = new Map<string, Shown>();
  const problems: string[] = [];
  const shipped = experiments.filter((requested) => requested.shipped);
  for (const requested of shipped) {
    try {
      const experiment = await readExperiment(experimentFile(requested));
      read.set(experiment.name, shownOf(experiment));
    } catch (error) {
      problems.push(sentence(error));
    }
  }
  const unknown: Shown =
    shipped.length < experiments.length
      ? "as recorded"
      : { absent: problems.join("; ") || "no experiment file names it" };
  return (name) => read.get(name) ?? unknown;
}

/** Adds the answer and the figures of the experiment's file. Without the file, the figures are those of the journal. */
export function addShown(result: Result, shown: Shown, recorded: Result["figures"]): void {
  if (shown === "as recorded" || "absent" in shown) {
    if (shown !== "as recorded") result.answer = { absent: shown.absent };
    if (recorded !== undefined) result.figures = structuredClone(recorded);
    return;
  }
  const { answer, figures } = shown;
  if (answer !== undefined) result.answer = answerFrom(result, answer);
  if (figures === undefined) return;
  result.figures = figures.map(({ finding, ...spec }) => {
    const found = finding === undefined ? spec.title : answerFrom(result, finding);
    const title = typeof found === "string" ? found : spec.title;
    return structuredClone({ ...spec, title }) as unknown as NonNullable<Result["figures"]>[number];
  });
}
