import type { Experiment, Factors } from "../experiment/define.js";
import { gridOf } from "../experiment/grid.js";
import type { ProgramContextData } from "../measure/program.js";
import type { SubjectReference } from "../experiment/subject.js";
import type { PlannedCell } from "./plan.js";
import { describe, pointsOf } from "./plan.js";
import { numberSeedOf } from "./seeds.js";

/** A table of a program experiment: the main table if `part` is undefined, else that of a follow-up. */
export interface ProgramPart {
  part: string | undefined;
  program: SubjectReference;
  grid: Factors[];
}

/** The parts of an experiment whose cells are programs. `programs` are the prepared programs. */
export function programParts(
  experiment: Experiment,
  programs: ReadonlyMap<string, SubjectReference>,
  quick: boolean,
): ProgramPart[] {
  const partOf = (
    part: string | undefined,
    { program, factors, quick: smaller }: Pick<Experiment, "program" | "factors" | "quick">,
  ): ProgramPart[] => {
    const reference = program === undefined ? undefined : programs.get(program);
    if (reference === undefined) return [];
    const grid =
      part === undefined ? pointsOf(experiment, quick) : gridOf({ ...factors, ...(quick ? smaller : {}) });
    return [{ part, program: reference, grid }];
  };
  return [
    ...partOf(undefined, experiment),
    ...(experiment.followUps ?? []).flatMap((followUp) => partOf(followUp.name, followUp)),
  ];
}

/**
 * One cell for each point and trial, in the order of the grid. Small cells come first, so that the user soon
 * sees results.
 */
export function planPrograms(
  experiment: Experiment,
  parts: readonly ProgramPart[],
  context: Omit<ProgramContextData, "factors">,
  trials: number,
): PlannedCell[] {
  const { seeds } = experiment;
  return Array.from({ length: trials }, (_, trial) =>
    parts.flatMap(({ part, program, grid }) =>
      grid.map((factors): PlannedCell => {
        const seed = numberSeedOf(factors, context.seed, trial, seeds);
        return {
          role: "program",
          ...(part === undefined ? {} : { part }),
          label: [
            experiment.name,
            part,
            describe(factors, part === undefined ? experiment : {}),
            `trial ${trial + 1}`,
          ]
            .filter(Boolean)
            .join(" "),
          factors,
          trial,
          seed,
          instances: 1,
          work: { kind: "program", program: { program, context: { ...context, seed, factors } } },
        };
      }),
    ),
  ).flat();
}
