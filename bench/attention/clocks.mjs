import { spawn } from "node:child_process";

const FIELDS = [
  ["clocks.sm", "MHz"],
  ["clocks.mem", "MHz of memory"],
  ["power.draw", "W"],
  ["temperature.gpu", "degrees"],
];
const EVERY_MS = 200;

/**
 * Reads the clocks and the power of a device five times a second until `stop`, which answers a sentence part with
 * the median and the range of each: a rate says nothing of a chip that was throttled. nvidia-smi alone is asked, and
 * nothing is set. Where it cannot be run the answer says so. The device's number is the driver's, so
 * CUDA_VISIBLE_DEVICES must not renumber it.
 */
export function watchClocks(device) {
  const number = /^cuda:(\d+)$/.exec(device)?.[1] ?? "0";
  const query = FIELDS.map(([field]) => field).join(",");
  const child = spawn(
    "nvidia-smi",
    [`--query-gpu=${query}`, "--format=csv,noheader,nounits", "-i", number, "-lms", String(EVERY_MS)],
    { stdio: ["ignore", "pipe", "ignore"] },
  );
  let text = "";
  let failed = false;
  child.stdout.on("data", (part) => (text += part));
  const ended = new Promise((resolve) => {
    child.on("error", () => {
      failed = true;
      resolve();
    });
    // What it printed while this program was busy is read by then.
    child.on("close", resolve);
  });
  return {
    async stop() {
      // Without a pid nothing was started, and the signal would go to this program's own group.
      if (child.pid !== undefined) child.kill();
      await ended;
      return failed ? "not known, nvidia-smi could not be run" : summaryOfClocks(text);
    },
  };
}

/** From lines of numbers, one a field. */
export function summaryOfClocks(text) {
  const rows = text
    .split("\n")
    .map((line) => line.split(",").map((cell) => Number.parseFloat(cell)))
    .filter((row) => row.length === FIELDS.length);
  const parts = FIELDS.flatMap(([, unit], column) => {
    const numbers = rows
      .map((row) => row[column])
      .filter(Number.isFinite)
      .sort((a, b) => a - b);
    if (numbers.length === 0) return [];
    return [`${numbers[numbers.length >> 1]} ${unit} (${numbers[0]} to ${numbers.at(-1)})`];
  });
  return parts.length === 0 ? "not known, nvidia-smi told none" : parts.join(", ");
}
