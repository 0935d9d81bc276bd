/** A part that was or will be removed, for messages and reports. */
export interface Pruned {
  kind: "result" | "turn" | "page";
  /**
   * A result is replaced by a notice, or a message by its first page. A turn is dropped or becomes part of a summary.
   */
  how: "notice" | "first page" | "dropped" | "summarised";
  turn: number;
  /** Index of the message in the history, from 0; absent for a turn. */
  index?: number;
  tool?: string;
  /** Tokens that it had in the prompt before it was removed. */
  tokens: number;
  /** Whether a warning named it in an earlier turn. */
  announced: boolean;
}

/** What the newest message of a prompt says in addition to its own text. */
export interface Announcements {
  notice?: string;
  warning?: string;
}

/** How many parts are named one by one, from the longest form to the shortest. */
const DETAIL = [8, 4, 2, 0];

/**
 * The same announcements from the fullest form to the shortest. The last form has the same length for any
 * number of parts.
 */
export function announcementForms(
  went: readonly Pruned[],
  willGo: readonly Pruned[],
  saveHint: string,
): Announcements[] {
  return DETAIL.map((most) => ({
    ...(went.length === 0 ? {} : { notice: `[Context: removed to save memory: ${listed(went, most)}.]` }),
    ...(willGo.length === 0
      ? {}
      : { warning: `[Context warning: will be removed next: ${listed(willGo, most)}. ${saveHint}]` }),
  }));
}

/** Used to reserve room: no short form of announcements is longer than this text. */
export function longestShortForm(saveHint: string): string {
  const many: Pruned[] = Array.from({ length: 2 }, () => ({
    kind: "turn",
    how: "dropped",
    turn: 1,
    tokens: 99_999_999,
    announced: true,
  }));
  const { notice, warning } = announcementForms(many, many, saveHint).at(-1) ?? {};
  return `${notice ?? ""}\n\n${warning ?? ""}\n\n`;
}

export function withAnnouncements(content: string, { notice, warning }: Announcements): string {
  return [content, notice, warning].filter((text) => text !== undefined && text !== "").join("\n\n");
}

/** The text that replaces a tool's result. */
export function noticeText(tool: string | undefined, tokens: number): string {
  return `[The result of ${tool ?? "this tool"} (${tokens} tokens) was removed to save memory.]`;
}

/** The text that replaces dropped turns. It has no number, so the prompt stays the same from turn to turn. */
export const GAP_TEXT = "[Earlier turns were removed to save memory.]";

export function summaryText(summary: string, lastTurn: number): string {
  return `[Summary of what came before turn ${lastTurn + 1}:]\n${summary}`;
}

/** The line below a first page. */
export function pageLine(tokens: number, pageTokens: number, postponed = false): string {
  const rest = postponed ? "; the whole comes in the next turn, when room has been made" : "";
  return `[First page of ${Math.ceil(tokens / Math.max(1, pageTokens))} or so: ${tokens} tokens in all${rest}.]`;
}

/** The line above a later page. */
export function laterPageLine(page: number, pages: number): string {
  return `[Page ${page} of ${pages}]`;
}

function listed(parts: readonly Pruned[], most: number): string {
  const named = parts.slice(0, most).map(described);
  const others = parts.slice(named.length);
  if (others.length === 0) return named.join(", ");
  const tokens = others.reduce((sum, part) => sum + part.tokens, 0);
  const count = `${others.length} ${named.length === 0 ? "" : "other "}${others.length === 1 ? "part" : "parts"} (${tokens} tokens)`;
  return [...named, count].join(", ");
}

function described({ kind, turn, tool, tokens, how }: Pruned): string {
  const size = `(${tokens} tokens)`;
  if (kind === "turn") return how === "summarised" ? `turn ${turn}, summarised` : `turn ${turn} ${size}`;
  const result = tool === undefined ? `a message of turn ${turn}` : `the result of ${tool} in turn ${turn}`;
  return kind === "page" ? `all but the first page of ${result} ${size}` : `${result} ${size}`;
}
