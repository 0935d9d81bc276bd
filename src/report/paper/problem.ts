/** Something that a person must see to, at a place of a paper. */
export interface Problem {
  file: string;
  /** Counted from 1. */
  line: number;
  message: string;
}

/** A marker that asks for what cannot be given; its message is a sentence without the place. */
export class MarkerError extends Error {
  override readonly name = "MarkerError";
}

export function describe({ file, line, message }: Problem): string {
  return `${file}:${line}: ${message}`;
}
