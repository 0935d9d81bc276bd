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
  expect(summarise([])).toEqual({
    schema: "bytesper/summary@1",
    per_session_bytes: { absent: "session-scaling has not been run" },
    per_message_bytes: { absent: "history-window has not been run" },
    crisis_state_bytes: { absent: "instance-overhead has not been run" },
    rss_at_100_sessions_mb: { absent: "session-scaling has not been run" },
    sessions_per_gb_ram: { absent: "session-scaling has not been run" },
    sessions_per_gb_ram_basis: { absent: "there is no number of sessions per GB" },
    sessions_per_gb_ram_heap_raised: { absent: "session-scaling has not been run" },
    runs: {},
  });
});

test("where there is no fit, its reason stands for the slope and the capacity", () => {
  const { capacity, ...result } = sampleResult();
  expect(capacity).toBeDefined();
  const summary = summarise([{ ...result, fit: { absent: "no cell finished" } }]);
  expect(summary.per_session_bytes).toEqual({ absent: "no cell finished" });
  expect(summary.sessions_per_gb_ram).toEqual({ absent: "no cell finished" });
});
