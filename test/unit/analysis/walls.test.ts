import { describe, expect, it } from "vitest";
import { processLines } from "../../../src/analysis/process-lines.js";
import { predictedWalls } from "../../../src/analysis/walls.js";

const MIB = 2 ** 20;

describe("the walls of a growing population", () => {
  const heap = { fixed: 6 * MIB, perUnit: 10_000 };
  const beyondHeap = { fixed: 20 * MIB, perUnit: 1000 };
  const youngBytes = 10 * MIB;

  it.each([
    // (256 - 6) MiB / 10,000 = 26,214.4. Pages of the heap are 2 % more than its objects, so the container's wall is
    // (512 - 20 - 10 - 6 x 1.02) MiB / (1,000 + 10,200) = 44,553.5.
    { oldSpace: 256, memory: 512, expected: ["heap 26214", "container 44553"] },
    // (480 - 6) MiB / 10,000 = 49,702.5
    { oldSpace: 480, memory: 512, expected: ["container 44553", "heap 49702"] },
    // An empty process takes 36.12 MiB.
    { oldSpace: 256, memory: 36, expected: ["container 0", "heap 26214"] },
  ])("are in order with $oldSpace MiB of heap in $memory MiB", ({ oldSpace, memory, expected }) => {
    const walls = predictedWalls(
      { heap, beyondHeap },
      { memoryBytes: memory * MIB, oldSpaceBytes: oldSpace * MIB, youngBytes },
    );
    expect(walls.map(({ wall, fits }) => `${wall} ${fits}`)).toEqual(expected);
  });

  it("include open descriptors where each instance takes one", () => {
    const descriptors = { fixed: 24, perUnit: 2 };
    const limits = { memoryBytes: 2048 * MIB, oldSpaceBytes: 1024 * MIB, youngBytes, descriptors: 1024 };
    expect(predictedWalls({ heap, beyondHeap, descriptors }, limits)[0]).toEqual({
      wall: "descriptors",
      fits: 500,
    });
  });
});

describe("the lines of a plain process", () => {
  it("take the heap after full collections and what lies beyond V8's pages", () => {
    const reading = (count: number, liveBytes?: number) => ({
      count,
      // Garbage of 500 bytes for each instance lies in the heap until a collection.
      heapBytes: 1000 + 1500 * count,
      heapPagesBytes: 2000 + 1550 * count,
      // Something of 4,000 bytes is loaded with the first instances.
      residentBytes: 50_000 + 1650 * count + (count < 50 ? 0 : 4000),
      descriptors: 20,
      ...(liveBytes === undefined ? {} : { liveBytes }),
    });
    const lines = processLines([
      reading(0, 1000),
      reading(25, 26_500),
      reading(50),
      reading(75),
      reading(100, 101_500),
    ]);
    expect(lines.heap).toEqual({ perUnit: 1000, fixed: 1500 });
    expect(lines.beyondHeap).toEqual({ perUnit: 100, fixed: 52_000 });
    expect(lines.descriptors).toEqual({ perUnit: 0, fixed: 20 });
  });
});
