import { BytesperError } from "../../base/errors.js";

/** One process of the search, reduced to what the search needs. */
export interface Tried {
  target: number;
  lives: boolean;
  /** Instances that it had made for certain when it ended. */
  reached: number;
}

export interface Pair<R extends Tried> {
  /** The largest population that lived; absent where none did. */
  lives?: R;
  /** The smallest that died. */
  dies: R;
  runs: R[];
}

/**
 * The two populations of the answer are this far apart at most, as a share. Where a process ends moves by about 1 %
 * from run to run, since V8 also gives up by the time that collections take.
 */
const RESOLUTION = 0.04;
/** From the end of a process to the population that must live, and to the one that must die. */
const BELOW = 0.985;
const ABOVE = 1.02;

/** More processes than this mean that the ends contradict each other. */
const MOST_RUNS = 12;

/**
 * Searches the largest population that lives and the smallest that dies. A process that dies tells how far it came,
 * and that is where a smaller one would have died too. So the first process asks for more than the estimate, and one
 * on either side of its end confirm it.
 */
export async function searchPair<R extends Tried>(
  estimate: number,
  run: (target: number) => Promise<R>,
): Promise<Pair<R>> {
  const runs: R[] = [];
  let lives: R | undefined;
  let dies: R | undefined;
  const attempt = async (target: number): Promise<R> => {
    const tried = await run(target);
    runs.push(tried);
    if (tried.lives) {
      if (lives === undefined || tried.target > lives.target) lives = tried;
    } else if (dies === undefined || tried.target < dies.target) dies = tried;
    return tried;
  };
  for (let target = roundedUp(estimate * 1.1); runs.length < MOST_RUNS; target = roundedUp(target * 1.5))
    if (!(await attempt(Math.max(target, 2))).lives) break;
  if (dies === undefined)
    throw new BytesperError(
      "CELL_FAILED",
      `No population died: ${(lives?.target ?? 0).toLocaleString("en-US")} instances still live, many times the estimate of ${Math.round(estimate).toLocaleString("en-US")}.`,
    );
  while (runs.length < MOST_RUNS) {
    const next = nextTarget(lives?.target ?? 0, dies);
    if (next === undefined) break;
    await attempt(next);
  }
  return { ...(lives === undefined ? {} : { lives }), dies, runs };
}

/** The next population to try between the largest that lived and the smallest that died; undefined at the end. */
export function nextTarget(lives: number, dies: Tried): number | undefined {
  if (dies.target - lives <= Math.max(1, dies.target * RESOLUTION)) return undefined;
  const end = Math.min(dies.reached, dies.target);
  const below = roundedDown(end * BELOW);
  if (below > lives) return below;
  // The process may have come further than it told last.
  const above = roundedUp(Math.max(end * ABOVE, (lives * ABOVE) / BELOW));
  if (end > 0 && above < dies.target && above > lives) return above;
  const middle = Math.floor((lives + dies.target) / 2);
  return middle > lives ? middle : undefined;
}

/** Three digits: the next process would not repeat more. */
function roundedDown(count: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, count))) - 3);
  return Math.floor(count / unit) * unit;
}

function roundedUp(count: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, count))) - 3);
  return Math.ceil(count / unit) * unit;
}
