import type { Moment } from "./moments.js";
import { decodeMoment, prefillMoment } from "./moments.js";
import type { Setting } from "./setting.js";
import type { ModelShape } from "./shape.js";

/** A search stops here: no device could hold more. */
const MOST = 2 ** 40;

/**
 * The longest prompts of `setting.batch` sequences that fit, including generation after them; 0 if even one
 * token does not fit.
 */
export function largestPrompt(model: ModelShape, setting: Setting, capacityBytes: number): number {
  return largest((tokens) => needed(model, { ...setting, tokens }) <= capacityBytes);
}

/**
 * Number of sessions of `setting.tokens` tokens that fit: prompts are read one at a time, then all generate
 * together.
 */
export function mostSessions(model: ModelShape, setting: Setting, capacityBytes: number): number {
  const alone = { ...setting, batch: 1 };
  return largest(
    (sessions) =>
      prefillMoment(model, alone, sessions).bytes <= capacityBytes &&
      decodeMoment(model, alone, sessions).bytes <= capacityBytes,
  );
}

/**
 * The term that grew most up to the first prompt that does not fit. If even one token does not fit, the
 * largest term.
 */
export function wallAt(model: ModelShape, setting: Setting, maxTokens: number): string {
  const beyond = momentAt(model, { ...setting, tokens: maxTokens + 1 });
  const first = maxTokens === 0 ? [] : momentAt(model, { ...setting, tokens: 1 }).terms;
  const growth = (term: { name: string; bytes: number }): number =>
    term.bytes - (first.find(({ name }) => name === term.name)?.bytes ?? 0);
  const live = beyond.terms.filter(({ name, phase }) => beyond.at(phase) && name !== "allocator rounding");
  return live.reduce((wall, term) => (growth(term) > growth(wall) ? term : wall)).name;
}

function momentAt(model: ModelShape, setting: Setting): Moment {
  const prefill = prefillMoment(model, setting, setting.batch);
  const decode = decodeMoment(model, setting, setting.batch);
  return decode.bytes > prefill.bytes ? decode : prefill;
}

function needed(model: ModelShape, setting: Setting): number {
  return momentAt(model, setting).bytes;
}

/** The largest count that fits. Assumes that a larger count never fits if a smaller one does not. */
function largest(fits: (count: number) => boolean): number {
  if (!fits(1)) return 0;
  let low = 1;
  let high = 2;
  while (high < MOST && fits(high)) {
    low = high;
    high *= 2;
  }
  if (high >= MOST && fits(MOST)) return MOST;
  while (high - low > 1) {
    const middle = low + Math.floor((high - low) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}
