import type { Card } from "../model/index.js";
import { CARDS, cardOf } from "../model/index.js";
import type { Situation } from "./advice.js";

/**
 * Cards below compute capability 8.0, on which FlashAttention 2 does not run (its README; NVIDIA's list of
 * "CUDA GPUs").
 */
const BEFORE_8_0 = /^(?:T4|V100|P100|P40|K80|RTX-20|GTX-)/;
const AMD = /^(?:MI|RX)/;
const GIB = 2 ** 30;

/** Whether FlashAttention 2 runs on the card; undefined if the card is not known. */
export function flashAttention({ card, record }: Situation): boolean | undefined {
  if (!/^(?:pytorch|pytorch-cudaMallocAsync|vllm|sglang)$/.test(record.framework)) return undefined;
  if (card !== undefined) return AMD.test(card.name) ? undefined : !BEFORE_8_0.test(card.name);
  const { totalBytes } = record;
  if (totalBytes === null) return undefined;
  // A capacity that only cards of one kind have.
  const same = CARDS.filter(
    ({ usableBytes }) => usableBytes !== undefined && Math.abs(usableBytes - totalBytes) < 0.06 * GIB,
  );
  const answers = new Set(same.map(({ name }) => !BEFORE_8_0.test(name)));
  return answers.size === 1 ? [...answers][0] : undefined;
}

const NAMED =
  /^(?:NVIDIA\s+|Tesla\s+|GeForce\s+|Quadro\s+)*((?:RTX|GTX)?[ -]?(?:PRO[ -])?[A-Z]{0,2}\d{1,4}[A-Z]{0,4}(?:[ -](?:Ti|Ada|Blackwell|SXM\d?|PCIe|NVL|HBM\w+|\d{2,3}GB)){0,4})/i;

/** The card that a log names, by the text that begins with the maker's word. */
export function cardNamed(text: string): Card | undefined {
  const [, name] = NAMED.exec(text) ?? [];
  if (name === undefined) return undefined;
  for (let words = name.trim().split(/\s+/); words.length > 0; words = words.slice(0, -1)) {
    const card = cardOf(words.join(" "));
    if (card !== undefined) return card;
  }
  return undefined;
}

/** Words before the name of a card in the logs of drivers and frameworks. */
export const CARD_NEEDLES: readonly string[] = [
  "tesla t4",
  "tesla v100",
  "tesla p100",
  "nvidia a1",
  "nvidia a4",
  "nvidia a30",
  "nvidia h1",
  "nvidia h2",
  "nvidia l4",
  "nvidia rtx",
  "geforce rtx",
  "geforce gtx",
];
