export type { SnapshotAnswer } from "./snapshot/answer.js";
export { inspectSnapshots, snapshotAnswer } from "./snapshot/index.js";
