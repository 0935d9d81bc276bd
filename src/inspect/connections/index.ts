export type { Protocol } from "./client/detect.js";
export { measureConnections } from "./run.js";
export { connectionsAnswer } from "./text.js";
