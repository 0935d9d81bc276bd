import type { Message } from "../../../../src/context/message.js";
import { seededRandom } from "../../../../src/base/stats/random.js";
import { words } from "./words.js";

export interface RandomHistory {
  messages: Message[];
  /** Places of each call with that of its result. */
  pairs: [call: number, result: number][];
}

/**
 * A conversation of an agent in a seeded shape: requests of one or two messages, several calls in one message, results
 * out of order or, where `late` says so, turns later, calls with and without ids, long texts and short ones.
 */
export function randomHistory(seed: number, { turns = 30, late = true } = {}): RandomHistory {
  const random = seededRandom(seed);
  const below = (most: number): number => Math.floor(random() * most);
  const length = (): number => (random() < 0.1 ? 200 + below(600) : 1 + below(60));
  const messages: Message[] = [{ role: "system", content: words(1 + below(40), "system") }];
  const pairs: RandomHistory["pairs"] = [];
  const delayed: (() => void)[] = [];
  for (let turn = 1; turn <= turns; turn++) {
    if (turn === 1 || random() < 0.3) {
      const asked = 1 + below(2);
      for (let count = 0; count < asked; count++)
        messages.push({ role: "user", content: words(1 + below(40), `ask${turn}`) });
    }
    if (random() < 0.25) {
      messages.push({ role: "assistant", content: words(length(), `answer${turn}`) });
      continue;
    }
    const named = random() < 0.8;
    const ids = Array.from({ length: 1 + below(3) }, (_, place) => `call-${turn}-${place}`);
    const toolCalls = ids.map((id) => ({ id, name: "tool", arguments: "{}" }));
    const call =
      messages.push({
        role: "assistant",
        content: words(below(20), `think${turn}`),
        ...(named ? { toolCalls } : {}),
      }) - 1;
    for (const id of random() < 0.3 ? ids.reverse() : ids) {
      const result: Message = {
        role: "tool",
        content: words(length(), `result${turn}`),
        ...(named ? { toolCallId: id } : {}),
      };
      const add = (): void => {
        pairs.push([call, messages.push(result) - 1]);
      };
      if (late && named && random() < 0.05) delayed.push(add);
      else add();
    }
    if (random() < 0.4) for (const add of delayed.splice(0)) add();
  }
  for (const add of delayed) add();
  messages.push({ role: "user", content: "and now" });
  return { messages, pairs };
}
