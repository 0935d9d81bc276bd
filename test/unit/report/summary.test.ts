import { expect, test } from "vitest";
import type { Result } from "../../../src/record/schema.js";
import { summarise } from "../../../src/report/summary.js";
import { sampleResult } from "./sample.js";

const exact = (value: number): { value: number; low: number; high: number } => ({
  value,
  low: value,
  high: value,
});

test("RSS at 100 sessions is in MB of 1,000,000 bytes", () => {
  const result = sampleResult();
  const row = { ...(result.rows[0] as Result["rows"][number]), factors: { sessions: 100 } };
  row.readings = { rssBytes: exact(1_755_136) };
  expect(summarise([{ ...result, rows: [row] }]).rss_at_100_sessions_mb).toBe(1.755136);
});

test("without any result every headline says which experiment has not been run", () => {
  const { runs, answers, sessions_per_gb_ram_basis: basis, schema, ...numbers } = summarise([]);
  expect({ runs, answers, basis, schema }).toEqual({
    runs: {},
    answers: {},
    basis: { absent: "there is no number of sessions per GB" },
    schema: "bytesper/summary@1",
  });
  const of: Record<string, string> = {
    per_message: "history-window",
    crisis_state: "instance-overhead",
    device_bytes: "session-decode",
  };
  const lacking = (name: string): string => of[name.split("_").slice(0, 2).join("_")] ?? "session-scaling";
  expect(Object.keys(numbers)).toHaveLength(22);
  for (const [name, value] of Object.entries(numbers))
    expect(value, name).toEqual({ absent: `${lacking(name)} has not been run` });
});

test("where there is no fit, its reason stands for the slope and the capacity", () => {
  const { capacity, ...result } = sampleResult();
  expect(capacity).toBeDefined();
  const summary = summarise([{ ...result, fit: { absent: "no cell finished" } }]);
  expect(summary.per_session_bytes).toEqual({ absent: "no cell finished" });
  expect(summary.sessions_per_gb_ram).toEqual({ absent: "no cell finished" });
});

test("each number has its interval, each experiment its answer with its doubts", () => {
  const result = { ...sampleResult(), answer: undefined };
  const { fit } = result;
  if ("absent" in fit) throw new Error("the sample has a line");
  fit.perUnitBytes = { value: 100, low: 90, high: 120 };
  expect(summarise([result])).toMatchObject({
    per_session_bytes: 100,
    per_session_bytes_low: 90,
    per_session_bytes_high: 120,
    sessions_per_gb_ram_low: { absent: "predicted from the line; no process was run to bound it" },
    answers: {
      "session-scaling": { doubts: ["incomplete", "cells-missing"], quick: true },
    },
  });
});

test("a search bounds the number with Node's own limits, and not the one that is predicted beside it", () => {
  const result = sampleResult();
  const row = {
    ...{ memoryBytes: 1e9, basis: "measured" as const, fits: 33_330, dies: 34_520, wall: "heap" as const },
    ...{ heapRaised: 63_085, heapRaisedBasis: "predicted" as const, predicted: 33_890 },
  };
  const capacity = {
    perGiB: 1,
    perGB: 33_330,
    heapRaisedPerGB: 63_085,
    formula: "f",
    basis: "measured" as const,
  };
  expect(summarise([{ ...result, capacity: { ...capacity, rows: [row] } }])).toMatchObject({
    sessions_per_gb_ram: 33_330,
    sessions_per_gb_ram_low: 33_330,
    // The smallest that died is one too many.
    sessions_per_gb_ram_high: 34_519,
    sessions_per_gb_ram_heap_raised: 63_085,
    sessions_per_gb_ram_heap_raised_low: {
      absent: "predicted from the line; no process was run to bound it",
    },
    sessions_per_gb_ram_basis: "measured",
  });
});

test("device memory of a session is that of 1,000 tokens in 16-bit pages, and says on what", () => {
  const sample = sampleResult();
  const [first] = sample.rows;
  const row = (
    cache: string,
    tokens: number,
    readings: Result["rows"][number]["readings"],
  ): Result["rows"][number] => ({
    ...(first as Result["rows"][number]),
    factors: { cache, tokens },
    readings,
  });
  const result = (rows: Result["rows"]): Result => ({
    ...sample,
    experiment: "session-decode",
    settings: { ...sample.settings, device: "cpu" },
    rows,
  });
  const wanted = row("paged bf16", 1000, { reservedPerSessionBytes: exact(37_748_736) });
  const others = [row("dense bf16", 1000, { reservedPerSessionBytes: exact(1) }), row("paged bf16", 500, {})];
  expect(summarise([result([...others, wanted])])).toMatchObject({
    device_bytes_per_session: 37_748_736,
    device_bytes_per_session_basis: "Qwen2.5-3B, 1000 tokens, paged bf16, on cpu",
  });
  expect(summarise([result(others)]).device_bytes_per_session).toEqual({
    absent: "session-decode has no row of 1000 tokens in a paged bf16 cache",
  });
  const refused = row("paged bf16", 1000, { reservedPerSessionBytes: { absent: "over the cap" } });
  expect(summarise([result([refused])]).device_bytes_per_session).toEqual({ absent: "over the cap" });
});
