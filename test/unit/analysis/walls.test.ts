import { describe, expect, it } from "vitest";
import { processLines } from "../../../src/analysis/process-lines.js";
import { predictedWalls } from "../../../src/analysis/walls.js";

const MIB = 2 ** 20;

describe("the walls of a growing population", () => {
  const heap = { fixed: 6 * MIB, perUnit: 10_000 };
  const resident = { fixed: 48 * MIB, perUnit: 10_000 };

  it.each([
    // (256 - 6) MiB / 10,000 = 26,214.4 and (512 - 48) MiB / 10,000 = 48,653.9
    {
      oldSpace: 256,
      memory: 512,
      expected: [
        ["heap", 26_214],
        ["container", 48_653],
      ],
    },
    // (480 - 6) MiB / 10,000 = 49,702.5
    {
      oldSpace: 480,
      memory: 512,
      expected: [
        ["container", 48_653],
        ["heap", 49_702],
      ],
    },
    // An empty process takes 48 MiB.
    {
      oldSpace: 256,
      memory: 40,
      expected: [
        ["container", 0],
        ["heap", 26_214],
      ],
    },
  ])("are in order with $oldSpace MiB of heap in $memory MiB", ({ oldSpace, memory, expected }) => {
    const walls = predictedWalls(
      { heap, resident },
      { memoryBytes: memory * MIB, oldSpaceBytes: oldSpace * MIB },
    );
    expect(walls.map(({ wall, fits }) => [wall, fits])).toEqual(expected);
  });

  it("include open descriptors where each instance takes one", () => {
    const descriptors = { fixed: 24, perUnit: 2 };
    const limits = { memoryBytes: 2048 * MIB, oldSpaceBytes: 1024 * MIB, descriptors: 1024 };
    expect(predictedWalls({ heap, resident, descriptors }, limits)[0]).toEqual({
      wall: "descriptors",
      fits: 500,
    });
  });
});

describe("the lines of a plain process", () => {
  it("take the heap after full collections and the pages with their garbage", () => {
    const reading = (count: number, liveBytes?: number) => ({
      count,
      // Garbage of 500 bytes for each instance lies in the heap until a collection.
      heapBytes: 1000 + 1500 * count,
      externalBytes: 0,
      // The young generation grows by 4,000 bytes over the first instances.
      residentBytes: 50_000 + 1600 * count + (count < 50 ? 0 : 4000),
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
    expect(lines.resident).toEqual({ perUnit: 1600, fixed: 54_000 });
    expect(lines.descriptors).toEqual({ perUnit: 0, fixed: 20 });
  });
});
