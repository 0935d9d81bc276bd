import type { ExperimentKind } from "../record/kind.js";

/** What the pages of each kind of experiment say and show. */
interface KindPage {
  /** How the cells were run and read, as a sentence or more. */
  how: string;
  /** Whether the measured code runs under our settings of V8's compilers. A command runs its own Node or none. */
  hasOurFlags: boolean;
  /** Whether cells hold populations, and so have a line, a null control, a snapshot and an answer in bytes per unit. */
  hasPopulations: boolean;
}

export const KIND_PAGES: Record<ExperimentKind, KindPage> = {
  population: {
    how: "Each cell ran in a fresh process. After a warm-up the heap was read at each population, garbage being collected until two readings agreed.",
    hasOurFlags: true,
    hasPopulations: true,
  },
  program: {
    how: "Each row is a program in a fresh process, one at a time; pools on the device have a cap.",
    hasOurFlags: true,
    hasPopulations: false,
  },
  command: {
    how: "Each row is a command in a process tree of its own, read from outside by the kernel's counters and by what it printed.",
    hasOurFlags: false,
    hasPopulations: false,
  },
};
