import { BytesperError } from "../base/errors.js";

/** No model was ever larger than this: the value is a mistake, and arithmetic with it would lose digits. */
export const MOST = {
  layers: 10_000,
  heads: 65_536,
  experts: 65_536,
  width: 2 ** 24,
  positions: 2 ** 40,
} as const;

/** Names of the fields that differ between families, the most frequent first. */
export const NAMES = {
  hidden: ["hidden_size", "n_embd", "d_model", "n_embed"],
  layers: ["num_hidden_layers", "n_layer", "n_layers", "num_layers", "num_decoder_layers"],
  heads: ["num_attention_heads", "n_head", "n_heads", "num_heads"],
  kvHeads: [
    "num_key_value_heads",
    "num_kv_heads",
    "n_head_kv",
    "n_kv_heads",
    "kv_n_heads",
    "multi_query_group_num",
    "num_attention_groups",
    "num_query_groups",
  ],
  headDim: ["head_dim", "kv_channels", "attention_head_dim"],
  intermediate: ["intermediate_size", "ffn_dim", "n_inner", "ffn_hidden_size", "d_ff"],
  vocabulary: ["vocab_size", "padded_vocab_size"],
  positions: [
    "max_position_embeddings",
    "n_positions",
    "max_seq_len",
    "max_sequence_length",
    "max_context_length",
    "seq_length",
    "n_ctx",
  ],
  experts: [
    "num_local_experts",
    "num_experts",
    "n_routed_experts",
    "moe_num_experts",
    "num_moe_experts",
    "n_experts",
    "moe_num_primary_experts",
  ],
  expertsPerToken: [
    "num_experts_per_tok",
    "num_experts_per_token",
    "experts_per_token",
    "top_k_experts",
    "moe_top_k",
    "moe_topk",
    "moe_k",
    "top_k",
    "moe_num_active_primary_experts",
  ],
} as const;

type Names = string | readonly string[];

/**
 * One object of a config. Every reader throws `BAD_INPUT` with the field, the expected and the actual value.
 * null counts as missing, because the authors of these files use it so.
 */
export class Fields {
  readonly values: Readonly<Record<string, unknown>>;
  /** The name of the object in errors, such as `config.json` or `text_config in config.json`. */
  readonly where: string;
  readonly family: string;
  /** What readers assumed, for `ModelShape.notes`. */
  readonly notes: string[];
  /** Fields that a reader asked for. What is left at the end may mean tensors that no reader counts. */
  #asked = new Set<string>();
  #inner: Fields[] = [];

  constructor(values: Record<string, unknown>, where: string, family: string, notes: string[] = []) {
    this.values = values;
    this.where = where;
    this.family = family;
    this.notes = notes;
  }

  /** The same object with more fields, such as the defaults of a class; what is asked of it counts here too. */
  with(values: Record<string, unknown>): Fields {
    const fields = new Fields({ ...this.values, ...values }, this.where, this.family, this.notes);
    fields.#asked = this.#asked;
    fields.#inner = this.#inner;
    return fields;
  }

  /** Marks fields whose value the reader knows in another way, or that add nothing. */
  known(...names: string[]): void {
    for (const name of names) this.#mark(name);
  }

  #mark(name: string): void {
    this.#asked.add(name);
  }

  /** Fields that nobody asked for, of this object and of those inside it that were read. */
  unasked(): { name: string; value: unknown; where: string }[] {
    const own = Object.entries(this.values)
      .filter(([name]) => !this.#asked.has(name))
      .map(([name, value]) => ({ name, value, where: this.where }));
    return [...own, ...this.#inner.flatMap((fields) => fields.unasked())];
  }

  has(names: Names): boolean {
    return this.#find(names) !== undefined;
  }

  /** A whole number from `least` to `most`; it must exist. */
  whole(names: Names, most: number = MOST.width, least = 1): number {
    const value = this.maybeWhole(names, most, least);
    if (value !== undefined) return value;
    throw this.missing(names);
  }

  /** Like `whole`, but null gives undefined. If the field is missing, this throws. */
  wholeOrNull(names: Names, most: number = MOST.width, least = 1): number | undefined {
    if (!this.states(names)) throw this.missing(names);
    return this.maybeWhole(names, most, least);
  }

  /** Whether the file has the field, even if it is null. */
  states(names: Names): boolean {
    for (const name of listed(names)) this.#mark(name);
    return listed(names).some((name) => Object.hasOwn(this.values, name));
  }

  maybeWhole(names: Names, most: number = MOST.width, least = 1): number | undefined {
    const found = this.#find(names);
    if (found === undefined) return undefined;
    const [name, value] = found;
    if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
    throw this.#wrong(name, `a whole number from ${least} to ${most.toLocaleString("en-US")}`, value);
  }

  /** Like `whole`, with a default from the family's class. Using the default adds a note. */
  wholeOr(names: Names, fallback: number, most: number = MOST.width, least = 1): number {
    const value = this.maybeWhole(names, most, least);
    if (value !== undefined) return value;
    this.assume(names, fallback);
    return fallback;
  }

  flag(names: Names, fallback: boolean): boolean {
    return this.maybeFlag(names) ?? fallback;
  }

  /** Like `flag`, for a default that changes the figures enough to need a note. */
  flagOr(names: Names, fallback: boolean): boolean {
    const value = this.maybeFlag(names);
    if (value === undefined) this.assume(names, fallback);
    return value ?? fallback;
  }

  maybeFlag(names: Names): boolean | undefined {
    const found = this.#find(names);
    if (found === undefined) return undefined;
    const [name, value] = found;
    if (typeof value === "boolean") return value;
    throw this.#wrong(name, "true or false", value);
  }

  text(names: Names): string | undefined {
    const found = this.#find(names);
    if (found === undefined) return undefined;
    const [name, value] = found;
    if (typeof value === "string") return value;
    throw this.#wrong(name, "a text", value);
  }

  number(names: Names): number | undefined {
    const found = this.#find(names);
    if (found === undefined) return undefined;
    const [name, value] = found;
    if (typeof value === "number" && value > 0 && value <= MOST.width) return value;
    throw this.#wrong(name, "a number above 0", value);
  }

  /** A list with one entry for each layer. */
  list(names: Names, layers: number): unknown[] | undefined {
    const found = this.#find(names);
    if (found === undefined) return undefined;
    const [name, value] = found;
    if (Array.isArray(value) && value.length === layers) return value as unknown[];
    throw this.#wrong(name, `a list of ${layers.toLocaleString("en-US")} entries, one for each layer`, value);
  }

  /** Like `list`, but an empty list means the default of the class, as a missing one does. */
  listOrEmpty(names: Names, layers: number): unknown[] | undefined {
    const value = this.#find(names)?.[1];
    return Array.isArray(value) && value.length === 0 ? undefined : this.list(names, layers);
  }

  /** Any list, whatever its length. */
  any(names: Names): unknown[] | undefined {
    const value = this.#find(names)?.[1];
    return Array.isArray(value) ? (value as unknown[]) : undefined;
  }

  /** The value of a field that may have any type. */
  raw(names: Names): unknown {
    return this.#find(names)?.[1];
  }

  /** Whole numbers of a list of any length. */
  wholes(names: Names): number[] {
    const found = this.#find(names);
    if (found === undefined) return [];
    const [name, value] = found;
    if (Array.isArray(value) && value.every((entry): entry is number => Number.isInteger(entry)))
      return value;
    throw this.#wrong(name, "a list of whole numbers", value);
  }

  /** An object inside this one; its assumptions are added to these. */
  inner(name: string): Fields | undefined {
    const value = this.#find(name)?.[1];
    if (value === undefined) return undefined;
    if (!isObject(value)) throw this.#wrong(name, "an object", value);
    const fields = new Fields(value, `${name} in ${this.where}`, this.family, this.notes);
    this.#inner.push(fields);
    return fields;
  }

  /** Adds a note that `value` is assumed for a missing field. */
  assume(names: Names, value: number | boolean | string): void {
    this.notes.push(`${this.where} has no ${anyOf(names)}: ${value} is taken, as ${this.family} has it.`);
  }

  missing(names: Names): BytesperError {
    return new BytesperError(
      "BAD_INPUT",
      `${this.where} has no ${anyOf(names)}, which an estimate for ${this.family} needs; add it.`,
    );
  }

  wrong(names: Names, expected: string): BytesperError {
    const [name, value] = this.#find(names) ?? [listed(names)[0] ?? "", null];
    return this.#wrong(name, expected, value);
  }

  #wrong(name: string, expected: string, value: unknown): BytesperError {
    return new BytesperError(
      "BAD_INPUT",
      `Expected ${name} of ${this.where} to be ${expected}, but it is ${shown(value)}; correct the file.`,
    );
  }

  #find(names: Names): [string, unknown] | undefined {
    let found: [string, unknown] | undefined;
    for (const name of listed(names)) {
      const value = Object.hasOwn(this.values, name) ? this.values[name] : undefined;
      if (value === undefined || value === null) continue;
      found ??= [name, value];
      // A second name with another value may mean something else, so it stays open.
      if (Object.is(value, found[1])) this.#mark(name);
    }
    return found;
  }
}

function listed(names: Names): readonly string[] {
  return typeof names === "string" ? [names] : names;
}

function anyOf(names: Names): string {
  const [name = "", ...others] = listed(names);
  return others.length === 0 ? name : `${name} (nor ${others.join(", ")})`;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (isObject(value)) return "an object";
  const text = JSON.stringify(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}
