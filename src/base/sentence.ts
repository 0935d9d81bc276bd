/**
 * The first line of an error's message without its full stop, for use within a sentence. The message of its
 * cause follows where it says more: `fetch failed: connect ECONNREFUSED 127.0.0.1:5432`.
 */
export function sentence(error: unknown): string {
  if (!(error instanceof Error)) return firstLine(String(error));
  const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : [];
  const text = firstLine(error.message || (first === undefined ? error.name : sentence(first)));
  // Errors of our own state their cause themselves.
  if (error.name === "BytesperError" || !(error.cause instanceof Error)) return text;
  const cause = sentence(error.cause);
  return text.includes(cause) ? text : `${text}: ${cause}`;
}

function firstLine(text: string): string {
  return (text.split("\n")[0] ?? "").replace(/\.$/, "");
}

/** The text up to the end of its first sentence: a point before a blank and a capital letter. */
export function firstSentence(text: string): string {
  return /^.*?[.!?](?=\s+\p{Lu})/su.exec(text)?.[0] ?? text;
}
