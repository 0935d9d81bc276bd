let last: Promise<unknown> = Promise.resolve();

/**
 * Runs one measurement at a time in this process, since each already runs as many processes as there are
 * cores.
 */
export function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const own = last.then(work);
  last = own.catch(() => undefined);
  return own;
}
