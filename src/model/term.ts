/** When a term is in memory: all the time, or while a prompt passes one stage of a layer or the head. */
export type Phase = "always" | "attention" | "feed-forward" | "logits";

/** One line of an estimate. */
export interface Term {
  name: string;
  bytes: number;
  /** How the bytes come about, with the numbers filled in. */
  formula: string;
  phase: Phase;
}

/** Blocks of one size that an allocator is asked for. */
export interface Blocks {
  bytes: number;
  copies: number;
}

/** A term with the blocks in which it is allocated; terms outside the allocator (the context) have none. */
export interface Draft extends Term {
  blocks: readonly Blocks[];
}

/** A term in one block. */
export function oneBlock(term: Term): Draft {
  return { ...term, blocks: term.bytes === 0 ? [] : [{ bytes: term.bytes, copies: 1 }] };
}

/** A whole number with its thousands apart, for formulas. */
export function grouped(value: number): string {
  return value.toLocaleString("en-US");
}

/** Factors as a product; "1 sequence" and other factors of one are left out. */
export function product(...factors: (string | false)[]): string {
  return factors.filter((factor) => factor !== false).join(" x ");
}

export function sequences(batch: number): string | false {
  return batch === 1 ? false : `${grouped(batch)} sequences`;
}
