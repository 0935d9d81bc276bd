/** Files and folders of a results folder, in whose place no experiment may have its folder. */
const TAKEN = ["readme.md", "index.html", "summary.json", "journal.jsonl", "runs"];

/** Longest name of a file on the usual file systems, bytes. */
const MOST_BYTES = 255;

/**
 * The mistake in the name of an experiment; undefined if there is none. The name becomes a folder, which must
 * lie inside the results folder, be visible and stand beside the files there.
 */
export function nameProblem(name: unknown): string | undefined {
  if (typeof name !== "string" || !/^[\w-][\w.-]*$/.test(name))
    return 'its "name" must be letters, digits, "-", "_" and ".", and not begin with "."';
  // Some file systems take upper and lower case for the same.
  if (TAKEN.includes(name.toLowerCase()))
    return `its "name" is "${name}", which a results folder has already; give another`;
  if (name.length > MOST_BYTES)
    return `its "name" has ${name.length} letters, and a folder's name may have ${MOST_BYTES}; give a shorter one`;
  return undefined;
}
