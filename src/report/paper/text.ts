/**
 * Papers are read as Latin-1, one character for each byte, so that files in any encoding, or a mix of two,
 * are written back unchanged. The text of markers and their content is UTF-8.
 */
export function utf8(latin1: string): string {
  return Buffer.from(latin1, "latin1").toString("utf8");
}

export function latin1(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}
