/** A problem at a place in a paper that the author must solve. */
export interface Problem {
  file: string;
  line: number;
  message: string;
}

/** A marker that cannot be filled. The message is a sentence without the place. */
export class MarkerError extends Error {
  override readonly name = "MarkerError";
}

export function describe({ file, line, message }: Problem): string {
  return `${file}:${line}: ${message}`;
}
