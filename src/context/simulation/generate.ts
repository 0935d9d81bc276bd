import type { Quantiles } from "../../corpus/index.js";
import { ASSISTANT_CHARACTERS, quantile, USER_CHARACTERS } from "../../corpus/index.js";
import { seededRandom } from "../../base/stats/random.js";
import type { Message } from "../message.js";
import type { Tokenizer } from "../tokenizer.js";
import type { Transcript } from "./transcript.js";

/** Lengths of tool results in conversations with agents. */
export const TOOL_RESULT_CHARACTERS: Quantiles = [
  [0.25, 120],
  [0.5, 644],
  [0.75, 832],
  [0.9, 1113],
  [0.95, 2084],
  [0.99, 6761],
];

/** Lengths of tool results: "tool-use" as measured, "heavy" 3,000 to 5,000 tokens each. */
export const WORKLOADS = ["tool-use", "heavy"] as const;
export type Workload = (typeof WORKLOADS)[number];

/** 3,000 to 5,000 tokens, with a margin because texts are cut by characters. */
const HEAVY_TOKENS = { least: 3050, most: 4950 };
/** More characters than the words have per token, so that a text can be shortened to the wanted tokens. */
const CHARACTERS_PER_TOKEN = 8;
const SYSTEM_CHARACTERS = 4000;
/** The number of calls between a request and its answer is between 1 and this. */
const MOST_CALLS = 4;

export interface GenerateOptions {
  workload: Workload;
  seed: number;
  /** Generations of the model. */
  turns: number;
  tokenizer: Tokenizer;
}

/** A conversation of an agent: requests, each with calls and their results and then an answer. */
export function generateTranscript({ workload, seed, turns, tokenizer }: GenerateOptions): Transcript {
  const random = seededRandom(seed);
  const words = (characters: number): string => wordsOf(characters, random);
  const drawn = (lengths: Quantiles): string => words(Math.round(quantile(lengths, random())));
  const result = (): string => {
    if (workload === "tool-use") return drawn(TOOL_RESULT_CHARACTERS);
    const tokens = HEAVY_TOKENS.least + random() * (HEAVY_TOKENS.most - HEAVY_TOKENS.least);
    const text = words(Math.ceil(tokens * CHARACTERS_PER_TOKEN));
    // The text is uniform: a share of its characters has the same share of its tokens, to within 1 %.
    return text.slice(0, Math.round((text.length * tokens) / Math.max(1, tokenizer.count(text))));
  };
  const messages: Message[] = [{ role: "system", content: words(SYSTEM_CHARACTERS) }];
  let calls = 0;
  for (let turn = 1; turn <= turns; turn++) {
    if (calls === 0) {
      messages.push({ role: "user", content: drawn(USER_CHARACTERS) });
      calls = 2 + Math.floor(random() * MOST_CALLS);
    }
    calls--;
    if (calls === 0) messages.push({ role: "assistant", content: drawn(ASSISTANT_CHARACTERS) });
    else {
      const name = TOOLS[Math.floor(random() * TOOLS.length)] as string;
      const call = { id: `call_${turn}`, name, arguments: JSON.stringify({ query: words(40) }) };
      messages.push({ role: "assistant", content: drawn(USER_CHARACTERS), toolCalls: [call] });
      messages.push({ role: "tool", content: result(), toolCallId: call.id, name });
    }
  }
  return { id: `${workload}, seed ${seed}`, messages };
}

const TOOLS = ["search", "read_file", "list_orders", "run_tests", "fetch_page"];
const WORDS =
  "the of and to in is that for it as was with be by on not he his but at are this have from or had an they which one you were all her she there would their we him been has when who will no more if out so up said what its about than into them can only other time new some could these two may first then do any like my now over such our man me even most made after also did many off before must well back through years where much your way down should because long each just state those people too mr how little good world make very year still see own work men day get here old life both between being under three never know same last another while us off might great go come since against right came take used himself few house use place during without again home around small however found part school every order flight number date passenger account error line file test value list item price total status".split(
    " ",
  );

/** Words in lower case with occasional numbers, line ends and full stops, as in logs and records. */
function wordsOf(characters: number, random: () => number): string {
  const parts: string[] = [];
  let length = 0;
  while (length < characters) {
    const kind = random();
    const word = WORDS[Math.floor(random() * WORDS.length)] as string;
    const part =
      kind < 0.06 ? `${word} ${Math.floor(random() * 10_000)} ` : kind < 0.12 ? `${word}.\n` : `${word} `;
    parts.push(part);
    length += part.length;
  }
  return parts.join("").slice(0, Math.max(1, characters));
}
