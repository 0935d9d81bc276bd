export { inspectSnapshots } from "./inspect.js";
export { snapshotAnswer } from "./text.js";
export { writeTreemap } from "./page.js";
