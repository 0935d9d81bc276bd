import { absent, isAbsent } from "../system/probe/reading.js";
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
  /** Sessions in 10^9 bytes, extrapolated from slope and fixed cost. */
  sessions_per_gb_ram: Headline;
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
    sessions_per_gb_ram: sessionsPerGB(sessions),
    runs: Object.fromEntries(results.map(({ experiment, runId }) => [experiment, runId])),
  };
}

function slopeOf(name: string, result: Result | undefined): Headline {
  if (result === undefined) return absent(`${name} has not been run`);
  return isAbsent(result.fit) ? { absent: result.fit.absent } : result.fit.perUnitBytes.value;
}

function sessionsPerGB(result: Result | undefined): Headline {
  if (result === undefined) return absent("session-scaling has not been run");
  if (isAbsent(result.fit)) return { absent: result.fit.absent };
  return (
    result.capacity?.perGB ?? absent("session-scaling has no capacity: a session costs nothing by its line")
  );
}

function rssAt(result: Result | undefined, sessions: number): Headline {
  if (result === undefined) return absent("session-scaling has not been run");
  const reading = result.rows.find(({ factors }) => factors.sessions === sessions)?.readings.rssBytes;
  if (reading === undefined) return absent(`session-scaling has no row of ${sessions} sessions`);
  return isAbsent(reading) ? { absent: reading.absent } : (reading as { value: number }).value / 1e6;
}
