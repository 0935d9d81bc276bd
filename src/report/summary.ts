import { absent, isAbsent } from "../system/probe/reading.js";
import { currentCapacity } from "./capacity-table.js";
import type { Result } from "../record/schema.js";

type Headline = number | { absent: string };

/** The headline numbers of all experiments, under names that never change. */
export interface Summary {
  schema: "bytesper/summary@1";
  per_session_bytes: Headline;
  per_message_bytes: Headline;
  crisis_state_bytes: Headline;
  /** Change of VmRSS at 100 sessions in MB of 10^6 bytes. */
  rss_at_100_sessions_mb: Headline;
  /** Sessions that a plain Node process holds in a container of 10^9 bytes, with Node's own limits. */
  sessions_per_gb_ram: Headline;
  /** Whether a search over real processes found that number, or it follows from the line. */
  sessions_per_gb_ram_basis: "measured" | "predicted" | { absent: string };
  /** The same with V8's heap limit raised, so that the container is the wall. */
  sessions_per_gb_ram_heap_raised: Headline;
  /** For each experiment, the run that its numbers come from. */
  runs: Record<string, string>;
}

export function summarise(results: readonly Result[]): Summary {
  const find = (name: string): Result | undefined => results.find(({ experiment }) => experiment === name);
  const sessions = find("session-scaling");
  return {
    schema: "bytesper/summary@1",
    per_session_bytes: slopeOf("session-scaling", sessions),
    per_message_bytes: slopeOf("history-window", find("history-window")),
    crisis_state_bytes: slopeOf("instance-overhead", find("instance-overhead")),
    rss_at_100_sessions_mb: rssAt(sessions, 100),
    sessions_per_gb_ram: sessionsPerGB(sessions, "perGB"),
    sessions_per_gb_ram_basis: basisOf(sessions),
    sessions_per_gb_ram_heap_raised: sessionsPerGB(sessions, "heapRaisedPerGB"),
    runs: Object.fromEntries(results.map(({ experiment, runId }) => [experiment, runId])),
  };
}

function slopeOf(name: string, result: Result | undefined): Headline {
  if (result === undefined) return absent(`${name} has not been run`);
  return isAbsent(result.fit) ? { absent: result.fit.absent } : result.fit.perUnitBytes.value;
}

function sessionsPerGB(result: Result | undefined, key: "perGB" | "heapRaisedPerGB"): Headline {
  if (result === undefined) return absent("session-scaling has not been run");
  if (isAbsent(result.fit)) return { absent: result.fit.absent };
  return (
    currentCapacity(result)?.[key] ??
    absent("session-scaling has no capacity: a session costs nothing by its line")
  );
}

function basisOf(result: Result | undefined): Summary["sessions_per_gb_ram_basis"] {
  const capacity = result === undefined ? undefined : currentCapacity(result);
  return capacity?.basis ?? absent("there is no number of sessions per GB");
}

function rssAt(result: Result | undefined, sessions: number): Headline {
  if (result === undefined) return absent("session-scaling has not been run");
  const reading = result.rows.find(({ factors }) => factors.sessions === sessions)?.readings.rssBytes;
  if (reading === undefined) return absent(`session-scaling has no row of ${sessions} sessions`);
  return isAbsent(reading) ? { absent: reading.absent } : (reading as { value: number }).value / 1e6;
}
