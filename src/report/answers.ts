import { wrapped } from "../base/wrap.js";
import { visible } from "../base/table/visible.js";
import type { Result } from "../record/schema.js";
import { doubtNames, shortAnswer } from "./answer.js";
import { inOrder } from "./order.js";

/** How a run of several experiments ends: the short answer of each, with the names of its doubts. */
export function answersText(results: readonly Result[], width: number): string {
  const lines = inOrder(results).map((result) => {
    const names = doubtNames(result);
    const doubts =
      names.length === 0 ? "" : ` (${names.length === 1 ? "doubt" : "doubts"}: ${names.join(", ")})`;
    return wrapped(visible(`${result.experiment}: ${shortAnswer(result)}${doubts}`), width, "  ", "");
  });
  return ["Answers", ...lines].join("\n");
}
