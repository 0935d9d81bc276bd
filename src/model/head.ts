import { familyOf } from "./families/index.js";
import { isObject } from "./fields.js";
import type { ModelShape, Tensor } from "./shape.js";

/** What `architectures` says about the end of a model. */
interface Head {
  kind: "language" | "labels" | "two-layers" | "none";
  labels: number;
}

function architectureOf(levels: readonly Record<string, unknown>[]): string | undefined {
  return levels
    .map(({ architectures }) => (Array.isArray(architectures) ? (architectures as unknown[])[0] : undefined))
    .find((found) => typeof found === "string");
}

/** The kind of the head in a config; a language head if it says nothing else. */
export function headOf(...levels: readonly Record<string, unknown>[]): Head {
  const name = architectureOf(levels);
  if (name === undefined) return { kind: "language", labels: 0 };
  // Qwen's reward models: a matrix, an activation, a matrix, both with biases; one label, or two for each step.
  if (/^Qwen\d*For(Process)?RewardModel$/.test(name))
    return { kind: "two-layers", labels: name.includes("Process") ? labelsOf(levels) : 1 };
  if (/For(Sequence|Token)Classification$|RewardModel$|ForReward/.test(name))
    return { kind: "labels", labels: labelsOf(levels) };
  // `MistralModel` is the body without a head; `QWenLMHeadModel` has one, and so have models around a language model,
  // such as `Qwen2_5OmniModel`.
  const body = levels.length > 1 ? undefined : /^(\w+?)(Text)?Model$/.exec(name)?.[1];
  const isBody = body !== undefined && !/LMHead$|^Dream$/.test(body) && familyOf(body) !== undefined;
  return { kind: isBody ? "none" : "language", labels: 0 };
}

/** Ends of class names whose tensors are known. */
const KNOWN_ENDS =
  /(For(CausalLM|ConditionalGeneration|MaskedLM|PreTraining|(Sequence|Token)Classification|(Process)?RewardModel)|LMHeadModel|MTModel|Model|LM)$/;

/** What the class in `architectures` may add that no reader counts, one sentence each. */
export function headDoubts(...levels: readonly Record<string, unknown>[]): string[] {
  const name = architectureOf(levels);
  if (name === undefined) return [];
  const called = name.replace(/[^\x20-\x7e]+/g, "?").slice(0, 60);
  // Custom code names its classes as it likes: only a class with a usual form is known to have a usual head.
  if (/^\w+For[A-Z]/.test(name) && !KNOWN_ENDS.test(name))
    return [`The class ${called} is not known to bytesper: what it has besides the layers is not counted.`];
  if (/Reward/.test(name) && !name.startsWith("Qwen"))
    return [`The head of ${called} is counted as one matrix, which may be too few.`];
  const type = levels.map((level) => level.model_type).find((found) => typeof found === "string");
  const base = plain(name.replace(KNOWN_ENDS, ""));
  const types = levels.flatMap(({ model_type: one }) => (typeof one === "string" ? [plain(one)] : []));
  if (type === undefined || base.length < 3 || familyOf(base) !== undefined) return [];
  const isRelated = types.some((one) => one.startsWith(base.slice(0, 4)) || base.includes(one.slice(0, 4)));
  return isRelated
    ? []
    : [
        `The class ${called} is not one of the architecture ${type.slice(0, 60)}: tensors that it adds are not counted.`,
      ];
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "");
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
  if (kind === "none") return body;
  if (kind === "two-layers")
    return [
      ...body,
      { name: "score.0.weight", shape: [hiddenSize, hiddenSize], copies: 1 },
      { name: "score.0.bias", shape: [hiddenSize], copies: 1 },
      { name: "score.2.weight", shape: [labels, hiddenSize], copies: 1 },
      { name: "score.2.bias", shape: [labels], copies: 1 },
    ];
  return [...body, { name: "score.weight", shape: [labels, hiddenSize], copies: 1 }];
}
