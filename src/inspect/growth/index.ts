export { measureGrowth } from "./run.js";
export { growthText } from "./text.js";
