import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findPython } from "../scripts/setup/build-tools.mjs";
import { inAlternation, lastJsonLine, runProgram } from "./harness.mjs";
import { bytesText, markdownTable, seconds } from "./markdown.mjs";

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
/** The rows of session-scaling with --quick. */
const SESSIONS = [1, 5, 10, 20, 50, 100];
const MESSAGES = 20;
const CHARACTERS = 100;

const OURS = "bytesper profile session-scaling --quick";
const PEER = "Python's tracemalloc";

/** The table of sessions from the same conversations, of each language's own session class. */
export async function sessionVsTracemalloc(rounds) {
  const title = "## Session table against tracemalloc";
  const python = await findPython();
  if (python === undefined) return `${title}\n\nSkipped: there is no python3 on the PATH.`;
  const folder = mkdtempSync(join(tmpdir(), "bytesper-bench-"));
  try {
    const file = join(folder, "conversations.jsonl");
    writeFileSync(file, conversations());
    const contestants = [
      { name: PEER, run: () => tracemalloc(python, file) },
      { name: OURS, run: () => ours(file, join(folder, "results")) },
    ];
    const results = await inAlternation(contestants, rounds);
    const peer = results.get(PEER);
    const own = results.get(OURS);
    const rows = SESSIONS.map((sessions, row) => [
      bytesText(sessions),
      bytesText(peer.answers.at(-1)[row]),
      bytesText(own.answers.at(-1)[row]),
    ]);
    rows.push(["largest over smallest, less 1", spread(peer.answers.at(-1)), spread(own.answers.at(-1))]);
    rows.push(["time of the table", seconds(peer), seconds(own)]);
    return [
      title,
      `Sessions of ${MESSAGES} messages with ${CHARACTERS} characters. The columns differ in level, because the languages do; what compares is how far the rows of one column lie apart.`,
      markdownTable(["sessions", `bytes per session, ${PEER}`, `bytes per session, ${OURS}`], rows),
      [
        "tracemalloc: one process, growth of traced memory divided by the number of sessions.",
        "bytesper: less the fixed cost, median of five processes for each row, with the null control and the snapshot.",
      ].join("\n"),
    ].join("\n\n");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function conversations() {
  const lines = Array.from({ length: Math.max(...SESSIONS) }, (_, conversation) => {
    const messages = Array.from({ length: MESSAGES }, (_, turn) => ({
      role: turn % 2 === 0 ? "user" : "assistant",
      content: `${conversation} ${turn} `.padEnd(CHARACTERS, "abcdefgh "),
    }));
    return JSON.stringify({ conversation_id: `c${conversation}`, messages });
  });
  return `${lines.join("\n")}\n`;
}

async function tracemalloc(python, file) {
  const script = path("tracemalloc/session_table.py");
  const { wallMs, stdout } = await runProgram(python, [script, file, ...SESSIONS.map(String)]);
  return { wallMs, answer: lastJsonLine(stdout).rows.map(({ sessions, bytes }) => bytes / sessions) };
}

async function ours(file, out) {
  const args = ["profile", "session-scaling", "--quick", "--conversations", file, "--out", out];
  const { wallMs } = await runProgram(process.execPath, [path("../dist/cli/main.js"), ...args]);
  const { rows } = JSON.parse(readFileSync(join(out, "session-scaling/result.json"), "utf8"));
  const bytes = (sessions) => rows.find(({ factors }) => factors.sessions === sessions).perUnitBytes.value;
  return { wallMs, answer: SESSIONS.map(bytes) };
}

function spread(values) {
  return `${((Math.max(...values) / Math.min(...values) - 1) * 100).toFixed(2)} %`;
}
