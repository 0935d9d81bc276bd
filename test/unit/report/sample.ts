import type { Result } from "../../../src/record/schema.js";

const exact = (value: number): { value: number; low: number; high: number } => ({
  value,
  low: value,
  high: value,
});

/** A small result with a row of each kind: whole, absent readings, failed. */
export function sampleResult(): Result {
  return {
    schema: "bytesper/result@1",
    experiment: "session-scaling",
    title: "Session scaling",
    question: "How many bytes does one more session cost?",
    unit: "session",
    runId: "20260102T030405Z-abcdef",
    journal: "runs/20260102T030405Z-abcdef.jsonl",
    journalSha256: "0".repeat(64),
    startedAt: "2026-01-02T03:04:05.000Z",
    finishedAt: "2026-01-02T03:05:05.000Z",
    complete: false,
    missing: ["session-scaling sessions=1000 trial 1: oom-heap: V8's heap limit was reached"],
    environment: {
      node: "20.0.0",
      v8: "11.3",
      os: "Linux 6.0",
      arch: "x64",
      cpu: "Test CPU",
      memoryBytes: 2 ** 34,
      devices: [],
      enforcement: "none",
      commit: { absent: "not a git repository" },
      compilers: "off",
      flags: ["--expose-gc"],
    },
    settings: { quick: true, seed: 1 },
    rows: [
      {
        factors: { sessions: 1 },
        outcome: "ok",
        trials: 5,
        instances: 1,
        unitsPerInstance: 1,
        readings: {
          heapBytes: exact(11_000),
          externalBytes: exact(0),
          nativeBytes: { absent: "this C library has no mallinfo2" },
          rssBytes: { value: 102_400, low: 98_304, high: 106_496 },
        },
        perUnitBytes: exact(7700),
      },
      {
        factors: { sessions: 1000 },
        outcome: "oom-heap",
        trials: 0,
        instances: 1000,
        unitsPerInstance: 1,
        cause: "V8's heap limit was reached",
        readings: {},
        perUnitBytes: { absent: "V8's heap limit was reached" },
      },
    ],
    fit: {
      perUnitBytes: { value: 7700.25, low: 7700, high: 7700.5 },
      fixedBytes: exact(3300),
      shape: "linear",
      largestDeviation: 0.0004,
      nativePerUnitBytes: { absent: "malloc in use cannot be read here" },
      externalPerUnitBytes: exact(0),
      processes: 5,
      points: 30,
      confidence: 0.9375,
    },
    crossCheck: {
      snapshotPerUnitBytes: 7701,
      slopePerUnitBytes: 7700.25,
      relativeDifference: 7701 / 7700.25 - 1,
      instances: 1000,
      factors: {},
      sameInstancesPerUnitBytes: 7701,
    },
    minimumDetectableBytes: 0.08,
    nullControl: { processes: 2, largestBytes: 8, pssBytes: exact(0), rssBytes: exact(4096) },
    breakdown: [
      { type: "(string)", bytes: 6000, count: 21 },
      { type: "A|B", bytes: 1701, count: 1 },
    ],
    kinds: [
      { kind: "strings", bytes: 6000, count: 21 },
      { kind: "objects", bytes: 1701, count: 1 },
    ],
    waste: [
      { name: "slack of arrays of numbers", bytes: { absent: "not in the snapshot" }, note: "slice() them" },
    ],
    ledger: {
      instances: 100,
      lines: [{ name: "V8 heap, live objects", bytes: 1024 * 750 }],
      pssChangeBytes: 1024 * 800,
      unexplainedBytes: 1024 * 50,
    },
    estimates: [
      {
        name: "500 bytes a message",
        perUnitBytes: 10_000,
        formula: "20 messages x 500 bytes",
        comparison: {
          measuredOverEstimate: 0.770025,
          residualBytes: -2299.75,
          residual: [
            { name: "strings less the estimate", bytes: -4000 },
            { name: "objects", bytes: 1700.25 },
          ],
        },
      },
    ],
    capacity: { perGiB: 139_442, perGB: 129_866, formula: "(memory - 3300) / 7700.25" },
    calibration: {
      gcCall: "gc()",
      gcProof: ["MarkSweepCompact"],
      gcSurvey: [{ call: 'gc({type:"major"})', proof: ["Scavenge"] }],
      checks: [{ name: "800 more one-byte characters", expectedBytes: 800, measuredBytes: 800 }],
    },
    table: {
      title: "Sessions",
      columns: [
        { title: "sessions", from: "factors.sessions" },
        { title: "RSS change", from: "readings.rssBytes", unit: "KiB" },
        { title: "heap", from: "readings.heapBytes" },
        { title: "native", from: "readings.nativeBytes" },
        { title: "per session", from: "perUnitBytes" },
      ],
    },
    warnings: [{ name: "cells-missing", message: "1 cell has no result." }],
  };
}
