/** The statistics of bytesper, for programs of experiments and for scripts. */
export { median } from "./median.js";
export { mean, standardDeviation, sum } from "./moments.js";
export type { MeanInterval, RunStatistics } from "./repeated.js";
export { describeRuns } from "./repeated.js";
export type { Line, Point } from "./theil-sen.js";
export { theilSen } from "./theil-sen.js";
