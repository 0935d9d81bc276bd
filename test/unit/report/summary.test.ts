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
  const of: Record<string, string> = { per_message: "history-window", crisis_state: "instance-overhead" };
  const lacking = (name: string): string => of[name.split("_").slice(0, 2).join("_")] ?? "session-scaling";
  expect(Object.keys(numbers)).toHaveLength(18);
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
