export type { Certificate } from "./certify.js";
export { certify } from "./certify.js";
export { heapLimitMiB } from "./heap-limit.js";
export type { HostMemory } from "../../system/host.js";
export { freeDiskBytes, readHostMemory } from "../../system/host.js";
export { chooseEnforcement, ladder } from "./ladder.js";
export { removeStaleGroups } from "./stale-groups.js";
export type { CellLimit, CellLimitOptions, Enforcement, LimitEvidence, Rung } from "./types.js";
