/**
 * Runs of the kernels on hardware whose record is committed in this repository (`npm run gpu:bundle` makes the folder
 * that writes one). A family that is not here for a kind of device gives a doubt there, whatever it shows at run time.
 */
const COMMITTED_RUNS: readonly { family: string; computeCapability: string }[] = [];

/** The doubt about families of kernels that no committed run shows on this kind of device, or undefined. */
export function untriedFamilies(families: readonly string[], computeCapability: string): string | undefined {
  const untried = families.filter(
    (family) =>
      !COMMITTED_RUNS.some((run) => run.family === family && run.computeCapability === computeCapability),
  );
  if (untried.length === 0) return undefined;
  return `No committed run shows the ${untried.join(", ").replace(/, ([^,]*)$/, " and $1")} kernels on a device of compute capability ${computeCapability}; on this device they agreed with double precision.`;
}
