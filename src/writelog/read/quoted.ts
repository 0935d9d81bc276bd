const QUOTE = 34;
const COMMA = 44;
const LF = 10;
const CR = 13;
/**
 * If a quote does not close within so many bytes, it is an ordinary character. Otherwise one quote would consume the
 * rest of the log.
 */
export const LONGEST_QUOTED = 64 << 10;

export interface QuotedRecord {
  /** Positions of the fields, without their quotes, in the output bytes. */
  starts: number[];
  ends: number[];
  /** Position of the line end, or the end of the buffer. */
  end: number;
  /** Line ends within quotes. */
  innerLines: number;
}

/**
 * Splits a record with quoted fields (RFC 4180: two quotes stand for one), from `from` on. Returns "open" if a quote
 * does not close before `end`, and "broken" if it can never close. The fields are written to `bytes`, which has
 * LONGEST_QUOTED bytes.
 */
export function quotedRecord(
  buffer: Uint8Array,
  from: number,
  end: number,
  bytes: Uint8Array,
): QuotedRecord | "open" | "broken" {
  const limit = Math.min(end, from + LONGEST_QUOTED);
  const starts = [0];
  const ends: number[] = [];
  let length = 0;
  let innerLines = 0;
  let inside = false;
  let closed = false;
  for (let at = from; at < limit; at += 1) {
    const byte = buffer[at] as number;
    if (inside) {
      if (byte !== QUOTE) {
        if (byte === LF || (byte === CR && buffer[at + 1] !== LF)) innerLines += 1;
        bytes[length++] = byte;
      } else if (at + 1 < limit && buffer[at + 1] === QUOTE) {
        bytes[length++] = QUOTE;
        at += 1;
      } else {
        inside = false;
        closed = true;
      }
    } else if (byte === QUOTE && !closed && length === starts.at(-1)) inside = true;
    else if (byte === COMMA) {
      ends.push(length);
      // The comma ends a number; otherwise it would continue in the next field.
      bytes[length++] = COMMA;
      starts.push(length);
      closed = false;
    } else if (byte === LF || byte === CR) {
      ends.push(length);
      bytes[length] = COMMA;
      return { starts, ends, end: at, innerLines };
    } else bytes[length++] = byte;
  }
  if (limit < end || limit === from + LONGEST_QUOTED) return "broken";
  if (inside) return "open";
  ends.push(length);
  bytes[length] = COMMA;
  return { starts, ends, end: limit, innerLines };
}
