import { executeCell } from "../cell/execute.js";
import type { Enforcement } from "../limits/index.js";
import type { Executor } from "./executor.js";

export function localExecutor(enforcement: Enforcement, slots: number): Executor {
  return {
    name: "local",
    slots,
    here: true,
    submit: (jobs, eventsOf) =>
      Promise.resolve(jobs.map((job) => executeCell(job, enforcement, eventsOf(job)))),
    close: () => Promise.resolve(),
  };
}
