import { bytesWithBinaryUnit as size } from "../base/format.js";
import type { OomRecord } from "./record.js";

/**
 * Fills a sentence with what a report says: `{requested}`, `{limit}`, `{victim}` and so on. A part in double
 * brackets is left out if the report does not say one of its values: `killed[[ at the limit of {limit}]]`.
 */
export function fill(template: string, record: OomRecord): string {
  const values = valuesOf(record);
  const put = (text: string): string =>
    text.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? "an unknown amount");
  const isKnown = (text: string): boolean =>
    [...text.matchAll(/\{(\w+)\}/g)].every(([, name = ""]) => values[name] !== undefined);
  return put(template.replaceAll(/\[\[(.*?)\]\]/g, (_, part: string) => (isKnown(part) ? part : "")));
}

function valuesOf(record: OomRecord): Record<string, string | undefined> {
  const { details } = record;
  const bytes = (value: number | null | undefined): string | undefined =>
    value === null || value === undefined ? undefined : size(value);
  const count = (value: number | undefined): string | undefined => value?.toLocaleString("en-US");
  const requested = record.requestedBytes ?? details.derivedRequestedBytes ?? null;
  const free = record.freeBytes;
  return {
    ...Object.fromEntries(
      Object.entries(details).flatMap(([name, value]) =>
        typeof value === "string"
          ? [[name, value]]
          : typeof value === "number"
            ? [[name, name === "pid" ? String(value) : count(value)]]
            : [],
      ),
    ),
    requested: bytes(requested),
    total: bytes(record.totalBytes),
    free: bytes(free),
    used: bytes(record.processInUseBytes),
    allocated: bytes(record.allocatedBytes),
    reserved: bytes(record.reservedBytes),
    limit: bytes(details.limitBytes),
    allowed: bytes(details.allowedBytes),
    program: bytes(details.programBytes),
    wanted: bytes(details.wantedBytes),
    virtual: bytes(details.totalVmBytes),
    short: requested === null || free === null || free >= requested ? undefined : size(requested - free),
    gpu: record.gpuIndex === null ? undefined : `GPU ${record.gpuIndex}`,
    victim: victimOf(record),
    more: bytes(enoughBytes(record)),
  };
}

/** "uwsgi (pid 63514)", as far as the text names it. */
export function victimOf({ details }: OomRecord): string | undefined {
  const { processName, pid } = details;
  if (processName !== undefined) return pid === undefined ? processName : `${processName} (pid ${pid})`;
  return pid === undefined ? undefined : `process ${pid}`;
}

const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** A limit with room above what was used or allowed: half as much again, in a round number. */
export function enoughBytes({ processInUseBytes, details }: OomRecord): number | undefined {
  const most = Math.max(processInUseBytes ?? 0, details.limitBytes ?? 0);
  if (most === 0) return undefined;
  const step = most < GIB ? 128 * MIB : most < 16 * GIB ? GIB : 8 * GIB;
  return Math.ceil((1.5 * most) / step) * step;
}

/** Bytes as settings are written: `768Mi`, `12Gi`, `48G`. */
export function asSetting(bytes: number, gib = "G", mib = "M"): string {
  return bytes % GIB === 0 ? `${bytes / GIB}${gib}` : `${Math.ceil(bytes / MIB)}${mib}`;
}
