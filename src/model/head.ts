import { familyOf } from "./families/index.js";
import { isObject } from "./fields.js";
import type { ModelShape, Tensor } from "./shape.js";

/** What `architectures` says about the end of a model. */
interface Head {
  kind: "language" | "labels" | "none";
  labels: number;
}

/** The kind of the head in a config; a language head if it says nothing else. */
export function headOf(...levels: readonly Record<string, unknown>[]): Head {
  const name = levels
    .map(({ architectures }) => (Array.isArray(architectures) ? (architectures as unknown[])[0] : undefined))
    .find((found) => typeof found === "string");
  if (typeof name !== "string") return { kind: "language", labels: 0 };
  if (/For(Sequence|Token)Classification$|RewardModel$|ForReward/.test(name))
    return { kind: "labels", labels: labelsOf(levels) };
  // `MistralModel` is the body without a head; `QWenLMHeadModel` has one, and so have models around a language model,
  // such as `Qwen2_5OmniModel`.
  const body = levels.length > 1 ? undefined : /^(\w+?)(Text)?Model$/.exec(name)?.[1];
  const isBody = body !== undefined && !body.endsWith("LMHead") && familyOf(body) !== undefined;
  return { kind: isBody ? "none" : "language", labels: 0 };
}

/** Two classes are the default of transformers. */
function labelsOf(levels: readonly Record<string, unknown>[]): number {
  for (const { num_labels: count, id2label: names } of levels) {
    if (typeof count === "number" && Number.isInteger(count) && count > 0) return count;
    if (isObject(names) && Object.keys(names).length > 0) return Object.keys(names).length;
  }
  return 2;
}

/** The tensors of a model with the head that `architectures` names. */
export function withHead({ tensors, hiddenSize }: ModelShape, { kind, labels }: Head): Tensor[] {
  if (kind === "language") return [...tensors];
  const body = tensors.filter(({ name }) => !name.startsWith("lm_head"));
  return kind === "none" ? body : [...body, { name: "score.weight", shape: [labels, hiddenSize], copies: 1 }];
}
