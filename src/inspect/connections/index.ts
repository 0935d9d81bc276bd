export type { Protocol } from "./client/detect.js";
export { measureConnections } from "./run.js";
export { connectionsText } from "./text.js";
