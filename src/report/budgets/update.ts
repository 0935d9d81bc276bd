import type { Confirmed } from "./confirm.js";

/** A budget with its new value, as the config writes it. */
export interface Edit {
  experiment: string;
  key: string;
  from: string;
  value: string | { atLeast: number };
  isRaise: boolean;
}

/**
 * The edits that make budgets as tight as the measurement and its interval allow. An exceeded budget is
 * raised only if `raise` is set. Budgets of growth or of the residual never change.
 */
export function editsOf(
  confirmed: readonly Confirmed[],
  limits: ReadonlyMap<string, number>,
  raise: boolean,
): Edit[] {
  return confirmed.flatMap(({ first, second, verdict }) => {
    const { experiment, key, limit: from } = first;
    const [own, other] = [first.fitting, second?.fitting];
    const limit = limits.get(`${experiment}.${key}`);
    if (own === undefined || limit === undefined) return [];
    const isRaise = verdict === "over";
    if (isRaise && !raise) return [];
    if ("bytes" in own) {
      const bytes = Math.max(own.bytes, other !== undefined && "bytes" in other ? other.bytes : 0);
      if (!isRaise && bytes >= limit) return [];
      return { experiment, key, from, value: `${bytes} B`, isRaise };
    }
    const also = other !== undefined && "atLeast" in other ? other.atLeast : own.atLeast;
    const atLeast = Math.min(own.atLeast, also);
    if (!Number.isSafeInteger(atLeast) || atLeast < 1 || (!isRaise && atLeast <= limit)) return [];
    return { experiment, key, from, value: { atLeast }, isRaise };
  });
}

/** The text of a JSON config after the edits, with the reason beside each budget that was raised. */
export function editedJson(text: string, edits: readonly Edit[], reason: string | undefined): string {
  const config = JSON.parse(text) as Record<string, Record<string, unknown>>;
  for (const { experiment, key, value, isRaise } of edits) {
    const own = config[experiment] as Record<string, unknown>;
    own[key] = typeof value === "string" ? value : { ...(own[key] as object), ...value };
    if (isRaise && reason !== undefined)
      own.reasons = { ...(own.reasons as object | undefined), [key]: reason };
  }
  const indent = /^[ \t]+/m.exec(text)?.[0] ?? "  ";
  return `${JSON.stringify(config, null, indent)}\n`;
}

export function editText({ experiment, key, from, value, isRaise }: Edit): string {
  const to = typeof value === "string" ? `"${value}"` : `atLeast: ${value.atLeast}`;
  return `${experiment}.${key}: ${from} -> ${to}${isRaise ? " (raised)" : ""}`;
}
