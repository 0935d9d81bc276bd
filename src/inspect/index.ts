export type { SnapshotAnswer } from "./snapshot/answer.js";
export { inspectSnapshots, snapshotText } from "./snapshot/index.js";
