export { inspectSnapshots } from "./inspect.js";
export { snapshotText } from "./text.js";
export { writeTreemap } from "./page.js";
