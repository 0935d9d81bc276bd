import type { HeldSpec, WeighSpec } from "../../measure/held.js";

/** What a process of the search reads from its stdin. */
export type HeldOrder =
  { kind: "hold"; spec: HeldSpec } | { kind: "weigh"; spec: WeighSpec } | { kind: "limits" };
