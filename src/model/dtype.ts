import { BytesperError } from "../base/errors.js";

/** Bytes of one number. Includes the scales of a quantised block if the format fixes them. */
const BYTES = {
  fp32: 4,
  fp16: 2,
  bf16: 2,
  fp8: 1,
  int8: 1,
  int4: 0.5,
  // Blocks of 32 numbers with one 16-bit scale, and in types with _1 a minimum too (ggml).
  q8_0: 34 / 32,
  q5_1: 24 / 32,
  q5_0: 22 / 32,
  q4_1: 20 / 32,
  q4_0: 18 / 32,
  iq4_nl: 18 / 32,
} as const;

export type NumberType = keyof typeof BYTES;

/** Types in which matrices are multiplied; other types are first widened to one of them. */
export type ComputeType = "fp32" | "fp16" | "bf16";

export const NUMBER_TYPES = Object.keys(BYTES) as NumberType[];

const ALIASES: Record<string, NumberType> = {
  float32: "fp32",
  float: "fp32",
  f32: "fp32",
  float16: "fp16",
  half: "fp16",
  f16: "fp16",
  bfloat16: "bf16",
  float8: "fp8",
  float8_e4m3fn: "fp8",
  float8_e5m2: "fp8",
  fp8_e4m3: "fp8",
  fp8_e5m2: "fp8",
};

/** The type of a name such as `bf16`, `bfloat16` or `torch.float16`; undefined for any other text. */
export function numberType(name: string): NumberType | undefined {
  const plain = name.toLowerCase().replace(/^torch\./, "");
  return (
    NUMBER_TYPES.find((type) => type === plain) ??
    (Object.hasOwn(ALIASES, plain) ? ALIASES[plain] : undefined)
  );
}

/** Like `numberType`, for arguments of users. Throws `USAGE`. */
export function parseNumberType(name: string): NumberType {
  const type = numberType(name);
  if (type !== undefined) return type;
  throw new BytesperError("USAGE", `"${name}" is not a type of numbers; give ${NUMBER_TYPES.join(", ")}.`);
}

export function bytesOf(elements: number, type: NumberType): number {
  return Math.ceil(elements * BYTES[type]);
}

export function bytesPerNumber(type: NumberType): number {
  return BYTES[type];
}

export function isComputeType(type: NumberType): type is ComputeType {
  return type === "fp32" || type === "fp16" || type === "bf16";
}
