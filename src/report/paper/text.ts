/**
 * Papers are read as Latin-1, one character for each byte, so that a file in any encoding, or in two, comes back
 * as it was. What bytesper reads from one and puts into one is UTF-8.
 */
export function utf8(latin1: string): string {
  return Buffer.from(latin1, "latin1").toString("utf8");
}

export function latin1(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}
