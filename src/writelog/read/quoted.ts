const QUOTE = 34;
const COMMA = 44;
const LF = 10;
const CR = 13;
/** A quote that does not close within so many bytes was none: else it would swallow the rest of the log. */
export const LONGEST_QUOTED = 64 << 10;

export interface QuotedRecord {
  /** Where the fields lie, without their quotes, in the bytes that were given for them. */
  starts: number[];
  ends: number[];
  /** Where the line end begins, or the end of what is held. */
  end: number;
  /** Line ends within quotes. */
  innerLines: number;
}

/**
 * A record with quoted fields (RFC 4180: a doubled quote stands for one), from `from` on. "open" when a quote does
 * not close in what is held up to `end`; "broken" when it cannot close any more. `bytes`, of LONGEST_QUOTED, takes
 * the fields.
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
      // Keeps a number from running on into the next field.
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
