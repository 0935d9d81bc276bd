import type { ActiveRule } from "./active-rule.js";
import type { Decision } from "./types.js";

export function decide(rules: readonly ActiveRule[]): Decision {
  const fired = rules.filter(({ state }) => state.fired);
  const stopping = fired.find(({ rule }) => rule.action === "stop");
  return {
    mayGrow: !fired.some(({ rule }) => rule.action === "block"),
    skipped: [...new Set(fired.flatMap(({ branches }) => branches))],
    fired: fired.map(({ rule }) => rule.name),
    ...(stopping !== undefined && {
      stop: {
        rule: stopping.rule.name,
        condition: stopping.rule.text,
        value: stopping.state.value,
        threshold: stopping.state.threshold,
        sentence: stopping.sentence,
      },
    }),
  };
}
