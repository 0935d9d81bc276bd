import { z } from "zod";
import { BOUND_KINDS } from "../experiment/rollout/plan.js";
import { STAGE_VERDICTS } from "../experiment/rollout/verdict.js";

const level = z.union([z.boolean(), z.number(), z.string()]);
const flags = z.record(z.string(), level);

/** One bound on a reading, with its measured value. Numbers are in the unit of the reading's name. */
const check = z.object({
  reading: z.string(),
  kind: z.enum(BOUND_KINDS),
  limit: z.number(),
  /** The limit. */
  boundary: z.number().optional(),
  /** The worst value of the trials. */
  value: z.number().optional(),
  met: z.boolean(),
  why: z.string().optional(),
});

/** A rollout as `src/experiment/rollout` judges it. */
export const rollout = z.object({
  stages: z.array(
    z.object({
      name: z.string(),
      flags,
      changed: z.array(z.string()),
      previous: z.string().optional(),
      bounds: z.array(check.pick({ reading: true, kind: true, limit: true })),
      fallback: z.boolean(),
      verdict: z.enum(STAGE_VERDICTS),
      failure: z.string().optional(),
      checks: z.array(check),
      why: z.string().optional(),
    }),
  ),
  degradation: z
    .object({
      stage: z.string(),
      flags: z.array(z.object({ flag: z.string(), from: level, to: level })),
      how: z.string(),
    })
    .optional(),
  rollback: z.union([z.object({ stage: z.string(), flags }), z.object({ absent: z.string() })]),
  decided: z.boolean(),
});
