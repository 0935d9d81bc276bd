/** What a device has shown of itself. Also what the proving process and its parent tell each other, line by line. */
import { z } from "zod";

/** What was checked and agreed with double precision: a flash kernel by name, or a chain such as naive_fp16_fp32. */
const passed = z.strictObject({
  name: z.string(),
  family: z.string(),
  /** Largest relative error of the norm. */
  error: z.number(),
});
const passedOver = z.strictObject({
  name: z.string(),
  reason: z.string(),
  /** It did not end in time, which a machine under load can bring about too. */
  late: z.boolean().optional(),
});

export const proofSchema = z.strictObject({
  computeCapability: z.string(),
  passed: z.array(passed),
  passedOver: z.array(passedOver),
  /** Kinds of attention for which the device has no kernel, such as "flash in bf16". */
  missing: z.array(z.string()),
});
export type Proof = z.infer<typeof proofSchema>;

/** The work of one proving process: what earlier ones have settled is not checked again. */
export interface ProofTask {
  device: string;
  /** False: only opens the device and reads its memory. */
  prove: boolean;
  passed: string[];
  passedOver: string[];
  /** Those of `passedOver` that hung or ended their process. */
  lost: string[];
}

export const messageSchema = z.discriminatedUnion("event", [
  z.strictObject({ event: z.literal("device"), computeCapability: z.string() }),
  z.strictObject({ event: z.literal("start"), name: z.string() }),
  z.strictObject({ event: z.literal("passed"), ...passed.shape }),
  z.strictObject({
    event: z.literal("failed"),
    ...passedOver.shape,
    /** No more can be done in this process. */
    last: z.boolean(),
  }),
  z.strictObject({ event: z.literal("missing"), kind: z.string() }),
  z.strictObject({ event: z.literal("unusable"), reason: z.string() }),
  /** Bytes of the device that all processes use, with the context of this one. */
  z.strictObject({ event: z.literal("done"), usedBytes: z.number() }),
]);
export type ProofMessage = z.infer<typeof messageSchema>;
