export { answerOf } from "./answer.js";
export type { GrowthAnswer } from "./answer.js";
export { runRounds } from "./rounds.js";
export type { RoundsData, RoundsOrder } from "./rounds.js";
export { measureGrowth } from "./run.js";
export { growthAnswer } from "./text.js";
