export { measureGrowth } from "./run.js";
export { growthAnswer } from "./text.js";
