import { absent, isAbsent } from "../system/probe/reading.js";
import type { Result } from "../record/schema.js";
import { answerOf, doubtNames } from "./answer.js";
import { currentCapacity } from "./capacity-table.js";

type Headline = number | { absent: string };

/** The headline numbers, under names that never change; each has its interval under `_low` and `_high`. */
export const HEADLINES = {
  per_session_bytes: "V8's heap and external memory of one more session",
  per_message_bytes: "the same of one more message in a session",
  crisis_state_bytes: "the same of one crisis state",
  rss_at_100_sessions_mb:
    "by how much RSS (VmRSS) grows while 100 sessions are made, in MB of 10^6 bytes; a change, not the RSS of the process",
  sessions_per_gb_ram:
    "sessions that a plain Node process holds in a container of 10^9 bytes, with Node's own limits",
  sessions_per_gb_ram_heap_raised: "the same with V8's heap limit raised, so that the container is the wall",
  device_bytes_per_session: "device memory that one session of 1,000 tokens reserves, in pages of 16 bits",
} as const;

type Name = keyof typeof HEADLINES;

interface Told {
  /** The sentence that answers the experiment's question. */
  answer: string;
  doubts: string[];
  quick: boolean;
  /** Name of the run that it comes from. */
  run: string;
}

/** The headline numbers and the answers of all experiments. */
export type Summary = { schema: "bytesper/summary@1" } & Record<
  Name | `${Name}_low` | `${Name}_high`,
  Headline
> & {
    /** Whether a search over real processes found the sessions per GB, or they follow from the line. */
    sessions_per_gb_ram_basis: "measured" | "predicted" | { absent: string };
    /** Model, cache and device of that session. On "cpu" the host's memory stands in for a device's. */
    device_bytes_per_session_basis: string | { absent: string };
    answers: Record<string, Told>;
    /** For each experiment, the run that its numbers come from. */
    runs: Record<string, string>;
  };

export function summarise(results: readonly Result[]): Summary {
  const find = (name: string): Result | undefined => results.find(({ experiment }) => experiment === name);
  const sessions = find("session-scaling");
  const device = deviceBytes(find("session-decode"));
  const found: Record<Name, Found> = {
    per_session_bytes: slopeOf("session-scaling", sessions),
    per_message_bytes: slopeOf("history-window", find("history-window")),
    crisis_state_bytes: slopeOf("instance-overhead", find("instance-overhead")),
    rss_at_100_sessions_mb: rssAt(sessions, 100),
    sessions_per_gb_ram: sessionsPerGB(sessions, "perGB"),
    sessions_per_gb_ram_heap_raised: sessionsPerGB(sessions, "heapRaisedPerGB"),
    device_bytes_per_session: device.found,
  };
  const entries = (Object.keys(HEADLINES) as Name[]).flatMap((name): [string, Headline][] => {
    const { value, low = value, high = value } = found[name];
    return [
      [name, value],
      [`${name}_low`, low],
      [`${name}_high`, high],
    ];
  });
  return {
    schema: "bytesper/summary@1",
    ...(Object.fromEntries(entries) as Record<Name | `${Name}_low` | `${Name}_high`, Headline>),
    sessions_per_gb_ram_basis: basisOf(sessions),
    device_bytes_per_session_basis: device.basis,
    answers: Object.fromEntries(
      results.map((result) => [
        result.experiment,
        {
          answer: answerOf(result),
          doubts: doubtNames(result),
          quick: result.settings.quick === true,
          run: result.runId,
        },
      ]),
    ),
    runs: Object.fromEntries(results.map(({ experiment, runId }) => [experiment, runId])),
  };
}

/** A number with the ends of its interval; where they are left out, they are the number or its reason. */
interface Found {
  value: Headline;
  low?: Headline;
  high?: Headline;
}

function slopeOf(name: string, result: Result | undefined): Found {
  if (result === undefined) return { value: absent(`${name} has not been run`) };
  return isAbsent(result.fit) ? { value: { absent: result.fit.absent } } : result.fit.perUnitBytes;
}

const GB = 1e9;

/** A search knows the largest population that lived and the smallest that died; a prediction has no interval. */
function sessionsPerGB(result: Result | undefined, key: "perGB" | "heapRaisedPerGB"): Found {
  if (result === undefined) return { value: absent("session-scaling has not been run") };
  if (isAbsent(result.fit)) return { value: { absent: result.fit.absent } };
  const capacity = currentCapacity(result);
  const value = capacity?.[key];
  if (value === undefined)
    return { value: absent("session-scaling has no capacity: a session costs nothing by its line") };
  const row = capacity?.rows?.find(({ memoryBytes }) => memoryBytes === GB);
  if (key === "perGB" && row?.basis === "measured" && row.dies !== undefined)
    return { value, low: row.fits, high: row.dies - 1 };
  const basis = key === "perGB" ? row?.basis : (row?.heapRaisedBasis ?? row?.basis);
  const none = absent("predicted from the line; no process was run to bound it");
  return basis === "measured" ? { value } : { value, low: none, high: none };
}

function basisOf(result: Result | undefined): Summary["sessions_per_gb_ram_basis"] {
  const capacity = result === undefined ? undefined : currentCapacity(result);
  return capacity?.basis ?? absent("there is no number of sessions per GB");
}

function rssAt(result: Result | undefined, sessions: number): Found {
  if (result === undefined) return { value: absent("session-scaling has not been run") };
  const reading = result.rows.find(({ factors }) => factors.sessions === sessions)?.readings.rssBytes;
  if (reading === undefined) return { value: absent(`session-scaling has no row of ${sessions} sessions`) };
  if (isAbsent(reading)) return { value: { absent: reading.absent } };
  if ("above" in reading) return { value: absent(`only a bound is known: ${reading.reason}`) };
  return { value: reading.value / 1e6, low: reading.low / 1e6, high: reading.high / 1e6 };
}

const DEVICE_ROW = { cache: "paged bf16", tokens: 1000 };

function deviceBytes(result: Result | undefined): { found: Found; basis: string | { absent: string } } {
  const unknown = (reason: { absent: string }): ReturnType<typeof deviceBytes> => ({
    found: { value: reason },
    basis: reason,
  });
  if (result === undefined) return unknown(absent("session-decode has not been run"));
  const row = result.rows.find(
    ({ factors }) => factors.cache === DEVICE_ROW.cache && factors.tokens === DEVICE_ROW.tokens,
  );
  const reading = row?.readings.reservedPerSessionBytes;
  if (reading === undefined)
    return unknown(
      absent(`session-decode has no row of ${DEVICE_ROW.tokens} tokens in a ${DEVICE_ROW.cache} cache`),
    );
  if (isAbsent(reading)) return unknown({ absent: reading.absent });
  if ("above" in reading) return unknown(absent(`only a bound is known: ${reading.reason}`));
  return {
    found: reading,
    basis: `Qwen2.5-3B, ${DEVICE_ROW.tokens} tokens, ${DEVICE_ROW.cache}, on ${String(result.settings.device)}`,
  };
}
