import { BytesperError } from "../../base/errors.js";
import type { NumberType } from "../dtype.js";
import { NUMBER_TYPES, bytesPerNumber, numberType } from "../dtype.js";
import type { WeightScheme } from "../shape.js";
import { FP8_ROWS, MXFP4, NF4_DOUBLE, NVFP4, withZeros } from "./formats.js";
import { GGUF_KINDS, ggufScheme } from "./gguf.js";
import { LINEAR, schemeOf } from "./scheme.js";

/** Formats that leave a part of the weights whole. */
const PACKED = ["fp8", "mxfp4", "nvfp4", "awq", "gptq", "nf4"] as const;

export type WeightFormat = NumberType | (typeof PACKED)[number] | (string & Record<never, never>);

/** Everything that `--dtype` takes. */
export const WEIGHT_FORMATS: readonly string[] = [
  ...NUMBER_TYPES.filter((type) => !GGUF_KINDS.includes(type)),
  ...PACKED.filter((name) => !(NUMBER_TYPES as string[]).includes(name)),
  ...GGUF_KINDS,
];

/** The format of a name of a user. Throws `USAGE`. */
export function parseWeightFormat(name: string): WeightFormat {
  const plain = name.toLowerCase().replace(/^(gguf|ggml)[-_:]/, "");
  const type = numberType(plain);
  if (type !== undefined) return type;
  if ((PACKED as readonly string[]).includes(plain) || GGUF_KINDS.includes(plain)) return plain;
  throw new BytesperError(
    "USAGE",
    `"${name}" is not a type of weights; give one of ${WEIGHT_FORMATS.join(", ")}.`,
  );
}

/** How weights of a format are stored; undefined for types that every number has. */
export function namedScheme(
  format: WeightFormat,
  model: { layers: number; tied: boolean; experts: boolean; wholeBytes: number },
): WeightScheme | undefined {
  const { layers, tied, experts, wholeBytes } = model;
  const packed = (storage: Parameters<typeof schemeOf>[0]["storage"], parts = LINEAR): WeightScheme =>
    schemeOf({ name: format, storage, parts, layers, wholeBytes });
  if (format === "fp8") return packed(FP8_ROWS);
  if (format === "mxfp4") return packed(MXFP4, experts ? ["expert"] : LINEAR);
  if (format === "nvfp4") return packed(NVFP4);
  if (format === "awq" || format === "gptq") return packed(withZeros(4, 128));
  if (format === "nf4") return packed(NF4_DOUBLE);
  return numberType(format) !== undefined && !GGUF_KINDS.includes(format)
    ? undefined
    : ggufScheme(format, layers, tied);
}

/** What a plain type leaves out, for types that no checkpoint has in every number. */
export function plainTypeNote(format: WeightFormat): string | undefined {
  const type = numberType(format);
  if (type !== "int4" && type !== "int8") return undefined;
  return `${type} counts ${bytesPerNumber(type)} B for each parameter: no scales, and no embedding or head in 16 bits; ${type === "int4" ? "awq, gptq, nf4 and q4_k_m count them" : "q8_0 and fp8 count them"}.`;
}

const IN_NAMES: readonly [RegExp, WeightFormat][] = [
  [/nvfp4/, "nvfp4"],
  [/mxfp4/, "mxfp4"],
  [/\bfp8\b/, "fp8"],
  [/\bawq\b/, "awq"],
  [/\bgptq\b/, "gptq"],
  [/\b(bnb|nf4)\b/, "nf4"],
];

/** The format in the name of a folder or file, such as `Llama-3.1-70B-Instruct-FP8`. */
export function formatInName(name: string): WeightFormat | undefined {
  const words = name.toLowerCase().replace(/[-_.]/g, " ");
  const spelled = name.toLowerCase();
  const kind = [...GGUF_KINDS].sort((a, b) => b.length - a.length).find((one) => spelled.includes(one));
  return IN_NAMES.find(([word]) => word.test(words))?.[1] ?? kind;
}
