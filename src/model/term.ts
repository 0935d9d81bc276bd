/** When a term is in memory: always, or while a prompt passes one stage of a layer or the head. */
export type Phase = "always" | "attention" | "feed-forward" | "logits";

export interface Term {
  name: string;
  bytes: number;
  /** The formula of the bytes, with its numbers filled in. */
  formula: string;
  phase: Phase;
}

/** Blocks of one size that are requested from an allocator. */
export interface Blocks {
  bytes: number;
  copies: number;
}

/** A term with the blocks in which it is allocated; terms outside the allocator (the context) have none. */
export interface Draft extends Term {
  blocks: readonly Blocks[];
}

export function oneBlock(term: Term): Draft {
  return { ...term, blocks: term.bytes === 0 ? [] : [{ bytes: term.bytes, copies: 1 }] };
}

/** A whole number with commas between thousands, for formulas. */
export function grouped(value: number): string {
  return value.toLocaleString("en-US");
}

/** Factors as a product; factors of one, such as "1 sequence", are left out. */
export function product(...factors: (string | false)[]): string {
  return factors.filter((factor) => factor !== false).join(" x ");
}

export function sequences(batch: number): string | false {
  return batch === 1 ? false : `${grouped(batch)} sequences`;
}
