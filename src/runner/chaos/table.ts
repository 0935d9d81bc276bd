import type { Table } from "../../base/table/table.js";
import type { ChaosReport, Fault } from "./chaos.js";
import { inWords } from "./compare.js";

const FAULTS: Record<Fault, string> = {
  killed: "runner killed (SIGKILL), resumed",
  torn: "runner killed, journal torn, resumed",
  "full-disk": "disk full (file-size limit), resumed",
};

/** Most differences that the table lists. The rest is only counted. */
const MOST_NAMED = 3;

/** Builds the table that shows, for each fault, whether the results changed. */
export function chaosTable({ faults, leftOut, compared, undisturbedRuns, folder }: ChaosReport): Table {
  return {
    caption: "Tables under faults",
    columns: [
      { title: "fault", align: "left" },
      { title: "times", align: "right" },
      { title: "tables agree", align: "left" },
      { title: "what differs", align: "left" },
    ],
    rows: faults.map(({ fault, times, differences, failures }) => {
      const words = [...failures, ...differences.map(inWords)];
      const more = words.length > MOST_NAMED ? [`and ${words.length - MOST_NAMED} more`] : [];
      const what = words.length === 0 ? "nothing" : [...words.slice(0, MOST_NAMED), ...more].join("; ");
      return [FAULTS[fault], String(times), words.length === 0 ? "yes" : "no", what];
    }),
    notes: [
      `${compared} values of the results are compared with those of an undisturbed run.`,
      leftOut.length === 0
        ? "Nothing was left out."
        : `Left out, because the clock or the kernel gives them or ${undisturbedRuns} undisturbed runs differ in them: ${leftOut.join(", ")}.`,
      ...(folder === undefined ? [] : [`The runs are kept in ${folder}.`]),
    ],
  };
}
