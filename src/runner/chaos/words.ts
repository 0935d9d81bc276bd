/**
 * Removes options from the words of a command line.
 *
 * @param flags options without a value
 * @param valued options with one, as the next word or after "="
 */
export function wordsWithout(
  words: readonly string[],
  flags: readonly string[],
  valued: readonly string[],
): string[] {
  const kept: string[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] as string;
    if (flags.includes(word) || valued.some((name) => word.startsWith(`${name}=`))) continue;
    if (valued.includes(word)) index++;
    else kept.push(word);
  }
  return kept;
}
