/** The threshold that the experiment examines. */
export const LOW = 0.1;

/** Length and number of the streams of each table. */
export const FULL = {
  steps: 2000,
  longSteps: 6000,
  sweepSeeds: 3,
  gateSeeds: 3,
  predictionSeeds: 8,
  streamSeeds: 5,
};
export const QUICK = {
  steps: 600,
  longSteps: 600,
  sweepSeeds: 1,
  gateSeeds: 1,
  predictionSeeds: 2,
  streamSeeds: 1,
};
