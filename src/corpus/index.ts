import type { Corpus } from "./corpus.js";
import { fileCorpus } from "./file.js";
import { generatedCorpus } from "./generated.js";

export type { Corpus, CorpusMessage, Role } from "./corpus.js";
export { ROLES } from "./corpus.js";
export { fileCorpus } from "./file.js";
export { generatedCorpus } from "./generated.js";
export type { Quantiles } from "./quantiles.js";
export { ASSISTANT_CHARACTERS, quantile, stratumLengths, USER_CHARACTERS } from "./quantiles.js";

export function openCorpus(source: { conversations?: string; seed: number }): Corpus {
  return source.conversations === undefined ? generatedCorpus(source.seed) : fileCorpus(source.conversations);
}
