import { BytesperError } from "../base/errors.js";
import type { Result } from "../record/schema.js";
import type { CommonOptions } from "./common-options.js";
import { commonSettings } from "./common-options.js";
import { MEASURE_DEFAULTS } from "./defaults.js";
import { measure } from "./measure.js";
import type { Message } from "./message.js";
import { progressMessage } from "./message.js";
import { pathOf, requireWhole } from "./option-checks.js";

/** Settings of {@link measure}. Each one that is absent has the value that the command line gives it. */
export interface MeasureOptions extends CommonOptions {
  /** Instances of the largest population; chosen by a pilot by default. */
  instances?: number;
  /** Whether a heap snapshot checks the number and breaks it down; true by default. */
  snapshot?: boolean;
  /**
   * Whether memory that the instances refer to and that was there before is divided among them and counted; false by
   * default. Needs the snapshot.
   */
  countShared?: boolean;
  /** Ends the measurement: the promise is then rejected with the code `INTERRUPTED`. */
  signal?: AbortSignal;
  /** Told how far the measurement is. Nothing is printed. */
  onMessage?: (message: Message) => void;
}

/** Bytes per instance of a module's subject, with the defaults of the command line. */
export async function measureSubject(subject: string | URL, options: MeasureOptions = {}): Promise<Result> {
  const text = subjectText(subject);
  const { instances, snapshot = true, countShared = false, signal, onMessage } = options;
  requireWhole("instances", instances, 2);
  if (countShared && !snapshot)
    throw new BytesperError(
      "USAGE",
      "What instances share is found in the heap snapshot; ask for both, or leave --count-shared out.",
    );
  return measure(text, {
    ...commonSettings(options, MEASURE_DEFAULTS),
    snapshot,
    countShared,
    progress: (finished, total, label, left) => onMessage?.(progressMessage(finished, total, label, left)),
    ...(instances === undefined ? {} : { instances }),
    ...(signal === undefined ? {} : { signal }),
  });
}

/** A fresh process can import a file; it cannot be given a value of this one. */
function subjectText(subject: unknown): string {
  if (typeof subject === "string" || subject instanceof URL) return pathOf(subject);
  const what = typeof subject === "function" ? subject.name || "an unnamed function" : typeof subject;
  throw new BytesperError(
    "BAD_SUBJECT",
    `measure was given ${what} itself, which a fresh process cannot be handed; export it from a module and give the path of that file, such as "./session.mjs#Session".`,
  );
}
