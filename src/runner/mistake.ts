/**
 * Whether the error is a mistake in the subject. It would occur in every cell, so the others are not run.
 *
 * @param alsoThrown whether errors that the subject throws count, which another cell may not meet
 */
export function isMistake(code: string | undefined, alsoThrown: boolean): boolean {
  if (code === "BAD_SUBJECT" || code === "BAD_CONVERSATIONS") return true;
  return alsoThrown && (code === "SUBJECT_THREW" || code === "SUBJECT_TIMEOUT");
}
