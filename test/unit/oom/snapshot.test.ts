import { expect, test } from "vitest";
import type { Pickled } from "../../../src/oom/snapshot/pickle.js";
import { isPickle, readPickle } from "../../../src/oom/snapshot/pickle.js";
import { snapshotPage, summarize } from "../../../src/oom/snapshot/snapshot.js";
import { MIB } from "./support.js";

/** Written by Python's pickle module: two live blocks, two idle ones, and a trace that ends with a failure. */
const NEW: [protocol: number, base64: string][] = [
  [
    4,
    "gASVRgMAAAAAAAB9lCiMCHNlZ21lbnRzlF2UfZQojAZkZXZpY2WUSwCMB2FkZHJlc3OUTegDjAp0b3RhbF9zaXpllEoAAEABjA5hbGxvY2F0ZWRfc2l6ZZRKAADAAIwLYWN0aXZlX3NpemWUSgAAwACMBnN0cmVhbZRLAIwMc2VnbWVudF90eXBllIwFbGFyZ2WUjAZibG9ja3OUXZQofZQoaAVN6AOMBHNpemWUSgAAgACMDnJlcXVlc3RlZF9zaXpllEoAAIAAjAVzdGF0ZZSMEGFjdGl2ZV9hbGxvY2F0ZWSUjAZmcmFtZXOUXZQofZQojARuYW1llIwGbGluZWFylIwIZmlsZW5hbWWUjDUvdXNyL2xpYi9weXRob24zL3NpdGUtcGFja2FnZXMvdG9yY2gvbm4vZnVuY3Rpb25hbC5weZSMBGxpbmWUSwV1fZQoaBaMB2ZvcndhcmSUaBiMDS9hcHAvbW9kZWwucHmUaBpLCnVldX2UKGgFTdAHaA9KAABAAGgQSgAAQABoEWgSaBNdlH2UKGgWjARsb2FklGgYjAsvYXBwL3J1bi5weZRoGksDdWF1fZQoaAVNuAtoD0oAAFAAaBBLAGgRjAhpbmFjdGl2ZZRoE12UdX2UKGgFTaAPaA9KAAAwAGgQSwBoEWgkaBNdlHVldWGMDWRldmljZV90cmFjZXOUXZRdlCh9lCiMBmFjdGlvbpSMBWFsbG9jlIwEYWRkcpRN0AdoD0oAAEAAaAlLAIwHdGltZV91c5RLAWgTXZR9lChoFmghaBhoImgaSwN1YXV9lChoLGgtaC5NiBNoD0oAABAAaAlLAGgvSwJoE12UaBthdX2UKGgsjA5mcmVlX2NvbXBsZXRlZJRoLk2IE2gPSgAAEABoCUsAaC9LA2gTXZR1fZQoaCxoLWguTegDaA9KAACAAGgJSwBoL0sEaBNdlChoFWgbZXV9lChoLIwDb29tlGgPSgAAYABoCUsAjAtkZXZpY2VfZnJlZZRLAGgvSwVoE12UaBthdWVhjBJhbGxvY2F0b3Jfc2V0dGluZ3OUfZQojBNleHBhbmRhYmxlX3NlZ21lbnRzlImMDm1heF9zcGxpdF9zaXpllEr/////dXUu",
  ],
  [
    2,
    "gAJ9cQAoWAgAAABzZWdtZW50c3EBXXECfXEDKFgGAAAAZGV2aWNlcQRLAFgHAAAAYWRkcmVzc3EFTegDWAoAAAB0b3RhbF9zaXplcQZKAABAAVgOAAAAYWxsb2NhdGVkX3NpemVxB0oAAMAAWAsAAABhY3RpdmVfc2l6ZXEISgAAwABYBgAAAHN0cmVhbXEJSwBYDAAAAHNlZ21lbnRfdHlwZXEKWAUAAABsYXJnZXELWAYAAABibG9ja3NxDF1xDSh9cQ4oaAVN6ANYBAAAAHNpemVxD0oAAIAAWA4AAAByZXF1ZXN0ZWRfc2l6ZXEQSgAAgABYBQAAAHN0YXRlcRFYEAAAAGFjdGl2ZV9hbGxvY2F0ZWRxElgGAAAAZnJhbWVzcRNdcRQofXEVKFgEAAAAbmFtZXEWWAYAAABsaW5lYXJxF1gIAAAAZmlsZW5hbWVxGFg1AAAAL3Vzci9saWIvcHl0aG9uMy9zaXRlLXBhY2thZ2VzL3RvcmNoL25uL2Z1bmN0aW9uYWwucHlxGVgEAAAAbGluZXEaSwV1fXEbKGgWWAcAAABmb3J3YXJkcRxoGFgNAAAAL2FwcC9tb2RlbC5weXEdaBpLCnVldX1xHihoBU3QB2gPSgAAQABoEEoAAEAAaBFoEmgTXXEffXEgKGgWWAQAAABsb2FkcSFoGFgLAAAAL2FwcC9ydW4ucHlxImgaSwN1YXV9cSMoaAVNuAtoD0oAAFAAaBBLAGgRWAgAAABpbmFjdGl2ZXEkaBNdcSV1fXEmKGgFTaAPaA9KAAAwAGgQSwBoEWgkaBNdcSd1ZXVhWA0AAABkZXZpY2VfdHJhY2VzcShdcSldcSoofXErKFgGAAAAYWN0aW9ucSxYBQAAAGFsbG9jcS1YBAAAAGFkZHJxLk3QB2gPSgAAQABoCUsAWAcAAAB0aW1lX3VzcS9LAWgTXXEwfXExKGgWaCFoGGgiaBpLA3VhdX1xMihoLGgtaC5NiBNoD0oAABAAaAlLAGgvSwJoE11xM2gbYXV9cTQoaCxYDgAAAGZyZWVfY29tcGxldGVkcTVoLk2IE2gPSgAAEABoCUsAaC9LA2gTXXE2dX1xNyhoLGgtaC5N6ANoD0oAAIAAaAlLAGgvSwRoE11xOChoFWgbZXV9cTkoaCxYAwAAAG9vbXE6aA9KAABgAGgJSwBYCwAAAGRldmljZV9mcmVlcTtLAGgvSwVoE11xPGgbYXVlYVgSAAAAYWxsb2NhdG9yX3NldHRpbmdzcT19cT4oWBMAAABleHBhbmRhYmxlX3NlZ21lbnRzcT+JWA4AAABtYXhfc3BsaXRfc2l6ZXFASv////91dS4=",
  ],
];
/** A list of segments whose blocks have `history` instead of `frames`. */
const OLD =
  "gASVSAEAAAAAAABdlH2UKIwGZGV2aWNllEsAjAdhZGRyZXNzlIoGAAAAAAABjAp0b3RhbF9zaXpllEoAAKAAjA5hbGxvY2F0ZWRfc2l6ZZRKAACAAIwLYWN0aXZlX3NpemWUSgAAgACMBnN0cmVhbZRLAIwMc2VnbWVudF90eXBllIwFbGFyZ2WUjAZibG9ja3OUXZQofZQojARzaXpllEoAAIAAjAVzdGF0ZZSMEGFjdGl2ZV9hbGxvY2F0ZWSUjAdoaXN0b3J5lF2UfZQojARhZGRylIoGAAAAAAABjAlyZWFsX3NpemWUSgAAgACMBmZyYW1lc5RdlH2UKIwEbmFtZZSMB2ZvcndhcmSUjAhmaWxlbmFtZZSMDS9hcHAvbW9kZWwucHmUjARsaW5llEsKdWF1YXV9lChoDUoAACAAaA6MCGluYWN0aXZllHVldWEu";
/** Calls os.system when Python loads it. */
const CALLS = "gASVHwAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOUjAR0cnVllIWUUpQu";

const read = (base64: string): ReturnType<typeof readPickle> => readPickle(Buffer.from(base64, "base64"));

test.each(NEW)("a snapshot in protocol %i tells who holds the bytes", (_, base64) => {
  const summary = summarize(read(base64));
  expect(summary).toMatchObject({
    segments: 1,
    reservedBytes: 20 * MIB,
    allocatedBytes: 12 * MIB,
    idleBytes: 8 * MIB,
    largestIdleBytes: 5 * MIB,
    failedBytes: 6 * MIB,
  });
  // The frames of PyTorch itself are passed over.
  expect(summary.byFrame).toEqual([
    { name: "/app/model.py:10 forward", bytes: 8 * MIB, count: 1 },
    { name: "/app/run.py:3 load", bytes: 4 * MIB, count: 1 },
  ]);
  expect(summary.grew).toEqual([{ name: "/app/model.py:10 forward", bytes: 7 * MIB, count: 0 }]);
  expect(summary.lastAllocations.map(({ bytes }) => bytes)).toEqual([4 * MIB, MIB, 8 * MIB]);
  // 8 MiB are idle, but no piece has the 6 MiB that failed.
  expect(summary.message).toContain("this is fragmentation");
  for (const line of snapshotPage(summary, 60).split("\n")) expect(line.length).toBeLessThanOrEqual(60);
});

test("the older layout is read too, with addresses beyond 32 bits", () => {
  const summary = summarize(read(OLD));
  expect(summary).toMatchObject({
    reservedBytes: 10 * MIB,
    allocatedBytes: 8 * MIB,
    idleBytes: 2 * MIB,
    failedBytes: null,
  });
  expect(summary.byFrame[0]?.name).toBe("/app/model.py:10 forward");
});

test("a pickle that would call code is refused, and nothing is called", () => {
  expect(() => read(CALLS)).toThrow(/import or call code, which is refused/);
});

test.each([
  ["cut", Buffer.from(OLD, "base64").subarray(0, 60), /ends too early/],
  ["of another protocol", Buffer.from([0x80, 0x09, 0x2e]), /protocol 9/],
  ["empty of segments", Buffer.from([0x80, 0x04, 0x7d, 0x2e]), /segments/],
  ["without a list for its end", Buffer.from([0x80, 0x04, 0x6c]), /not begun/],
])("a pickle %s is refused with a sentence", (_, bytes, sentence) => {
  expect(() => summarize(readPickle(bytes))).toThrow(sentence);
});

test("a log is not taken for a snapshot", () => {
  expect(isPickle(Buffer.from("CUDA out of memory"))).toBe(false);
  expect(isPickle(Buffer.from(OLD, "base64"))).toBe(true);
});

const map = (fields: Record<string, Pickled>): Pickled => new Map(Object.entries(fields));

/** Two GPUs with idle blocks of these sizes; the second refused 6 MiB. */
function twoDevices(first: number, second: number): Pickled {
  const segment = (device: number, bytes: number): Pickled =>
    map({
      device,
      total_size: bytes,
      blocks: [map({ size: bytes, state: "inactive", frames: [] })],
    });
  return map({
    segments: [segment(0, first), segment(1, second)],
    device_traces: [[], [map({ action: "oom", size: 6 * MIB })]],
  });
}

test("a snapshot of several GPUs is read for the one that refused, and a large enough piece is no fragmentation", () => {
  const small = summarize(twoDevices(50 * MIB, 5 * MIB));
  expect(small).toMatchObject({ device: 1, segments: 1, idleBytes: 5 * MIB });
  expect(small.message).toContain("this is no fragmentation");
  expect(summarize(twoDevices(0, 7 * MIB)).message).toContain("must belong to another stream or pool");
});

test("a size that is missing is not taken for 0", () => {
  const segment = map({ total_size: MIB, blocks: [map({ state: "inactive" })] });
  expect(() => summarize(map({ segments: [segment] }))).toThrow(/have a size, and one has none/);
});
