import { MarkerError } from "./problem.js";

/** Splits a marker into words; spaces inside quotes and brackets do not split. */
export function wordsOf(text: string): string[] {
  const words = text.match(/(?:"[^"]*"|\[(?:"[^"]*"|[^\]"])*\]|[^\s"[])+|\S/g) ?? [];
  const odd = words.find((word) => /^["[]$/.test(word));
  if (odd !== undefined) throw new MarkerError(`${text} has a ${odd} that is not closed.`);
  return words;
}

/** A word such as caption="Sessions of 20 messages". */
function optionOf(word: string): { name: string; value: string } | undefined {
  const match = /^([a-z]+)=(?:"([^"]*)"|([^"]*))$/.exec(word);
  if (match === null) return undefined;
  return { name: match[1] ?? "", value: match[2] ?? match[3] ?? "" };
}

export function optionsOf(words: readonly string[], known: readonly string[]): Map<string, string> {
  const options = new Map<string, string>();
  for (const word of words) {
    const option = optionOf(word);
    if (option === undefined || !known.includes(option.name))
      throw new MarkerError(
        `${word} is no option; there is ${known.map((name) => `${name}="..."`).join(" and ")}.`,
      );
    if (options.has(option.name)) throw new MarkerError(`The option ${option.name} is there twice.`);
    options.set(option.name, option.value);
  }
  return options;
}
