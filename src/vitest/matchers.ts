import type { MatcherState } from "vitest";
import { BytesperError } from "../base/errors.js";
import type { Interval } from "../base/stats/interval.js";
import type { GrowthAnswer } from "../inspect/growth/index.js";
import { isAbsent } from "../system/probe/reading.js";
import type { Result, ResultFit } from "../record/schema.js";
import { totalOf } from "../record/total.js";
import { detectableBytes } from "../report/detectable.js";
import type { Amount } from "./amount.js";
import { bytesOf } from "./amount.js";
import type { CurrentTest } from "./current-test.js";
import { callSite } from "./call-site.js";
import { currentTest } from "./current-test.js";
import { Measurement } from "./measurement.js";
import { requireMeasurable } from "./measurable.js";
import { measureHere } from "./measuring-side.js";
import { breakdownLines, bytes, doubtLines, intervalLines, leakLines, reproductionLine } from "./message.js";
import { orderOfThisProcess } from "./order.js";
import { inTurn } from "./turn.js";
import { ModuleSubject } from "./subject.js";
import type { Verdict } from "./verdict.js";
import { atMost, within } from "./verdict.js";

export interface RetainOptions {
  /** Allowed difference from the expected bytes, up or down. */
  tolerance?: Amount;
}

interface Answer {
  pass: boolean;
  message: () => string;
}

export function toRetainAtMost(this: MatcherState, received: unknown, limit: Amount): Promise<Answer> {
  return judged(this, received, () => {
    const most = bytesOf(limit, "The limit of toRetainAtMost");
    return (measurement, test) =>
      judgeBytes(this, received, measurement, test, {
        verdict: (result, fit) => atMost(costOf(fit), most, detectableBytes(result, "totalPerUnitBytes")),
        promise: `at most ${bytes(most)}`,
        difference: (value) => value - most,
      });
  });
}

export function toRetain(
  this: MatcherState,
  received: unknown,
  expected: Amount,
  { tolerance = 0 }: RetainOptions = {},
): Promise<Answer> {
  return judged(this, received, () => {
    const exact = bytesOf(expected, "The size of toRetain");
    const room = bytesOf(tolerance, "The tolerance of toRetain");
    return (measurement, test) =>
      judgeBytes(this, received, measurement, test, {
        verdict: (result, fit) =>
          within(costOf(fit), exact, room, detectableBytes(result, "totalPerUnitBytes")),
        promise: `${bytes(exact)}${room === 0 ? "" : `, give or take ${bytes(room)}`}`,
        difference: (value) => value - exact,
      });
  });
}

export function toReleaseEverything(this: MatcherState, received: unknown): Promise<Answer> {
  return judged(
    this,
    received,
    () => {
      if (received instanceof ModuleSubject) {
        throw new BytesperError(
          "USAGE",
          "toReleaseEverything takes a function or { create, release } and no subject(); import the class in the test and hand over () => new Session().",
        );
      }
      return async (measurement, test) => {
        const grown = await measurement.growth();
        requireSettled(grown.doubts);
        const pass = grown.verdict !== "grows";
        if (pass !== isNot(this)) return { pass, message: () => "" };
        const made = `after ${grown.calls.toLocaleString("en-US")} instances were made and dropped in each of ${grown.trials} fresh processes`;
        const detectable = `Minimum detectable: ${grown.minimumDetectableBytes.toPrecision(2)} B per instance`;
        const left = leftOf(grown);
        const parts = pass
          ? [`Nothing stays ${made}, and something was expected to.`, detectable]
          : [
              `${bytes(left.value)} of each instance stay ${made}; everything should be released.`,
              `Interval:           ${bytes(left.low)} to ${bytes(left.high)} over the processes, growth of ${left.of}\n${detectable}`,
              ...leakLines(await measurement.leak(grown.calls)),
            ];
        return { pass, message: () => [...parts, reproductionLine(test, undefined)].join("\n\n") };
      };
    },
    true,
  );
}

type Judge = (measurement: Measurement, test: CurrentTest) => Promise<Answer>;

/**
 * In a process that was started to measure: measures, or lets the test continue to the matcher that was
 * ordered. In any other process: judges.
 */
async function judged(
  state: MatcherState,
  received: unknown,
  prepare: () => Judge,
  anew = false,
): Promise<Answer> {
  const call = callSite();
  try {
    const test = currentTest(state);
    const order = orderOfThisProcess();
    if (order !== undefined) {
      // This is another matcher, before the one that was ordered. The test passed it before, so it succeeds
      // here too.
      if (order.test !== test.id || order.call !== test.call)
        return { pass: !isNot(state), message: () => "not measured in this run" };
      const measuring = measureHere(received, order);
      test.track(measuring);
      return await measuring;
    }
    const judge = prepare();
    requireMeasurable(received, state);
    const answer = inTurn(() => judge(new Measurement(received, test, anew), test)).catch(
      (error: unknown) => {
        throw call.of(error);
      },
    );
    test.track(
      answer.then(({ pass, message }) => {
        if (pass === isNot(state)) throw call.of(new BytesperError("CELL_FAILED", message()));
      }),
    );
    return await answer;
  } catch (error) {
    throw call.of(error);
  }
}

interface Judgement {
  verdict: (result: Result, fit: ResultFit) => Verdict;
  promise: string;
  difference: (value: number) => number;
}

async function judgeBytes(
  state: MatcherState,
  received: unknown,
  measurement: Measurement,
  test: CurrentTest,
  { verdict, promise, difference }: Judgement,
): Promise<Answer> {
  const first = await measurement.result(false);
  if (first.unit === "call")
    throw new BytesperError(
      "BAD_SUBJECT",
      "The factory returned nothing, so there is no instance to weigh; return it, or ask toReleaseEverything what the calls leave behind.",
    );
  const found = verdict(first, requireFit(first));
  // An undecided verdict never passes, with or without `.not`.
  const pass = found === "undecided" ? isNot(state) : found === "kept";
  if (pass !== isNot(state)) return { pass, message: () => "" };
  const result = await measurement.result(true).catch(() => first);
  const fit = requireFit(result);
  const { value } = costOf(fit);
  const off = difference(value);
  const against = off === 0 ? "exactly that" : `${bytes(Math.abs(off))} ${off > 0 ? "more" : "less"}`;
  const head =
    found === "undecided"
      ? `One instance retains ${bytes(value)}, but whether that is ${promise} cannot be told: the interval lies on both sides.`
      : isNot(state)
        ? `One instance retains ${bytes(value)}, and it should not be ${promise}.`
        : `One instance retains ${bytes(value)}; expected is ${promise} (${against}).`;
  const doubts = doubtLines(result);
  return {
    pass,
    message: () =>
      [
        head,
        intervalLines(result, fit).join("\n"),
        ...breakdownLines(result),
        ...(doubts.length === 0 ? [] : [doubts.join("\n")]),
        reproductionLine(test, textOf(received, test)),
      ].join("\n\n"),
  };
}

/** Throws if there is no number: it is neither small nor large. */
function requireFit(result: Result): ResultFit {
  const { fit } = result;
  if (isAbsent(fit))
    throw new BytesperError("CELL_FAILED", `There are no bytes per instance to judge: ${fit.absent}.`);
  requireSettled(result.warnings);
  return fit;
}

function requireSettled(doubts: readonly { name: string; message: string }[]): void {
  const unsettled = doubts.find(({ name }) => name === "not-settled");
  if (unsettled !== undefined)
    throw new BytesperError(
      "CELL_FAILED",
      `The readings cannot be judged: ${unsettled.message.replace(/\.?$/, ".")} Let the factory start nothing that goes on by itself.`,
    );
}

/** The memory that grows: V8's, or else what V8 does not know of. */
function leftOf(grown: GrowthAnswer): Interval & { of: string } {
  const { retainedVerdict, retainedPerCallBytes, nativePerCallBytes, kernelPerCallBytes } = grown;
  if (retainedVerdict === "grows") return { ...retainedPerCallBytes, of: "heap and external memory" };
  if (!isAbsent(nativePerCallBytes) && nativePerCallBytes.value > 0)
    return { ...nativePerCallBytes, of: "native memory" };
  return isAbsent(kernelPerCallBytes)
    ? { ...retainedPerCallBytes, of: "heap and external memory" }
    : { ...kernelPerCallBytes, of: "pages of the kernel" };
}

/** What one instance costs the process. Throws if native memory was not measured. */
function costOf(fit: ResultFit): ResultFit["perUnitBytes"] {
  const total = totalOf(fit);
  if (isAbsent(total))
    throw new BytesperError(
      "CELL_FAILED",
      `What one instance retains in all is not known, so it cannot be judged: ${total.absent}.`,
    );
  return total;
}

function textOf(received: unknown, test: CurrentTest): string | undefined {
  return received instanceof ModuleSubject ? received.from(test.file) : undefined;
}

/** `isNot` is missing without `.not`, although its type says otherwise. */
function isNot(state: { isNot?: boolean }): boolean {
  return state.isNot ?? false;
}
