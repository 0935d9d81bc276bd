/** The first line of an error's message without its full stop, for use within a sentence. */
export function sentence(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return (text.split("\n")[0] ?? "").replace(/\.$/, "");
}
