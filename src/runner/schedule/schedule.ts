import type { SchedulerOptions } from "./scheduler.js";
import { Scheduler } from "./scheduler.js";
import type { ReadyCell, WorkSource } from "./work-source.js";

/** Interval at which the host is read and the records of cells are collected, ms. */
const POLL_MS = 250;

/** Runs all cells of a source, with a look at the host in regular intervals. */
export async function schedule<C extends ReadyCell>(
  source: WorkSource<C>,
  options: SchedulerOptions<C>,
): Promise<void> {
  const scheduler = new Scheduler(source, options);
  let looking = Promise.resolve();
  const timer = setInterval(() => {
    looking = looking.then(() => scheduler.look());
  }, POLL_MS);
  try {
    await scheduler.run();
  } finally {
    clearInterval(timer);
    await looking;
  }
}
