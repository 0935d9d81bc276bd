/** No layout has more fields. Further fields are counted but not stored. */
export const MOST_FIELDS = 1024;

/**
 * One line of a log, split into fields. The same object is used for all lines, so copy what you need after the call.
 */
export interface Row {
  bytes: Uint8Array;
  /** Beginning and end of each field in `bytes`, for at most MOST_FIELDS fields. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  fields: number;
  /** Number of its first line in the file, from 1. */
  line: number;
  /** Whether a line end followed. The last line of a file may be cut. */
  terminated: boolean;
}

/** The beginning of a line as text for messages, without control characters. */
export function excerpt(bytes: Uint8Array, most = 60): string {
  const text = Buffer.from(bytes.subarray(0, most * 2)).toString("utf8");
  // eslint-disable-next-line no-control-regex -- these are what must not reach a terminal
  const plain = text.replace(/[\u0000-\u001f\u007f-\u009f]/g, "\u00b7");
  return plain.length > most || bytes.length > most * 2 ? `${plain.slice(0, most)}…` : plain;
}
