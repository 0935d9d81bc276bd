import type { ModelShape } from "../model/index.js";
import type { InputTokens } from "./facts.js";
import type { OomRecord, Range } from "./record.js";
import type { TensorKind, TensorLaw } from "./tensors.js";
import { tensorLaws } from "./tensors.js";

/** How well a token count agrees with the log and the model; later values are better. */
const PLAUSIBILITY = ["beyond-model", "far", "shorter", "possible", "growth", "as-logged"] as const;
export type Plausibility = (typeof PLAUSIBILITY)[number];

/** One tensor that may have been requested. */
export interface Hypothesis {
  tensor: string;
  kind: TensorKind;
  /** Tokens of the prompt (times the batch if the tensor grows linearly); null for weights. */
  tokens: number | null;
  /** Bytes of the tensor at that count. */
  bytes: number;
  formula: string;
  /** Token counts that the rounding of the message allows; null for weights, and if there is none. */
  tokensRange: Range | null;
  allowedByRounding: boolean;
  /** |bytes - requested| / requested. */
  relativeError: number;
  plausibility: Plausibility;
  /** Bytes of the tensor at the last count of input tokens in the log; null if the log has none. */
  bytesAtLogged: number | null;
}

const MIB = 2 ** 20;
/**
 * PyTorch's caching allocator prints the size of the segment that it requests from the driver, not of the
 * tensor.
 */
const CACHING = /^(?:pytorch|pytorch-(?:rocm|xpu|npu|mlu|musa)|vllm)$/;

/**
 * The possible sizes of the tensor behind a request, in bytes: what the printed digits allow, without what
 * the allocator added. PyTorch puts tensors of up to 1 MiB into segments of 2 MiB and those of up to 10 MiB
 * into segments of 20 MiB. It rounds larger ones up to a multiple of 2 MiB.
 */
function tensorRange(record: OomRecord): Range | undefined {
  const { requestedBytes, framework, details, ranges } = record;
  if (requestedBytes === null) {
    const derived = details.derivedRequestedBytes;
    return derived === undefined ? undefined : [derived, derived];
  }
  const [low, high] = ranges.requestedBytes ?? [requestedBytes, requestedBytes];
  if (!CACHING.test(framework)) return [low, high];
  const segment = Math.floor(high / (2 * MIB)) * 2 * MIB;
  // Before 1.2 PyTorch rounded to smaller units.
  if (segment < low) return [Math.max(1, low - 511), high];
  if (segment === 2 * MIB && low > MIB) return [1, MIB];
  if (segment === 20 * MIB && low > 18 * MIB) return [MIB + 1, 20 * MIB];
  return [Math.max(1, low - 2 * MIB + 1), high];
}

/**
 * Every tensor of the model with the token counts at which it has the requested size, the likeliest first.
 */
export function hypothesesOf(
  record: OomRecord,
  model: ModelShape,
  tokens: Pick<InputTokens, "last" | "largest"> | undefined,
): Hypothesis[] {
  const requested = record.requestedBytes ?? record.details.derivedRequestedBytes;
  const range = tensorRange(record);
  if (requested === undefined || range === undefined || requested === 0) return [];
  return tensorLaws(model)
    .map((law, order) => ({ hypothesis: hypothesis(law, requested, range, model, tokens), order }))
    .filter(({ hypothesis: { kind, allowedByRounding } }) => kind !== "weights" || allowedByRounding)
    .sort((one, other) => rank(other.hypothesis) - rank(one.hypothesis) || one.order - other.order)
    .map(({ hypothesis: found }) => found);
}

function bytesAt({ growth, bytes }: Pick<TensorLaw, "growth" | "bytes">, tokens: number): number {
  if (growth === "none") return bytes;
  return growth === "linear" ? bytes * tokens : bytes * tokens * tokens;
}

function hypothesis(
  law: TensorLaw,
  requested: number,
  [low, high]: Range,
  model: ModelShape,
  logged: Pick<InputTokens, "last" | "largest"> | undefined,
): Hypothesis {
  const { tensor, kind, formula, growth } = law;
  const bytesAtLogged = logged === undefined ? null : bytesAt(law, logged.last);
  const common = { tensor, kind, formula, bytesAtLogged };
  if (growth === "none") {
    return {
      ...common,
      tokens: null,
      bytes: law.bytes,
      tokensRange: null,
      allowedByRounding: law.bytes >= low && law.bytes <= high,
      relativeError: Math.abs(law.bytes - requested) / requested,
      plausibility: "possible",
    };
  }
  const at = (bytes: number): number =>
    growth === "linear" ? bytes / law.bytes : Math.sqrt(bytes / law.bytes);
  const [first, last] = [Math.ceil(at(low)), Math.floor(at(high))];
  const allowed = first <= last;
  const nearest = Math.max(1, Math.round(at(requested)));
  const round = allowed ? roundCount([first, last]) : undefined;
  const tokens = round ?? (allowed ? Math.min(Math.max(nearest, first), last) : nearest);
  const bytes = bytesAt(law, tokens);
  return {
    ...common,
    tokens,
    bytes,
    tokensRange: allowed ? [first, last] : null,
    allowedByRounding: allowed,
    relativeError: Math.abs(bytes - requested) / requested,
    plausibility: plausibilityOf(tokens, allowed ? [first, last] : [tokens, tokens], kind, model, logged),
  };
}

function plausibilityOf(
  tokens: number,
  [first, last]: Range,
  kind: TensorKind,
  model: ModelShape,
  logged: Pick<InputTokens, "last" | "largest"> | undefined,
): Plausibility {
  if (model.maxPositions !== undefined && first > model.maxPositions) return "beyond-model";
  if (logged === undefined) return tokens < 16 ? "far" : "possible";
  // The prompt may be longer than the logged count, because of templates and tokens that were already
  // generated.
  const near = (count: number): boolean =>
    (count >= first && count <= last) || (tokens >= count && tokens <= count * 1.02);
  if (near(logged.last) || near(logged.largest)) return "as-logged";
  if (tokens > logged.last) return tokens <= 2 * logged.last ? "growth" : "far";
  // Scores and keys and values hold the whole prompt, so they cannot hold fewer tokens. Logits and
  // activations may come in parts.
  return kind === "scores" || kind === "key-value" || tokens < logged.last / 4 ? "far" : "shorter";
}

/**
 * Ranks by what the rounding allows, then by agreement with the log and the model, then by how exactly the
 * size divides.
 */
function rank({ allowedByRounding, plausibility, relativeError, tokensRange }: Hypothesis): number {
  const exact = relativeError === 0 ? 2 : roundness(tokensRange);
  return (allowedByRounding ? 100 : 0) + 10 * PLAUSIBILITY.indexOf(plausibility) + exact;
}

/** Steps in which people set numbers of tokens, the likeliest first. */
const STEPS = [4096, 1024, 512, 256];

/** The step of which a range of counts holds a multiple, if it would hold one by chance only seldom. */
function roundStep([low, high]: Range): number | undefined {
  return STEPS.find(
    (step) => (high - low) * 8 <= step && Math.floor(high / step) * step >= Math.max(low, step),
  );
}

function roundCount(range: Range): number | undefined {
  const step = roundStep(range);
  return step === undefined ? undefined : Math.floor(range[1] / step) * step;
}

/** From 0 to below 2: how round a count the range holds. */
function roundness(range: Range | null): number {
  const step = range === null ? undefined : roundStep(range);
  return step === undefined ? 0 : 1 + Math.log2(step) / 16;
}
