export type { GrowthAnswer } from "./answer.js";
export { measureGrowth } from "./run.js";
export { growthText } from "./text.js";
